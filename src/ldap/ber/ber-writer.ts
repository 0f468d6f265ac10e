import { BOOLEAN, ENUMERATED, INTEGER, NULL, OCTET_STRING, SEQUENCE } from './ber-tag.ts';

const FIRST_BYTES = 512;

/** Writes BER elements one after the other; lengths are definite and as short as possible. */
export class BerWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  /** What was written, as a copy of its own. The writer is then empty. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    if (this.#bytes.length > 64 * FIRST_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
    return taken;
  }

  /** Opens a constructed element. Gives the place that `close` needs. */
  open(tag: number = SEQUENCE): number {
    this.#room(2);
    this.#bytes[this.#length++] = tag;
    this.#bytes[this.#length++] = 0;
    return this.#length;
  }

  /** Closes the element: puts its length in front of its contents. */
  close(start: number): void {
    const length = this.#length - start;
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
      return;
    }
    const count = lengthBytes(length);
    this.#room(count);
    this.#bytes.copyWithin(start + count, start, this.#length);
    this.#bytes[start - 1] = 0x80 | count;
    this.#bytes.writeUIntBE(length, start, count);
    this.#length += count;
  }

  octets(value: string | Uint8Array, tag: number = OCTET_STRING): void {
    if (typeof value === 'string') {
      this.#text(value, tag);
      return;
    }
    this.#header(tag, value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** A whole number that a `number` holds exactly. */
  integer(value: number, tag: number = INTEGER): void {
    const count = integerBytes(value);
    this.#header(tag, count);
    let rest = value;
    for (let i = count - 1; i >= 0; i--) {
      const byte = ((rest % 256) + 256) % 256;
      this.#bytes[this.#length + i] = byte;
      rest = (rest - byte) / 256;
    }
    this.#length += count;
  }

  enumerated(value: number): void {
    this.integer(value, ENUMERATED);
  }

  boolean(value: boolean, tag: number = BOOLEAN): void {
    this.#header(tag, 1);
    this.#bytes[this.#length++] = value ? 0xff : 0;
  }

  null(tag: number = NULL): void {
    this.#header(tag, 0);
  }

  /** An element that is encoded already. */
  raw(encoded: Uint8Array): void {
    this.#room(encoded.length);
    this.#bytes.set(encoded, this.#length);
    this.#length += encoded.length;
  }

  #text(value: string, tag: number): void {
    const length = Buffer.byteLength(value);
    this.#header(tag, length);
    this.#bytes.write(value, this.#length, length, 'utf8');
    this.#length += length;
  }

  #header(tag: number, length: number): void {
    this.#room(6 + length);
    this.#bytes[this.#length++] = tag;
    if (length < 0x80) {
      this.#bytes[this.#length++] = length;
      return;
    }
    const count = lengthBytes(length);
    this.#bytes[this.#length++] = 0x80 | count;
    this.#bytes.writeUIntBE(length, this.#length, count);
    this.#length += count;
  }

  #room(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** The element that `write` writes, for values of controls and extended operations. */
export function encodeBer(write: (writer: BerWriter) => void): Buffer {
  const writer = new BerWriter();
  write(writer);
  return writer.take();
}

function lengthBytes(length: number): number {
  if (length < 0x100) return 1;
  if (length < 0x1_0000) return 2;
  return length < 0x100_0000 ? 3 : 4;
}

function integerBytes(value: number): number {
  let count = 1;
  for (let limit = 0x80; value >= limit || value < -limit; limit *= 256) count++;
  return count;
}
