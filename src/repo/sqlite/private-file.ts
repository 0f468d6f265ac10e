import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

const OTHERS = 0o077;
/** SQLite gives the files beside it the mode of the database, when it makes them. */
const BESIDE = ['', '-wal', '-shm', '-journal'];

/**
 * Makes a database file that only its owner can read, and its directory; takes the rights of others away from one that is
 * there. What cannot be done here (the file is somebody else's) is left to whoever opens the file.
 *
 * A file that exists is never opened: closing it would release the locks that this process has on it.
 */
export function makePrivateFile(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  tryTo(() => closeSync(openSync(file, 'wx', 0o600)));
  for (const suffix of BESIDE) tryTo(() => tighten(file + suffix));
}

function tighten(file: string): void {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats !== undefined && stats.isFile() && (stats.mode & OTHERS) !== 0) chmodSync(file, 0o600);
}

function tryTo(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}
