import type { FileHandle } from 'node:fs/promises';
import { Failure } from '../../base/failure.ts';
import type { TextCodec } from './text-codec.ts';

/** A part of a file, as bytes and as units (see `TextCodec`). Everything that is read of a file is read through it. */
export class ByteWindow {
  readonly #handle: FileHandle;
  readonly #shownPath: string;
  readonly #fileSize: number;
  readonly #codec: TextCodec;
  #buffer = Buffer.alloc(0);
  /** Position of the window in the file. */
  start = 0;
  bytes = Buffer.alloc(0);
  units = '';
  /** All units are characters as they stand. */
  isPlain = true;

  /** `fileSize`: what the file had when it was opened; it is not read beyond. */
  constructor(handle: FileHandle, shownPath: string, fileSize: number, codec: TextCodec) {
    this.#handle = handle;
    this.#shownPath = shownPath;
    this.#fileSize = fileSize;
    this.#codec = codec;
  }

  get reachesEnd(): boolean {
    return this.start + this.bytes.length >= this.#fileSize;
  }

  /** Moves the window. It then holds `length` bytes, or what there is up to the end of the file. */
  async moveTo(start: number, length: number): Promise<void> {
    const wanted = Math.min(length, this.#fileSize - start);
    if (this.#buffer.length < wanted || this.#buffer.length > 4 * length) this.#buffer = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < wanted) {
      const { bytesRead } = await this.#handle.read(this.#buffer, filled, wanted - filled, start + filled);
      if (bytesRead === 0) throw this.#shrunk();
      filled += bytesRead;
    }
    this.start = start;
    this.bytes = this.#buffer.subarray(0, wanted);
    this.units = this.#codec.units(this.bytes);
    this.isPlain = this.#codec.isPlain(this.bytes);
  }

  #shrunk(): Failure {
    return new Failure(
      'incomplete-read',
      `${this.#shownPath} became shorter while it was read; run again when nobody writes it`,
      { retryable: true },
    );
  }
}
