import { afterEach, beforeEach, vi } from 'vitest';
import { runCommand } from '../run-command.ts';

/** What a command line wrote and how it ended. */
export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Catches what is written to stdout and stderr in each test of a file. Gives a function that runs one command line. */
export function caughtCli(): (argv: readonly string[]) => Promise<Told> {
  let [out, err] = ['', ''];
  beforeEach(() => {
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += String(text);
      return true;
    });
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      err += String(text);
      return true;
    });
  });
  afterEach(() => void vi.restoreAllMocks());
  return async (argv) => {
    [out, err] = ['', ''];
    const code = await runCommand(argv);
    return { code, out, err };
  };
}
