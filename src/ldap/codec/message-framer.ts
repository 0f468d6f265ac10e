import { LdapFailure } from '../ldap-failure.ts';
import { lengthSize, readLength } from '../ber/ber-length.ts';
import { SEQUENCE } from '../ber/ber-tag.ts';

/** Called with a view: the message is what lies between `start` and `end`. */
export type MessageHandler = (bytes: Buffer, start: number, end: number) => void;

export const DEFAULT_MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

const FIRST_TAIL_BYTES = 16 * 1024;
const MAX_HEADER_BYTES = 6;

/**
 * Cuts a stream of bytes into messages. A message that lies in one chunk is handed over where it is; only one that does
 * not is copied, into a buffer of its own that grows by doubling, so a length that is only claimed costs nothing.
 */
export class MessageFramer {
  readonly #maxBytes: number;
  #tail: Buffer | null = null;
  #tailLength = 0;

  constructor(maxBytes: number = DEFAULT_MAX_MESSAGE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Is there a part of a message that has not come to its end? */
  get isWithinMessage(): boolean {
    return this.#tailLength > 0;
  }

  /** Takes what came. Throws `LdapFailure('protocol')` for what cannot start a message; the stream is then lost. */
  push(chunk: Buffer, handle: MessageHandler): void {
    let position = this.#tailLength === 0 ? 0 : this.#completeTail(chunk, handle);
    while (position < chunk.length) {
      const size = this.#messageSize(chunk, position, chunk.length);
      if (size === null || size > chunk.length - position) break;
      handle(chunk, position, position + size);
      position += size;
    }
    if (position < chunk.length) this.#append(chunk, position, chunk.length);
  }

  /** Adds to the tail what it lacks, and hands it over when it is whole. Gives how much of the chunk was taken. */
  #completeTail(chunk: Buffer, handle: MessageHandler): number {
    let position = 0;
    while (true) {
      const size = this.#messageSize(this.#tail!, 0, this.#tailLength);
      if (size === this.#tailLength) break;
      if (position === chunk.length) return position;
      const wanted = size === null ? 1 : size - this.#tailLength;
      const end = Math.min(position + wanted, chunk.length);
      this.#append(chunk, position, end, size ?? 0);
      position = end;
    }
    const message = this.#tail!;
    const size = this.#tailLength;
    this.#tail = null;
    this.#tailLength = 0;
    handle(message, 0, size);
    return position;
  }

  #append(chunk: Buffer, start: number, end: number, size = 0): void {
    const needed = this.#tailLength + end - start;
    if (this.#tail === null || needed > this.#tail.length) {
      const doubled = Math.max(needed, FIRST_TAIL_BYTES, 2 * (this.#tail?.length ?? 0));
      const larger = Buffer.allocUnsafe(size > 0 ? Math.max(needed, Math.min(doubled, size)) : doubled);
      this.#tail?.copy(larger, 0, 0, this.#tailLength);
      this.#tail = larger;
    }
    chunk.copy(this.#tail, this.#tailLength, start, end);
    this.#tailLength = needed;
  }

  /** Size of the message at `at`, or null where not even its header is there. */
  #messageSize(bytes: Buffer, at: number, end: number): number | null {
    if (bytes[at] !== SEQUENCE)
      throw broken(`byte 0x${bytes[at]!.toString(16).padStart(2, '0')} where a message should start`);
    if (at + 1 >= end) return null;
    const sizeOfLength = lengthSize(bytes, at + 1);
    if (sizeOfLength >= MAX_HEADER_BYTES) throw broken('an endless length');
    if (bytes[at + 1] === 0x80) throw broken('an indefinite length');
    if (at + 1 + sizeOfLength > end) return null;
    const length = readLength(bytes, at + 1, end);
    if (length > this.#maxBytes) throw broken(`a message of ${length} bytes, above the limit of ${this.#maxBytes}`);
    return 1 + sizeOfLength + length;
  }
}

function broken(what: string): LdapFailure {
  return new LdapFailure('protocol', 'corrupt', `the connection does not speak LDAP: ${what}`);
}
