import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { Failure, messageOf } from '../base/failure.ts';

const ATTEMPTS = 100;
const PAUSE_MS = 50;

/**
 * Holds a lock file while a key store is changed; gives the function that releases it. Waits for up to five seconds. The
 * lock of a process that is dead is taken over. Blocks the thread: keys are changed rarely, and first needed anywhere.
 */
export function holdLock(file: string): () => void {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (tryCreate(file)) return () => rmSync(file, { force: true });
    if (isAbandoned(file)) rmSync(file, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
  throw new Failure('locked', `another process is changing the keys; if none is, remove ${file}`, { retryable: true });
}

function tryCreate(file: string): boolean {
  try {
    const descriptor = openSync(file, 'wx', 0o600);
    writeSync(descriptor, String(process.pid));
    closeSync(descriptor);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw new Failure('bad-configuration', `the lock ${file} cannot be made: ${messageOf(error)}`);
  }
}

function isAbandoned(file: string): boolean {
  try {
    const holder = Number(readFileSync(file, 'utf8'));
    if (!Number.isInteger(holder) || holder <= 0) return false;
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
