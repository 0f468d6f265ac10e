import { afterEach, beforeEach, vi } from 'vitest';
import { runCommand } from '../run-command.ts';

/** What a command line wrote and how it ended. */
export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What was written to stdout and stderr since the test began, or since it was cleared. */
export interface CaughtOutput {
  readonly out: string;
  readonly err: string;
  clear(): void;
}

/** Catches what is written to stdout and stderr in each test of a file. */
export function caughtOutput(): CaughtOutput {
  let [out, err] = ['', ''];
  const clear = (): void => void ([out, err] = ['', '']);
  beforeEach(() => {
    clear();
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
  return {
    get out() {
      return out;
    },
    get err() {
      return err;
    },
    clear,
  };
}

/** The same, as a function that runs one command line. */
export function caughtCli(): (argv: readonly string[]) => Promise<Told> {
  const caught = caughtOutput();
  return async (argv) => {
    caught.clear();
    const code = await runCommand(argv);
    return { code, out: caught.out, err: caught.err };
  };
}
