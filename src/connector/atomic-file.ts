import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure, messageOf } from '../base/failure.ts';

/** Where the new content of a file goes. */
export interface FileOutput {
  write(bytes: Uint8Array): Promise<void>;
  /** Copies the bytes `from` (inclusive) to `to` (exclusive) of another file. */
  copy(source: FileHandle, from: number, to: number): Promise<void>;
}

const SUFFIX = '.lockstep-tmp';
const BUFFER_BYTES = 512 * 1024;

/**
 * Replaces a file by what `produce` writes, completely or not at all: whoever reads sees the old content or the new
 * one, also after a power cut. Mode and, where permitted, owner stay. `beforeCommit` may still refuse by throwing.
 * `path` must not be a symbolic link, and the caller holds its lock (`file-lock.ts`).
 */
export async function replaceFile(
  path: string,
  produce: (output: FileOutput) => Promise<void>,
  beforeCommit: () => Promise<void> = async () => {},
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}${SUFFIX}`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      const output = new BufferedOutput(handle);
      await produce(output);
      await output.flush();
      await copyOwnership(path, handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await beforeCommit();
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    if (error instanceof Failure) throw error;
    throw new Failure('denied', `${path} cannot be written: ${messageOf(error)}; check permissions and free space`, {
      cause: error,
    });
  }
}

/** Removes what a killed process left behind. The caller holds the lock of `path`. */
export async function removeLeftovers(path: string): Promise<void> {
  const prefix = `.${basename(path)}.`;
  for (const name of await readdir(dirname(path)))
    if (name.startsWith(prefix) && name.endsWith(SUFFIX)) await rm(join(dirname(path), name), { force: true });
}

async function copyOwnership(path: string, handle: FileHandle): Promise<void> {
  const old = await stat(path).catch(() => null);
  if (old === null) return handle.chmod(0o644);
  const created = await handle.stat();
  if (old.uid !== created.uid || old.gid !== created.gid)
    // Only root may give a file away; the mode is then what protects it.
    await handle.chown(old.uid, old.gid).catch(() => {});
  await handle.chmod(old.mode & 0o7777);
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

class BufferedOutput implements FileOutput {
  readonly #handle: FileHandle;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #filled = 0;
  #source: FileHandle | null = null;
  readonly #pieceBuffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #piece = Buffer.alloc(0);
  #pieceStart = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#filled + bytes.length > BUFFER_BYTES) await this.flush();
    if (bytes.length > BUFFER_BYTES) return writeAll(this.#handle, bytes);
    this.#buffer.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  /** Ranges are often small and follow each other, so the source is read in large pieces. */
  async copy(source: FileHandle, from: number, to: number): Promise<void> {
    for (let at = from; at < to;) {
      if (source !== this.#source || at < this.#pieceStart || at >= this.#pieceStart + this.#piece.length)
        await this.#readPiece(source, at);
      const offset = at - this.#pieceStart;
      const bytes = this.#piece.subarray(offset, offset + to - at);
      await this.write(bytes);
      at += bytes.length;
    }
  }

  async #readPiece(source: FileHandle, at: number): Promise<void> {
    const { bytesRead } = await source.read(this.#pieceBuffer, 0, BUFFER_BYTES, at);
    if (bytesRead === 0)
      throw new Failure('conflict', 'the file became shorter while it was copied', { retryable: true });
    this.#source = source;
    this.#pieceStart = at;
    this.#piece = this.#pieceBuffer.subarray(0, bytesRead);
  }

  async flush(): Promise<void> {
    await writeAll(this.#handle, this.#buffer.subarray(0, this.#filled));
    this.#filled = 0;
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at, bytes.length - at)).bytesWritten;
}
