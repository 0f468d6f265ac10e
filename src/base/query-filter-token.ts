export interface Token {
  /** `unclosed`: a text whose closing quote is missing. */
  readonly kind: 'word' | 'string' | 'open' | 'close' | 'not' | 'end' | 'unclosed';
  /** Of a string: without quotes and escapes. */
  readonly text: string;
  /** Where it starts and where the next one may, counted from 0. */
  readonly at: number;
  readonly end: number;
}

/** The token of a query filter that starts at or after `from`. Only the space character separates tokens. */
export function nextToken(text: string, from: number): Token {
  let at = from;
  while (text[at] === ' ') at++;
  const first = text[at];
  switch (first) {
    case undefined:
      return { kind: 'end', text: '', at, end: at };
    case '(':
      return { kind: 'open', text: '(', at, end: at + 1 };
    case ')':
      return { kind: 'close', text: ')', at, end: at + 1 };
    case '!':
      return { kind: 'not', text: '!', at, end: at + 1 };
    case '"':
    case "'":
      return stringToken(text, at, first);
    default:
      return wordToken(text, at);
  }
}

function stringToken(text: string, at: number, quote: string): Token {
  let value = '';
  let copied = at + 1;
  for (let i = copied; i < text.length; i++) {
    if (text[i] === quote) return { kind: 'string', text: value + text.slice(copied, i), at, end: i + 1 };
    if (text[i] !== '\\') continue;
    value += text.slice(copied, i);
    copied = ++i;
  }
  return { kind: 'unclosed', text: text.slice(at), at, end: text.length };
}

const WORD_END = /[ ()"']/g;

function wordToken(text: string, at: number): Token {
  WORD_END.lastIndex = at;
  const end = WORD_END.exec(text)?.index ?? text.length;
  return { kind: 'word', text: text.slice(at, end), at, end };
}
