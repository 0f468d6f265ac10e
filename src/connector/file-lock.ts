import { randomUUID } from 'node:crypto';
import { constants, readFileSync } from 'node:fs';
import { copyFile, link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, messageOf } from '../base/failure.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';

export interface FileLock {
  /** Throws `Failure('locked')` if somebody else has taken the lock meanwhile. Called before a file is replaced. */
  ensureHeld(): Promise<void>;
  release(): Promise<void>;
}

export interface LockOptions {
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

const WAIT_MS = 30_000;
const POLL_MS = 25;
/** Older than any rewrite takes. Only matters for a holder on another host, whose life cannot be seen from here. */
const FOREIGN_STALE_MS = 15 * 60_000;
/** A lock that does not say whose it is, where it could not be made in one step. */
const NAMELESS_STALE_MS = 10_000;

/**
 * Takes `<path>.lock`, so that two processes of Lockstep do not rewrite one file at the same time. The lock of a process
 * that is dead is taken over. Other programs know nothing of it.
 */
export async function lockFile(path: string, options: LockOptions = {}): Promise<FileLock> {
  const lockPath = `${path}.lock`;
  const owner: JsonObject = {
    pid: process.pid,
    started: startOf(process.pid),
    host: hostname(),
    token: randomUUID(),
  };
  const deadline = Date.now() + (options.waitMs ?? WAIT_MS);
  while (!(await tryCreate(lockPath, owner))) {
    options.signal?.throwIfAborted();
    const holder = await readHolder(lockPath);
    if (holder !== null && (await isStale(lockPath, holder))) await removeStale(lockPath, holder);
    else if (Date.now() >= deadline) throw locked(path, lockPath, holder);
    else await sleep(POLL_MS);
  }
  const isHeld = async (): Promise<boolean> => (await readHolder(lockPath))?.['token'] === owner['token'];
  return {
    async ensureHeld() {
      if (!(await isHeld())) throw locked(path, lockPath, await readHolder(lockPath));
    },
    async release() {
      if (await isHeld()) await rm(lockPath, { force: true });
    },
  };
}

/** A process that dies here leaves no lock that does not say whose it is: it is written first, and then gets its name. */
async function tryCreate(lockPath: string, owner: JsonObject): Promise<boolean> {
  if ((await stat(lockPath).catch(() => null)) !== null) return false;
  const draft = `${lockPath}.${String(owner['token'])}`;
  try {
    await writeFile(draft, JSON.stringify(owner), { mode: 0o600 });
    return await tryLink(draft, lockPath);
  } catch (error) {
    throw new Failure('denied', `the lock ${lockPath} cannot be created: ${messageOf(error)}`, { cause: error });
  } finally {
    await rm(draft, { force: true });
  }
}

/** False: the name is taken. */
async function tryLink(draft: string, lockPath: string): Promise<boolean> {
  try {
    await link(draft, lockPath);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
  }
  // File systems without hard links.
  return copyFile(draft, lockPath, constants.COPYFILE_EXCL).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
}

/** Null if the lock is gone; an empty object if it cannot be understood (its holder may be about to write it). */
async function readHolder(lockPath: string): Promise<JsonObject | null> {
  try {
    const value: unknown = JSON.parse(await readFile(lockPath, 'utf8'));
    return isJsonObject(value) ? value : {};
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? null : {};
  }
}

async function isStale(lockPath: string, { pid, started, host }: JsonObject): Promise<boolean> {
  if (host === hostname() && typeof pid === 'number') return !isAlive(pid) || startOf(pid) !== started;
  const age = await stat(lockPath).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  return age > (host === undefined ? NAMELESS_STALE_MS : FOREIGN_STALE_MS);
}

/**
 * Two processes may find the same lock stale. Each moves away what is there and looks at what it moved: if that is a
 * new lock, the other was faster, and it is put back. Should that fail too, `ensureHeld` stops the one who lost.
 */
async function removeStale(lockPath: string, holder: JsonObject): Promise<void> {
  const aside = `${lockPath}.${randomUUID()}`;
  try {
    await rename(lockPath, aside);
  } catch {
    return;
  }
  const moved = await readHolder(aside);
  if (moved?.['token'] === holder['token']) await rm(aside, { force: true });
  else await rename(aside, lockPath);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** When a process began, so that another one with the same number is not taken for it. Empty where it is not known. */
function startOf(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot}/${fields[19]}`;
  } catch {
    return '';
  }
}

function locked(path: string, lockPath: string, holder: JsonObject | null): Failure {
  const who = holder === null ? 'another process' : `process ${String(holder['pid'])} on ${String(holder['host'])}`;
  return new Failure('locked', `${path} is being written by ${who}; if there is no such process, delete ${lockPath}`, {
    retryable: true,
  });
}
