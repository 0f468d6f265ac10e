import { isUtf8 } from 'node:buffer';

interface WithUtf8Slice {
  utf8Slice(start: number, end: number): string;
}

/** Text of a part of a buffer. Bytes that are not UTF-8 become U+FFFD; a leading byte order mark stays. */
export function sliceText(bytes: Buffer, start: number, end: number): string {
  return (bytes as unknown as WithUtf8Slice).utf8Slice(start, end);
}

/** The text, or null where the bytes are not UTF-8. Only text with U+FFFD in it has to be looked at twice. */
export function strictText(bytes: Buffer, start: number, end: number): string | null {
  const text = sliceText(bytes, start, end);
  return text.includes('\u{FFFD}') && !isUtf8(bytes.subarray(start, end)) ? null : text;
}
