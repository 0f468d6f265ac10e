import { randomBytes } from 'node:crypto';
import { chmod, link, open, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Failure, messageOf } from '../base/failure.ts';

const FILE = 'session.key';
const BYTES = 32;

/**
 * The key that signs session cookies: 32 bytes in `session.key` of the data directory, readable by its owner only, made
 * at first need. Without a data directory it lasts as long as the process. Rejects with `bad-configuration`.
 */
export async function readSessionKey(dataDirectory: string | null): Promise<Uint8Array> {
  if (dataDirectory === null) return randomBytes(BYTES);
  const file = path.join(dataDirectory, FILE);
  try {
    return (await readKey(file)) ?? (await makeKey(file));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('bad-configuration', `${file} cannot be read or written: ${messageOf(error)}`);
  }
}

async function readKey(file: string): Promise<Uint8Array | null> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found === null) return null;
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0)
    throw new Failure('bad-configuration', `${file} can be read by others; run: chmod 600 '${file}'`);
  const key = await readFile(file);
  if (key.length === BYTES) return key;
  throw new Failure('bad-configuration', `${file} is damaged; delete it, and everybody has to log in again`);
}

async function makeKey(file: string): Promise<Uint8Array> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(randomBytes(BYTES));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(temporary, 0o600);
  // Another process may be first; then its key is the key.
  await link(temporary, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await rm(temporary, { force: true });
  return (await readKey(file))!;
}
