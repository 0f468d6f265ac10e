import { Failure } from '../../base/failure.ts';
import type { Json } from '../../base/json.ts';

/** More than any object of an identity has; few enough that no recursion over a value ends on a full stack. */
export const MAX_JSON_DEPTH = 128;

/** Per object. Engines slow down far above this number. */
export const MAX_JSON_KEYS = 50_000;

/**
 * The value of a JSON text from outside. Throws `Failure('bad-request')` for what is not JSON, and for what is JSON but
 * means trouble: more than 128 levels, more than 50 000 keys in one object, a key twice in one object, the key `__proto__`,
 * numbers beyond a double, whole numbers that a double would change (the member is named), and lone surrogates, which no store can keep.
 */
export function parseJsonText(text: string): Json {
  checkStructure(text);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (thrown) {
    throw refused(`it is not valid JSON${placeOf(thrown)}`);
  }
  if (MAY_CHANGE.test(text)) refuseChanged(text);
  if (MAY_OVERFLOW.test(text)) refuseInfinity(value);
  return value;
}

/** 2^53 has 16 digits. */
const MAY_CHANGE = /\d{16}/;
const MAY_OVERFLOW = /\d[eE]\+?\d{3}|\d{309}/;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** One look at brackets, commas and strings, without recursion; faults of the grammar are left to the parser. */
function checkStructure(text: string): void {
  const open: (Set<string> | null)[] = [];
  let isKeyNext = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        checkString(text.slice(at, end), isKeyNext ? open[open.length - 1] : null);
        isKeyNext = false;
        at = end - 1;
        break;
      }
      case 0x7b: // {
      case 0x5b: // [
        isKeyNext = text[at] === '{';
        open.push(isKeyNext ? new Set() : null);
        if (open.length > MAX_JSON_DEPTH) throw refused(`it is nested more than ${MAX_JSON_DEPTH} levels deep`);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        isKeyNext = false;
        break;
      case 0x2c: // ,
        isKeyNext = open.length > 0 && open[open.length - 1] !== null;
        break;
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at++;
  }
  return text.length;
}

/** `keys`: those that the object has so far, if this is one more; null for a value. */
function checkString(quoted: string, keys: Set<string> | null | undefined): void {
  const isEscaped = quoted.includes('\\');
  const isKey = keys !== null && keys !== undefined;
  if (!isEscaped && !isKey) return;
  const value = isEscaped ? unescaped(quoted) : quoted.slice(1, -1);
  if (value === null) return;
  if (!value.isWellFormed()) throw refused('a text in it contains half of a surrogate pair');
  if (!isKey) return;
  if (value === '__proto__') throw refused('the key "__proto__" is not allowed');
  if (keys.has(value)) throw refused(`the key ${JSON.stringify(value.slice(0, 100))} is there twice in one object`);
  if (keys.add(value).size > MAX_JSON_KEYS) throw refused(`an object in it has more than ${MAX_JSON_KEYS} keys`);
}

function unescaped(quoted: string): string | null {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null;
  }
}

function refuseInfinity(value: Json): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw refused('a number in it is too large');
  if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) refuseInfinity(one);
}

/** Whole numbers beyond 2^53 that would silently become others. */
function refuseChanged(text: string): void {
  const mark: Reviver = (_, value, { source }) => (isChanged(value, source) ? CHANGED : value);
  const place = placeOfChanged(JSON.parse(text, mark as (key: string, value: unknown) => unknown));
  if (place !== null)
    throw refused(`the whole number at /${place.join('/')} is beyond 2^53 and would be changed; send it as a text`);
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;
const CHANGED = {};

/** A text that is the shortest one of its double comes back as it was sent. */
function isChanged(value: unknown, source: string | undefined): boolean {
  if (typeof value !== 'number' || !Number.isFinite(value) || source === undefined) return false;
  return /^-?\d{16,}$/.test(source) && String(value) !== source && BigInt(value) !== BigInt(source);
}

function placeOfChanged(value: unknown): readonly string[] | null {
  if (value === CHANGED) return [];
  if (typeof value !== 'object' || value === null) return null;
  for (const [key, member] of Object.entries(value)) {
    const place = placeOfChanged(member);
    if (place !== null) return [key.slice(0, 100), ...place];
  }
  return null;
}

/** The parser's own words repeat what was sent, which may be a password. */
function placeOf(thrown: unknown): string {
  const place = thrown instanceof Error ? /at position \d+(?: \(line \d+ column \d+\))?/.exec(thrown.message) : null;
  return place === null ? '' : ` ${place[0]}`;
}

function refused(why: string): Failure {
  return new Failure('bad-request', `The request content cannot be used: ${why}`);
}
