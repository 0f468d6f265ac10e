import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { isoTime } from '../base/clock.ts';
import { Failure, messageOf } from '../base/failure.ts';
import { holdLock } from './key-store-lock.ts';
import { fingerprint, sizeFault, type StoredKey } from './stored-key.ts';

/** The keys of a file, and which state of the file they are of. */
export interface KeyStoreState {
  readonly keys: readonly StoredKey[];
  /** Null: there is no file. */
  readonly stamp: string | null;
}

const MAX_BYTES = 1024 * 1024;
const OTHERS = 0o077;

const keySchema = z.strictObject({
  alias: z.string().min(1),
  use: z.enum(['encryption', 'signature']),
  key: z.base64(),
  fingerprint: z.string(),
  created: z.iso.datetime(),
  retired: z.iso.datetime().nullable(),
  isRollingOut: z.boolean(),
});
const storeSchema = z.strictObject({ format: z.literal('lockstep-keystore-1'), keys: z.array(keySchema) });

/**
 * Reads a key store. Throws `Failure('bad-configuration')` if others may read the file, or if it is damaged: it is never
 * replaced by a new one, because what its keys encrypted would be lost.
 */
export function readKeyStore(file: string): KeyStoreState {
  const text = readPrivately(file);
  if (text === null) return { keys: [], stamp: null };
  const parsed = storeSchema.safeParse(parse(text.content, file));
  if (!parsed.success) throw damaged(file, parsed.error.issues[0]?.message ?? 'unknown content');
  const keys = parsed.data.keys.map((one): StoredKey => {
    const key = Buffer.from(one.key, 'base64');
    const fault = sizeFault(one.use, key.length);
    if (fault !== null) throw damaged(file, `key ${one.alias}: ${fault}`);
    if (fingerprint(key) !== one.fingerprint) throw damaged(file, `key ${one.alias} is not what was written`);
    const retiredMs = one.retired === null ? null : Date.parse(one.retired);
    const { alias, use, isRollingOut } = one;
    return { alias, use, key, createdMs: Date.parse(one.created), retiredMs, isRollingOut };
  });
  for (const { alias, retiredMs } of keys)
    if (retiredMs === null && keys.filter((key) => key.alias === alias && key.retiredMs === null).length > 1)
      throw damaged(file, `key ${alias} is there twice`);
  return { keys, stamp: text.stamp };
}

/** What changes whenever the file does; null if there is none. */
export function stampOf(file: string): string | null {
  const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? null : stampText(stats);
}

/**
 * Replaces the keys by what `change` makes of them, completely or not at all, while no other process does the same.
 * The file has mode 0600 from its first byte on.
 */
export function changeKeyStore(
  file: string,
  change: (keys: readonly StoredKey[]) => readonly StoredKey[],
): KeyStoreState {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unwritable(file, error);
  }
  const release = holdLock(`${file}.lock`);
  try {
    const before = readKeyStore(file);
    const keys = change(before.keys);
    if (keys === before.keys) return before;
    write(file, storeText(keys));
    return { keys, stamp: stampOf(file) };
  } finally {
    release();
  }
}

function storeText(keys: readonly StoredKey[]): string {
  const rows = keys.map(({ alias, use, key, createdMs, retiredMs, isRollingOut }) => ({
    alias,
    use,
    key: key.toString('base64'),
    fingerprint: fingerprint(key),
    created: isoTime(createdMs),
    retired: retiredMs === null ? null : isoTime(retiredMs),
    isRollingOut,
  }));
  return `${JSON.stringify({ format: 'lockstep-keystore-1', keys: rows }, null, 2)}\n`;
}

function write(file: string, text: string): void {
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
    syncDirectory(path.dirname(file));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw unwritable(file, error);
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readPrivately(file: string): { readonly content: string; readonly stamp: string } | null {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Failure('bad-configuration', `the key store ${file} cannot be read: ${messageOf(error)}`);
  }
  try {
    const stats = fstatSync(descriptor, { bigint: true });
    if (!stats.isFile()) throw new Failure('bad-configuration', `the key store ${file} is not a file`);
    const mode = Number(stats.mode) & 0o777;
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0)
      throw new Failure(
        'bad-configuration',
        `the key store ${file} is open to other users (mode ${mode.toString(8).padStart(4, '0')}); ` +
          `nothing is started until only its owner may read it: chmod 600 ${file}`,
      );
    if (stats.size > MAX_BYTES) throw damaged(file, `it has ${stats.size} bytes`);
    return { content: readFileSync(descriptor, 'utf8'), stamp: stampText(stats) };
  } finally {
    closeSync(descriptor);
  }
}

function stampText(stats: { readonly ino: bigint; readonly size: bigint; readonly mtimeNs: bigint }): string {
  return `${stats.ino}:${stats.size}:${stats.mtimeNs}`;
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damaged(file, 'it is not JSON');
  }
}

function damaged(file: string, reason: string): Failure {
  return new Failure(
    'bad-configuration',
    `the key store ${file} is damaged: ${reason}; restore it from a backup (without it, encrypted values are lost)`,
  );
}

function unwritable(file: string, error: unknown): Failure {
  return new Failure('bad-configuration', `the key store ${file} cannot be written: ${messageOf(error)}`);
}
