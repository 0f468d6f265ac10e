import { Failure } from './failure.ts';
import { parsePointer } from './json-pointer.ts';
import { nextToken, type Token } from './query-filter-token.ts';
import type { ComparisonOperator, Filter } from './query-filter.ts';

const MAX_DEPTH = 256;
const MAX_LENGTH = 1024 * 1024;
const MAX_ECHO = 1000;

/**
 * Reads the text of a query filter (specification §1.4). Besides the grammar, a pointer may be written in quotes, so that
 * attributes with spaces or parentheses in their names can be asked for: `"/postal address" eq "x"`.
 *
 * Throws `Failure('bad-request')` that tells where reading stopped and what was expected there.
 */
export function parseFilter(text: string): Filter {
  const reader: Reader = { text, token: { kind: 'end', text: '', at: 0, end: 0 }, depth: 0 };
  if (text.length > MAX_LENGTH) throw refusal(reader, `a filter of at most ${MAX_LENGTH} characters`);
  advance(reader);
  const filter = readOr(reader);
  if (reader.token.kind !== 'end') throw refusal(reader, '"and", "or" or the end');
  return filter;
}

interface Reader {
  readonly text: string;
  /** The token at hand, not yet used. */
  token: Token;
  depth: number;
}

function advance(reader: Reader): Token {
  const used = reader.token;
  reader.token = nextToken(reader.text, used.end);
  return used;
}

function readOr(reader: Reader): Filter {
  const parts = [readAnd(reader)];
  while (isWord(reader, 'or')) {
    advance(reader);
    parts.push(readAnd(reader));
  }
  return parts.length === 1 ? parts[0]! : { kind: 'or', parts };
}

function readAnd(reader: Reader): Filter {
  const parts = [readNot(reader)];
  while (isWord(reader, 'and')) {
    advance(reader);
    parts.push(readNot(reader));
  }
  return parts.length === 1 ? parts[0]! : { kind: 'and', parts };
}

function readNot(reader: Reader): Filter {
  if (reader.token.kind !== 'not') return readPrimary(reader);
  advance(reader);
  return { kind: 'not', part: readPrimary(reader) };
}

function readPrimary(reader: Reader): Filter {
  const { kind } = reader.token;
  if (kind === 'open') return readGroup(reader);
  if (kind !== 'word' && kind !== 'string') throw refusal(reader, '"(", "!", "true", "false" or an attribute');
  for (const value of [true, false]) {
    if (!isWord(reader, String(value))) continue;
    advance(reader);
    return { kind: 'always', value };
  }
  return readComparison(reader, parsePointer(advance(reader).text));
}

function readGroup(reader: Reader): Filter {
  if (++reader.depth > MAX_DEPTH) throw refusal(reader, `at most ${MAX_DEPTH} levels of parentheses`);
  advance(reader);
  const filter = readOr(reader);
  if (reader.token.kind !== 'close') throw refusal(reader, '"and", "or" or ")"');
  advance(reader);
  reader.depth--;
  return filter;
}

function readComparison(reader: Reader, pointer: readonly string[]): Filter {
  if (isWord(reader, 'pr')) {
    advance(reader);
    return { kind: 'present', pointer };
  }
  const operator = OPERATORS.get(reader.token.text.toLowerCase());
  if (reader.token.kind !== 'word' || operator === undefined)
    throw refusal(reader, `an operator (pr, ${[...OPERATORS.keys()].join(', ')})`);
  advance(reader);
  return { kind: 'compare', operator, pointer, value: readLiteral(reader) };
}

function readLiteral(reader: Reader): string | number | boolean {
  if (reader.token.kind === 'string') return advance(reader).text;
  if (isWord(reader, 'true') || isWord(reader, 'false')) return advance(reader).text.toLowerCase() === 'true';
  const number = reader.token.kind === 'word' ? numberOf(reader.token.text) : null;
  if (number === null) throw refusal(reader, 'a text in quotes, a number, true or false');
  advance(reader);
  return number;
}

/** With a `.` a double, without one a 64-bit integer. */
function numberOf(text: string): number | null {
  if (!/^[+-]?(\d+|(\d+\.\d*|\.\d+)([eE][+-]?\d+)?)$/.test(text)) return null;
  const value = Number(text);
  if (!Number.isFinite(value) || (!text.includes('.') && !is64Bit(text))) return null;
  return value === 0 ? 0 : value;
}

function is64Bit(integer: string): boolean {
  const digits = integer.replace(/^[+-]?0*/, '');
  if (digits.length > 19) return false;
  const magnitude = BigInt(digits === '' ? '0' : digits);
  return magnitude < 2n ** 63n || (magnitude === 2n ** 63n && integer.startsWith('-'));
}

function isWord(reader: Reader, word: string): boolean {
  return reader.token.kind === 'word' && reader.token.text.toLowerCase() === word;
}

function refusal(reader: Reader, expected: string): Failure {
  const { text, token } = reader;
  const echo = text.length > MAX_ECHO ? `${text.slice(0, MAX_ECHO)}…` : text;
  return new Failure(
    'bad-request',
    `The value '${echo}' for parameter '_queryFilter' could not be parsed as a valid query filter: ` +
      `at position ${token.at + 1} expected ${expected}, found ${found(token)}`,
    { detail: { position: token.at + 1, expected } },
  );
}

function found(token: Token): string {
  if (token.kind === 'end') return 'the end';
  if (token.kind === 'unclosed') return 'a text without its closing quote';
  return token.text.length > 40 ? `"${token.text.slice(0, 40)}…"` : `"${token.text}"`;
}

const OPERATORS: ReadonlyMap<string, ComparisonOperator> = new Map(
  (['eq', 'co', 'sw', 'lt', 'le', 'gt', 'ge', 'ew', 'ca'] as const).map((name) => [name, name]),
);
