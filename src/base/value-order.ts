import type { Json } from './json.ts';

/** What `sortText` puts before a text value. */
export const TEXT_MARK = '4';
export const MAX_CODE_POINTS = 256;
/** Of a sort text, in UTF-16 units; cursors hold nothing longer. */
export const MAX_SORT_TEXT = 2 * MAX_CODE_POINTS + 1;

/**
 * A text whose order by code point is the order of values: missing and null, booleans, numbers, texts, lists, objects. Of a
 * text, list or object the first 256 code points count.
 */
export function sortText(value: Json | undefined): string {
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

/** Negative, zero or positive. The order of UTF-8, which is not that of UTF-16: letters beyond U+FFFF come last. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
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
