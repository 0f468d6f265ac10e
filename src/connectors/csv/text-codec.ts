import { isAscii, isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';

/**
 * A character encoding as the row splitter needs it. The splitter looks for delimiters, quotes and line ends, which are
 * all ASCII. So it works on *units*: a string whose character `i` is unit `i` of the file (a byte, or two in UTF-16).
 * Positions in it are positions in the file, and only rows that need it are decoded.
 */
export interface TextCodec {
  readonly name: string;
  readonly unitBytes: 1 | 2;
  /** Length in bytes of the byte order mark at the start of the file; 0 when there is none. */
  bomLength(start: Uint8Array): number;
  units(bytes: Buffer): string;
  /** True if all units are characters as they are. */
  isPlain(bytes: Buffer): boolean;
  /** The text of a row that is not plain; null if the bytes are not valid in this encoding. */
  decode(bytes: Buffer): string | null;
  /** Null if the text has a character that this encoding has not. */
  encode(text: string): Buffer | null;
}

/** UTF-8 with the byte order mark that spreadsheet programs put in front, UTF-16, and single-byte encodings. */
export function codecFor(encoding: string): TextCodec | null {
  const label = encoding.trim().toLowerCase().replaceAll('_', '-');
  if (label === 'utf-8' || label === 'utf8' || label === 'us-ascii' || label === 'ascii') return UTF_8;
  if (label === 'utf-16' || label === 'utf-16le') return UTF_16LE;
  if (label === 'utf-16be') return UTF_16BE;
  return SINGLE_BYTE.test(label) ? singleByte(label) : null;
}

const SINGLE_BYTE =
  /^(latin-?1|iso-?8859-?1|iso-?8859-(2|3|4|5|6|7|8|10|13|14|15|16)|windows-?125[0-8]|cp125[0-8]|koi8-r|koi8-u|macintosh)$/;

const REPLACEMENT = '\ufffd';

const UTF_8: TextCodec = {
  name: 'utf-8',
  unitBytes: 1,
  bomLength: (start) => (start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf ? 3 : 0),
  units: (bytes) => bytes.toString('latin1'),
  isPlain: isAsciiBytes,
  decode(bytes) {
    const text = bytes.toString('utf8');
    return text.includes(REPLACEMENT) && !isUtf8(bytes) ? null : text;
  },
  encode: (text) => (text.isWellFormed() ? Buffer.from(text, 'utf8') : null),
};

const UTF_16LE: TextCodec = {
  name: 'utf-16le',
  unitBytes: 2,
  bomLength: (start) => (start[0] === 0xff && start[1] === 0xfe ? 2 : 0),
  units: (bytes) => bytes.toString('utf16le'),
  isPlain: () => false,
  decode: (bytes) => wellFormed(bytes.toString('utf16le')),
  encode: (text) => (text.isWellFormed() ? Buffer.from(text, 'utf16le') : null),
};

const UTF_16BE: TextCodec = {
  name: 'utf-16be',
  unitBytes: 2,
  bomLength: (start) => (start[0] === 0xfe && start[1] === 0xff ? 2 : 0),
  units: (bytes) => swapped(bytes).toString('utf16le'),
  isPlain: () => false,
  decode: (bytes) => wellFormed(swapped(bytes).toString('utf16le')),
  encode: (text) => (text.isWellFormed() ? Buffer.from(text, 'utf16le').swap16() : null),
};

/** As the WHATWG names them: `latin1` and `iso-8859-1` are windows-1252. */
function singleByte(label: string): TextCodec | null {
  const name = label.replace(/^latin-?1$/, 'latin1').replace(/^cp/, 'windows-');
  const decoder = newDecoder(name);
  if (decoder === null) return null;
  const bytesOf = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) {
    const character = decoder.decode(Uint8Array.of(byte));
    if (character !== REPLACEMENT) bytesOf.set(character, byte);
  }
  return {
    name,
    unitBytes: 1,
    bomLength: () => 0,
    units: (bytes) => bytes.toString('latin1'),
    isPlain: isAsciiBytes,
    decode(bytes) {
      const text = decoder.decode(bytes);
      return text.includes(REPLACEMENT) ? null : text;
    },
    encode: (text) => encodeBy(bytesOf, text),
  };
}

function encodeBy(bytesOf: ReadonlyMap<string, number>, text: string): Buffer | null {
  const bytes = Buffer.allocUnsafe(text.length);
  for (let i = 0; i < text.length; i++) {
    const byte = bytesOf.get(text[i]!);
    if (byte === undefined) return null;
    bytes[i] = byte;
  }
  return bytes;
}

function newDecoder(name: string): TextDecoder | null {
  try {
    return new TextDecoder(name, { ignoreBOM: true });
  } catch {
    return null;
  }
}

function wellFormed(text: string): string | null {
  return text.isWellFormed() ? text : null;
}

function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16();
}

function isAsciiBytes(bytes: Buffer): boolean {
  return isAscii(bytes);
}
