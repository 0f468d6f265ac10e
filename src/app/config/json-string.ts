export interface TextFault {
  /** Offset in the text. */
  readonly at: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly hint?: string;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/**
 * Reads the text literal that begins at `start` (a double quote, or a single one, which is a fault). Null when it never
 * ends. Faults inside are reported and read as they were meant.
 */
export function readString(
  text: string,
  start: number,
  report: (fault: TextFault) => void,
): { readonly value: string; readonly end: number } | null {
  const closing = text[start]!;
  if (closing === "'") report(error(start, 'text in single quotes', 'JSON wants double quotes.'));
  const parts: string[] = [];
  let hasBreak = false;
  let from = start + 1;
  let at = from;
  for (; at < text.length && text[at] !== closing; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20) {
      if (!hasBreak) report(rawControl(at, code));
      hasBreak = true;
    } else if (code === 0x5c) {
      parts.push(text.slice(from, at));
      const escape = readEscape(text, at, closing, report);
      parts.push(escape.value);
      at = escape.end - 1;
      from = escape.end;
    }
  }
  if (at >= text.length) return null;
  parts.push(text.slice(from, at));
  return { value: parts.join(''), end: at + 1 };
}

function rawControl(at: number, code: number): TextFault {
  if (code === 0x0a || code === 0x0d)
    return error(at, 'a line break inside text', 'Write \\n, or close the double quote that is missing before it.');
  if (code === 0x09) return error(at, 'a tab inside text', 'Write \\t.');
  return error(at, `a control character (${code}) inside text`, 'Delete it.');
}

function readEscape(
  text: string,
  at: number,
  closing: string,
  report: (fault: TextFault) => void,
): { readonly value: string; readonly end: number } {
  const c = text[at + 1] ?? '';
  if (Object.hasOwn(ESCAPES, c)) return { value: ESCAPES[c]!, end: at + 2 };
  if (c === closing) return { value: c, end: at + 2 };
  const hex = c === 'u' ? /^[0-9a-fA-F]{4}/.exec(text.slice(at + 2, at + 6))?.[0] : undefined;
  if (hex !== undefined) return { value: String.fromCharCode(Number.parseInt(hex, 16)), end: at + 6 };
  report(error(at, `\\${c} is not an escape of JSON`, 'A backslash itself is written \\\\.'));
  // A line break after the backslash is left to the caller, which reports it.
  return { value: c < ' ' ? '' : c, end: at + (c < ' ' ? 1 : 2) };
}

function error(at: number, message: string, hint: string): TextFault {
  return { at, severity: 'error', message, hint };
}
