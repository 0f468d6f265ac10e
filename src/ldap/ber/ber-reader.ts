import { berFault } from './ber-fault.ts';
import { lengthSize, readLength } from './ber-length.ts';
import { BOOLEAN, ENUMERATED, INTEGER, OCTET_STRING, SEQUENCE } from './ber-tag.ts';

const MAX_INTEGER_BYTES = 7;
const SAFE_INTEGER_BYTES = 6;

/**
 * Reads BER elements one after the other, in place: what it gives as bytes are views of what it reads.
 * Every read checks the bounds of the element that it is in, and throws `LdapFailure('protocol')` where they do not hold.
 */
export class BerReader {
  readonly bytes: Buffer;
  /** Where the next element starts. */
  position: number;
  /** End of the element that is being read. */
  end: number;

  constructor(bytes: Buffer, position = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = position;
    this.end = end;
  }

  get isAtEnd(): boolean {
    return this.position >= this.end;
  }

  /** The next element's tag, without reading it; -1 at the end. */
  peekTag(): number {
    return this.position < this.end ? this.bytes[this.position]! : -1;
  }

  /** Reads tag and length; the position is then at the contents. Gives the length of the contents. */
  header(tag: number): number {
    const found = this.peekTag();
    if (found !== tag)
      throw berFault(`${found < 0 ? 'nothing' : `tag ${hex(found)}`} instead of ${hex(tag)}`, this.position);
    return this.#anyHeader();
  }

  /** Enters a constructed element. Gives the outer end, for `leave`. */
  enter(tag: number = SEQUENCE): number {
    const length = this.header(tag);
    const outerEnd = this.end;
    this.end = this.position + length;
    return outerEnd;
  }

  /** Leaves it. What was not read is passed over: later versions may add elements (RFC 4511 §4). */
  leave(outerEnd: number): void {
    this.position = this.end;
    this.end = outerEnd;
  }

  /** Passes over one element of any kind. */
  skip(): void {
    if (this.isAtEnd) throw berFault('an element is missing', this.position);
    const length = this.#anyHeader();
    this.position += length;
  }

  /** A view of the contents. */
  octets(tag: number = OCTET_STRING): Buffer {
    const length = this.header(tag);
    const start = this.position;
    this.position = start + length;
    return this.bytes.subarray(start, this.position);
  }

  /** The contents as text. Bytes that are not UTF-8 become U+FFFD: use `octets` where that matters. */
  text(tag: number = OCTET_STRING): string {
    const length = this.header(tag);
    const start = this.position;
    this.position = start + length;
    return this.bytes.toString('utf8', start, this.position);
  }

  integer(tag: number = INTEGER): number {
    const length = this.header(tag);
    const at = this.position;
    if (length === 0 || length > MAX_INTEGER_BYTES) throw berFault(`a number of ${length} bytes`, at);
    this.position = at + length;
    if (length <= SAFE_INTEGER_BYTES) return this.bytes.readIntBE(at, length);
    const value = this.bytes.readInt8(at) * 2 ** 48 + this.bytes.readUIntBE(at + 1, 6);
    if (!Number.isSafeInteger(value)) throw berFault('a number that is too large', at);
    return value;
  }

  enumerated(): number {
    return this.integer(ENUMERATED);
  }

  boolean(tag: number = BOOLEAN): boolean {
    const length = this.header(tag);
    if (length !== 1) throw berFault(`a truth value of ${length} bytes`, this.position);
    return this.bytes[this.position++] !== 0;
  }

  #anyHeader(): number {
    const at = this.position;
    const length = readLength(this.bytes, at + 1, this.end);
    this.position = at + 1 + lengthSize(this.bytes, at + 1);
    if (length > this.end - this.position) throw berFault(`an element of ${length} bytes that does not fit`, at);
    return length;
  }
}

function hex(tag: number): string {
  return `0x${tag.toString(16).padStart(2, '0')}`;
}
