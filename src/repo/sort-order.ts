import { Failure } from '../base/failure.ts';
import { getAt } from '../base/json-pointer.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { SortKey } from '../model/repository.ts';

/**
 * Where a row stands: its sort texts, then its number in creation order. All stores compare positions with
 * `comparePositions`, so that all have one order.
 */
export interface SortPosition {
  readonly keys: readonly string[];
  readonly number: number;
}

/** What `sortText` puts before a text value. */
export const TEXT_MARK = '4';
export const MAX_CODE_POINTS = 256;
/** In UTF-16 units; a cursor holds nothing longer. */
const MAX_KEY_LENGTH = 2 * MAX_CODE_POINTS + 1;

export function sortTexts(object: JsonObject, sort: readonly SortKey[]): readonly string[] {
  return sort.map(({ pointer }) => sortText(getAt(object, pointer)));
}

/** A text whose order by code point is the order of values that `SortKey` describes. */
function sortText(value: Json | undefined): string {
  switch (typeof value) {
    case 'boolean':
      return value ? '2' : '1';
    case 'number':
      return `3${numberText(value)}`;
    case 'string':
      return TEXT_MARK + beginning(value);
    case 'object':
      if (value === null) return '0';
      return (Array.isArray(value) ? '5' : '6') + beginning(JSON.stringify(value));
    default:
      return '0';
  }
}

/** Negative, zero or positive. */
export function comparePositions(a: SortPosition, b: SortPosition, sort: readonly SortKey[]): number {
  for (const [i, { isDescending }] of sort.entries()) {
    const order = compareCodePoints(a.keys[i]!, b.keys[i]!);
    if (order !== 0) return isDescending ? -order : order;
  }
  return a.number - b.number;
}

/** The order of UTF-8, which is not that of UTF-16: letters beyond U+FFFF come last. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** The position as a page's `next`. */
export function sortCursor({ keys, number }: SortPosition): Json {
  return [number, ...keys];
}

/** The position behind a page's `after`; null: from the start. */
export function readSortCursor(after: Json | undefined, sort: readonly SortKey[]): SortPosition | null {
  if (after === undefined || after === null) return null;
  if (Array.isArray(after) && after.length === sort.length + 1) {
    const [number, ...keys] = after;
    if (Number.isSafeInteger(number) && keys.every(isKey)) return { keys, number: number as number };
  }
  throw new Failure('bad-request', `not a page cursor of this store in this order: ${JSON.stringify(after)}`);
}

function isKey(value: Json): value is string {
  return typeof value === 'string' && value.length <= MAX_KEY_LENGTH;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function beginning(text: string): string {
  if (text.length <= MAX_CODE_POINTS) return text;
  return Array.from(text.slice(0, 2 * MAX_CODE_POINTS))
    .slice(0, MAX_CODE_POINTS)
    .join('');
}

const bits = new DataView(new ArrayBuffer(8));

/** Sixteen hexadecimal digits in the order of the numbers. */
function numberText(value: number): string {
  bits.setFloat64(0, value === 0 ? 0 : value);
  const [high, low] = [bits.getUint32(0), bits.getUint32(4)];
  const isNegative = high >= 0x80000000;
  return hex(isNegative ? ~high : high ^ 0x80000000) + hex(isNegative ? ~low : low);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
