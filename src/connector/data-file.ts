import { constants } from 'node:fs';
import { access, open, realpath, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure, messageOf } from '../base/failure.ts';
import { identify, identifyOpen, isSameFile, type FileIdentity } from './file-identity.ts';

/** The file that a connector reads and writes. */
export interface DataFile {
  /** Absolute. */
  readonly path: string;
  /** As messages name it. */
  readonly shownPath: string;
}

export interface OpenDataFile {
  readonly handle: FileHandle;
  readonly identity: FileIdentity;
}

/**
 * Opens a data file for reading; `setting` is the key of the configuration that names it. Throws
 * `Failure('incomplete-read')` if it does not exist or may not be read, `bad-configuration` if it is no file.
 */
export async function openDataFile(file: DataFile, setting: string): Promise<OpenDataFile> {
  const { path, shownPath } = file;
  try {
    await ensureIsFile(file, setting);
    const handle = await open(path, 'r');
    return { handle, identity: await identifyOpen(handle) };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      'incomplete-read',
      `${shownPath} ${problemOf(error)}; check ${setting} and the permissions of the file`,
      { cause: error },
    );
  }
}

/** Throws `Failure('incomplete-read')` if the file is no longer what was opened. */
export async function ensureUnchanged({ path, shownPath }: DataFile, identity: FileIdentity): Promise<void> {
  const now = await identify(path);
  if (isSameFile(identity, now)) return;
  throw new Failure(
    'incomplete-read',
    `${shownPath} ${now === null ? 'vanished' : 'was changed'} while it was read; run again when nobody writes it`,
    { retryable: true },
  );
}

/** Where the content really lies: a symbolic link stays one, its target is replaced. */
export async function realFile<T extends DataFile>(file: T): Promise<T> {
  try {
    return { ...file, path: await realpath(file.path) };
  } catch (error) {
    throw new Failure('incomplete-read', `${file.shownPath} does not exist, so nothing can be written to it`, {
      cause: error,
    });
  }
}

/**
 * Throws `Failure('denied')` if the file cannot be replaced: neither it nor its directory may be write-protected. Changes
 * nothing. The file exists, or is to be created.
 */
export async function ensureWritable({ path, shownPath }: DataFile): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
    if ((await stat(path).catch(() => null)) !== null) await access(path, constants.W_OK);
  } catch (error) {
    throw new Failure(
      'denied',
      `${shownPath} cannot be written: ${messageOf(error)}; change the permissions of the file and its directory`,
      { cause: error },
    );
  }
}

async function ensureIsFile({ path, shownPath }: DataFile, setting: string): Promise<void> {
  const stats = await stat(path);
  if (stats.isFile()) return;
  const what = stats.isDirectory() ? 'a directory' : 'no regular file';
  throw new Failure('bad-configuration', `${shownPath} is ${what}; ${setting} takes the path of a file`);
}

function problemOf(error: unknown): string {
  const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  return isMissing ? 'does not exist' : `cannot be read: ${messageOf(error)}`;
}
