import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TempProject extends Disposable {
  readonly directory: string;
  write(file: string, content: unknown): void;
}

/** A project directory for a test: file → text, or JSON to be written as text. Gone when the test ends. */
export function tempProject(files: Readonly<Record<string, unknown>>): TempProject {
  const directory = mkdtempSync(path.join(tmpdir(), 'lockstep-project-'));
  const write = (file: string, content: unknown): void => {
    const absolute = path.join(directory, file);
    mkdirSync(path.dirname(absolute), { recursive: true });
    const isText = typeof content === 'string' || content instanceof Uint8Array;
    writeFileSync(absolute, isText ? content : JSON.stringify(content));
  };
  mkdirSync(path.join(directory, 'conf'));
  for (const [file, content] of Object.entries(files)) write(file, content);
  return { directory, write, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) };
}
