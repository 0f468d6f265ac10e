import { Failure } from '../../base/failure.ts';
import { BerReader } from '../ber/ber-reader.ts';
import type { LdapValue } from '../codec/message.ts';
import { textOrBytes } from '../codec/text-or-bytes.ts';
import type { Dn, DnPart, Rdn } from './dn.ts';

type PartValue = Omit<DnPart, 'type'>;

const TYPE = /\s*(?:oid\.(?=\d))?([A-Za-z][\w-]*|\d+(?:\.\d+)*)\s*=\s*/iy;
const HEX = /#((?:[0-9A-Fa-f]{2})+)\s*/y;
const MAX_LENGTH = 256 * 1024;
/** Tags of BER strings whose contents are the text itself: octet, UTF-8, numeric, printable, IA5, visible. */
const TEXT_TAGS: ReadonlySet<number> = new Set([0x04, 0x0c, 0x12, 0x13, 0x16, 0x1a]);

/**
 * Reads a distinguished name (RFC 4514), and what RFC 2253 tells to take: `;` between RDNs, values in quotes, `OID.` before OIDs,
 * blanks around `,`, `+` and `=`. Values in the form `#04024869` are decoded. Throws `Failure('invalid-data')` with the place.
 */
export function parseDn(text: string): Dn {
  if (text.length > MAX_LENGTH) throw new Failure('invalid-data', `a DN of ${text.length} characters is too long`);
  if (text.trim() === '') return [];
  const rdns: Rdn[] = [];
  let at = 0;
  while (true) {
    const [rdn, end] = parseRdnAt(text, at);
    rdns.push(rdn);
    if (end === text.length) return rdns;
    at = end + 1;
  }
}

/** Reads a single RDN: `cn=a`, `cn=a+uid=b`. Throws `Failure('invalid-data')`. */
export function parseRdn(text: string): Rdn {
  const dn = parseDn(text);
  if (dn.length !== 1) throw new Failure('invalid-data', `"${text}" is not one RDN`);
  return dn[0]!;
}

/** An RDN, and where its separator stands (or the end of the text). */
function parseRdnAt(text: string, start: number): readonly [Rdn, number] {
  const parts: DnPart[] = [];
  let at = start;
  while (true) {
    TYPE.lastIndex = at;
    const type = TYPE.exec(text);
    if (type === null) throw fault(text, at, 'no type=');
    const [value, end] = parseValue(text, TYPE.lastIndex);
    parts.push({ type: type[1]!, ...value });
    if (text[end] !== '+') return [parts, end];
    at = end + 1;
  }
}

function parseValue(text: string, at: number): readonly [PartValue, number] {
  if (text[at] === '#') return parseHexValue(text, at);
  const [value, end] = text[at] === '"' ? parseQuoted(text, at) : parsePlain(text, at);
  return [{ value }, end];
}

function parseHexValue(text: string, at: number): readonly [PartValue, number] {
  HEX.lastIndex = at;
  const match = HEX.exec(text);
  if (match === null) throw fault(text, at, 'a # that is not followed by hexadecimal digits');
  return [berValue(Buffer.from(match[1]!, 'hex')), separatorAt(text, HEX.lastIndex)];
}

/** The contents of a BER string; what is none stays as it is. */
function berValue(bytes: Buffer): PartValue {
  const reader = new BerReader(bytes);
  const tag = reader.peekTag();
  if (!TEXT_TAGS.has(tag)) return { value: bytes, isBer: true };
  try {
    const contents = reader.octets(tag);
    return reader.isAtEnd ? { value: textOrBytes(contents) } : { value: bytes, isBer: true };
  } catch (thrown) {
    if (thrown instanceof Failure) return { value: bytes, isBer: true };
    throw thrown;
  }
}

function parseQuoted(text: string, start: number): readonly [LdapValue, number] {
  const pieces: Buffer[] = [];
  let at = start + 1;
  while (text[at] !== '"') {
    if (at >= text.length) throw fault(text, start, 'a quote without its end');
    at = readCharacter(text, at, pieces);
  }
  let end = at + 1;
  while (text[end] === ' ') end++;
  return [textOrBytes(Buffer.concat(pieces)), separatorAt(text, end)];
}

/** A value without quotes. Blanks at its end do not count, unless they are escaped. */
function parsePlain(text: string, start: number): readonly [LdapValue, number] {
  const pieces: Buffer[] = [];
  let kept = 0;
  let at = start;
  while (at < text.length && !',;+'.includes(text[at]!)) {
    if (text[at] === '"') throw fault(text, at, String.raw`a " in a value (write \")`);
    const isBlank = text[at] === ' ';
    at = readCharacter(text, at, pieces);
    if (!isBlank) kept = pieces.length;
  }
  return [textOrBytes(Buffer.concat(pieces.slice(0, kept))), at];
}

/** Adds what stands at `at`, as bytes; gives where the next one stands. */
function readCharacter(text: string, at: number, pieces: Buffer[]): number {
  if (text[at] === '\0') throw fault(text, at, String.raw`a NUL character (write \00)`);
  if (text[at] !== '\\') {
    const end = runEnd(text, at);
    pieces.push(Buffer.from(text.slice(at, end)));
    return end;
  }
  const code = text.slice(at + 1, at + 3);
  if (/^[0-9A-Fa-f]{2}$/.test(code)) {
    pieces.push(Buffer.from(code, 'hex'));
    return at + 3;
  }
  const next = text[at + 1];
  if (next === undefined || !' "#+,;<=>\\'.includes(next))
    throw fault(text, at, String.raw`a \ that escapes nothing (write \\)`);
  pieces.push(Buffer.from(next));
  return at + 2;
}

/** The end of a run of characters without any meaning of their own; at least one character. */
function runEnd(text: string, at: number): number {
  let end = at + 1;
  if (text[at] === ' ') return end;
  while (end < text.length && !' "+,;\\\0'.includes(text[end]!)) end++;
  return end;
}

function separatorAt(text: string, at: number): number {
  if (at < text.length && !',;+'.includes(text[at]!)) throw fault(text, at, 'something behind a value');
  return at;
}

function fault(text: string, at: number, what: string): Failure {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return new Failure('invalid-data', `the DN "${shown}" is not valid: ${what} at character ${at + 1}`);
}
