import type { TextFault } from './json-string.ts';

export interface DecodedText {
  readonly text: string;
  readonly faults: readonly TextFault[];
  /** There is no point in reading the text. */
  readonly isHopeless: boolean;
}

/** UTF-8 text of a file. Another encoding is named, so that the administrator can convert it. */
export function decodeText(bytes: Uint8Array): DecodedText {
  const utf16 = guessUtf16(bytes);
  if (utf16 !== null) return hopeless(0, `the file is ${utf16}, not UTF-8`, 'Save it as UTF-8.');
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const body = hasMark ? bytes.subarray(3) : bytes;
  const faults: TextFault[] = [];
  if (hasMark)
    faults.push({
      at: 0,
      severity: 'warning',
      message: 'the file begins with a byte order mark',
      hint: 'It is ignored; save the file as UTF-8 without BOM.',
    });
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body);
  const zero = text.indexOf('\0');
  if (zero >= 0) return hopeless(zero, 'the file has a NUL byte in it', 'It is damaged, or not a text file.', text);
  if (!Buffer.from(text).equals(body)) {
    const message = 'a character that is not UTF-8';
    const hint = 'Convert the file: iconv -f ISO-8859-1 -t UTF-8.';
    faults.push({ at: Math.max(0, text.indexOf('\ufffd')), severity: 'error', message, hint });
  }
  return { text, faults, isHopeless: false };
}

function guessUtf16(bytes: Uint8Array): string | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'UTF-16 (little endian)';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'UTF-16 (big endian)';
  if (bytes.length < 4) return null;
  if (bytes[0] !== 0 && bytes[1] === 0 && bytes[2] !== 0 && bytes[3] === 0) return 'UTF-16 (little endian)';
  if (bytes[0] === 0 && bytes[1] !== 0 && bytes[2] === 0 && bytes[3] !== 0) return 'UTF-16 (big endian)';
  return null;
}

function hopeless(at: number, message: string, hint: string, text = ''): DecodedText {
  return { text, faults: [{ at, severity: 'error', message, hint }], isHopeless: true };
}
