import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, open, readdir, realpath, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { Failure, messageOf } from '../base/failure.ts';
import { classify } from '../app/config/conf-directory.ts';
import { MAX_FILE_BYTES, readJson, type JsonDocument } from '../app/config/json-document.ts';

/** A file of `conf` as it lies there. */
export interface ConfigFile {
  readonly id: string;
  /** `sync.json` */
  readonly name: string;
  /** Another text after every write, whoever wrote. Says nothing about the content. */
  readonly rev: string;
  readonly document: JsonDocument;
}

/** The files of one `conf` folder. Nothing outside of it is read or written, symbolic links included. */
export interface ConfigFiles {
  /** Names and ids in alphabetical order. */
  list(): Promise<readonly { readonly id: string; readonly name: string }[]>;
  /** Null: there is none. Throws `Failure('denied')` for what is no ordinary file. */
  read(id: string): Promise<ConfigFile | null>;
  /** Replaces the file of that revision, as a whole or not at all; mode and owner stay. */
  replace(file: ConfigFile, bytes: Uint8Array): Promise<void>;
  /** Refuses with `exists` if there is a file of that name. Only the owner may read it: it may hold secrets. */
  create(name: string, bytes: Uint8Array): Promise<void>;
  remove(file: ConfigFile): Promise<void>;
}

export function configFiles(projectDirectory: string): ConfigFiles {
  const folder = path.join(projectDirectory, 'conf');
  return {
    list: () => list(folder),
    read: (id) => read(folder, id),
    replace: (file, bytes) => replace(folder, file, bytes),
    create: (name, bytes) => create(folder, name, bytes),
    remove: (file) => remove(folder, file),
  };
}

async function list(folder: string): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => !entry.isDirectory() && /^[^.].*\.json$/.test(entry.name));
  return names.map(({ name }) => ({ id: classify(name).id, name })).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The id is looked for among the files that exist; it never becomes a path. */
async function read(folder: string, id: string): Promise<ConfigFile | null> {
  const found = (await list(folder)).find((file) => file.id === id);
  if (found === undefined) return null;
  const { name } = found;
  const handle = await openFile(folder, name);
  if (handle === null) return null;
  try {
    const bytes = await readAll(handle, name);
    return { id, name, rev: await revOf(handle), document: readJson(`conf/${name}`, bytes) };
  } finally {
    await handle.close();
  }
}

async function openFile(folder: string, name: string): Promise<FileHandle | null> {
  const file = path.join(folder, name);
  const stats = await lstat(file).catch(() => null);
  if (stats === null) return null;
  if (stats.isSymbolicLink()) await refuseOutside(folder, file);
  else if (!stats.isFile()) throw new Failure('denied', `conf/${name} is no ordinary file`);
  return open(await realpath(file), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

async function refuseOutside(folder: string, file: string): Promise<void> {
  const root = await realpath(path.dirname(folder));
  const target = await realpath(file).catch(() => null);
  const relative = target === null ? '..' : path.relative(root, target);
  if (relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative))
    throw new Failure('denied', `conf/${path.basename(file)} is a link to a file outside of the project directory`);
}

async function readAll(handle: FileHandle, name: string): Promise<Uint8Array> {
  const { size } = await handle.stat();
  if (size > MAX_FILE_BYTES)
    throw new Failure('denied', `conf/${name} has ${size} bytes; at most ${MAX_FILE_BYTES} are read`);
  return handle.readFile();
}

/** From what the file system notes about the file, not from its text, which may hold secrets that are easy to guess. */
async function revOf(handle: FileHandle): Promise<string> {
  const { ino, size, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
  return createHash('sha256').update(`${ino} ${size} ${mtimeNs} ${ctimeNs}`).digest('hex').slice(0, 16);
}

async function replace(folder: string, file: ConfigFile, bytes: Uint8Array): Promise<void> {
  const target = path.join(folder, file.name);
  await refuseLinks(folder, file.name);
  await written(folder, file.name, bytes, async (temporary, handle) => {
    const old = await lstat(target);
    // Only root may give a file away; the mode is then what protects it.
    await handle.chown(old.uid, old.gid).catch(() => {});
    await handle.chmod(old.mode & 0o7777);
    await handle.sync();
    await refuseChanged(folder, file);
    await rename(temporary, target);
  });
}

async function create(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  await refuseLinks(folder, name);
  const plain = (text: string): string => text.normalize('NFC').toLowerCase();
  const taken = (await readdir(folder)).find((one) => plain(one) === plain(name));
  if (taken !== undefined) throw new Failure('exists', `conf/${taken} exists`);
  await written(folder, name, bytes, async (temporary, handle) => {
    await handle.sync();
    await link(temporary, path.join(folder, name));
    await rm(temporary, { force: true });
  });
}

async function remove(folder: string, file: ConfigFile): Promise<void> {
  await refuseLinks(folder, file.name);
  await refuseChanged(folder, file);
  await rm(path.join(folder, file.name));
  await syncFolder(folder);
}

/** Writes a file beside the final one; `place` puts it there. A crash leaves the old content or the new one. */
async function written(
  folder: string,
  name: string,
  bytes: Uint8Array,
  place: (temporary: string, handle: FileHandle) => Promise<void>,
): Promise<void> {
  const temporary = path.join(folder, `.${name}.${randomBytes(6).toString('hex')}.lockstep-tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      await place(temporary, handle);
    } finally {
      await handle.close();
    }
    await syncFolder(folder);
  } catch (thrown) {
    await rm(temporary, { force: true });
    if (thrown instanceof Failure) throw thrown;
    if (reasonOf(thrown) === 'EEXIST') throw new Failure('exists', `conf/${name} exists`);
    throw new Failure(
      'denied',
      `conf/${name} cannot be written: ${reasonOf(thrown)}; check permissions and free space`,
    );
  }
}

/** Writing through a link would write somewhere else. */
async function refuseLinks(folder: string, name: string): Promise<void> {
  const [root, real] = [await realpath(path.dirname(folder)), await realpath(folder)];
  const stats = await lstat(path.join(folder, name)).catch(() => null);
  if (real !== path.join(root, path.basename(folder)))
    throw new Failure('denied', 'the folder conf is a symbolic link: its files are changed where they lie');
  if (stats !== null && !stats.isFile())
    throw new Failure('denied', `conf/${name} is a symbolic link or no file: it is changed where it lies`);
}

async function refuseChanged(folder: string, { id, name, rev }: ConfigFile): Promise<void> {
  if ((await read(folder, id))?.rev !== rev)
    throw new Failure('conflict', `conf/${name} was changed by somebody else at the same moment`, { retryable: true });
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : messageOf(thrown);
}
