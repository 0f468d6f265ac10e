import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/failure.ts';
import type { RotationSettings } from './file-settings.ts';
import { rotateFile } from './rotate-file.ts';

/** Lines wait here before a writer is asked to wait. */
const MAX_QUEUED_CHARACTERS = 4 * 1024 * 1024;
const REPORT_EVERY_MS = 60_000;

export interface FileSinkOptions {
  /** Makes and checks the directory; asked again after a failure. */
  readonly directory: () => Promise<string>;
  /** `recon.csv` */
  readonly name: string;
  /** Written at the beginning of each new file; may be empty. */
  readonly header: string;
  readonly rotation: RotationSettings;
  readonly clock: Clock;
  /** Told what went wrong, once a minute at most. */
  readonly report: (message: string) => void;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly path: string;
  readonly inode: number;
  readonly startedMs: number;
  size: number;
}

/** Appends to one audit file in the background, in order. What cannot be written is reported and dropped. */
export class FileSink {
  readonly #options: FileSinkOptions;
  #queue: string[] = [];
  #queued = 0;
  #writing: Promise<void> | null = null;
  #file: OpenFile | null = null;
  #lost = 0;
  #reportedMs = -Infinity;

  constructor(options: FileSinkOptions) {
    this.#options = options;
  }

  /** Resolves at once, unless very much is waiting already. Never rejects. */
  async write(record: string): Promise<void> {
    this.#queue.push(record);
    this.#queued += record.length;
    this.#writing ??= this.#drain();
    if (this.#queued > MAX_QUEUED_CHARACTERS) await this.#writing;
  }

  /** Writes what waits, and closes the file. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.handle.sync().catch(() => {});
    await this.#release();
  }

  async #drain(): Promise<void> {
    // one turn later: what is recorded together is written together
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const records = this.#queue;
      this.#queue = [];
      this.#queued = 0;
      try {
        await this.#append(Buffer.from(records.join('')));
      } catch (error) {
        await this.#release();
        this.#lost += records.length;
        this.#tell(messageOf(error));
      }
    }
    this.#writing = null;
  }

  async #append(bytes: Buffer): Promise<void> {
    const { rotation, clock } = this.#options;
    let file = await this.#current();
    const isFull = rotation.maxBytes !== null && file.size > 0 && file.size + bytes.length > rotation.maxBytes;
    const isOld = rotation.maxAgeMs !== null && clock.nowMs() - file.startedMs >= rotation.maxAgeMs;
    if (isFull || isOld) {
      await this.#release();
      await rotateFile(file.path, rotation, clock.nowMs());
      file = await this.#current();
    }
    await writeAll(file.handle, bytes);
    file.size += bytes.length;
  }

  /** The open file, or the one that has its name now: someone else may have moved it away. */
  async #current(): Promise<OpenFile> {
    const known = this.#file;
    if (known !== null) {
      const now = await stat(known.path).catch(() => null);
      if (now?.ino === known.inode) return known;
      await this.#release();
    }
    const place = path.join(await this.#options.directory(), this.#options.name);
    const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    const handle = await open(place, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o640);
    this.#file = await begin(handle, place, this.#options);
    return this.#file;
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = null;
    await file?.handle.close().catch(() => {});
  }

  #tell(why: string): void {
    const nowMs = this.#options.clock.nowMs();
    if (nowMs - this.#reportedMs < REPORT_EVERY_MS) return;
    this.#reportedMs = nowMs;
    this.#options.report(
      `audit file ${this.#options.name}: ${this.#lost} records could not be written (${why}); they are in the repository`,
    );
    this.#lost = 0;
  }
}

/** A new file gets its header; a record that a crash cut short gets its line end. */
async function begin(handle: FileHandle, place: string, { header, clock }: FileSinkOptions): Promise<OpenFile> {
  const { size, ino, birthtimeMs, mtimeMs } = await handle.stat();
  const startedMs = size === 0 ? clock.nowMs() : birthtimeMs > 0 ? birthtimeMs : mtimeMs;
  const file = { handle, path: place, inode: ino, startedMs, size };
  const opening = size === 0 ? header : (await endsInLine(handle, size)) ? '' : '\n';
  if (opening === '') return file;
  await writeAll(handle, Buffer.from(opening));
  return { ...file, size: size + Buffer.byteLength(opening) };
}

async function endsInLine(handle: FileHandle, size: number): Promise<boolean> {
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a || buffer[0] === 0x0d;
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await handle.write(bytes, at)).bytesWritten;
}
