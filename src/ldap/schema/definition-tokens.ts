import { Failure } from '../../base/failure.ts';

/** Fields of a definition by their keyword, in upper case; a keyword without a value has an empty list. */
export interface ParsedDefinition {
  readonly oid: string;
  readonly fields: ReadonlyMap<string, readonly string[]>;
}

type Token = { readonly kind: 'word' | 'text'; readonly text: string } | { readonly kind: '(' | ')' | '$' };

const TOKEN = /\s*(?:([()$])|'([^']*)'|([^\s()$']+))/y;
const MAX_LENGTH = 1024 * 1024;
/** Words that stand alone. */
const FLAGS: ReadonlySet<string> = new Set([
  'OBSOLETE',
  'SINGLE-VALUE',
  'COLLECTIVE',
  'NO-USER-MODIFICATION',
  'ABSTRACT',
  'STRUCTURAL',
  'AUXILIARY',
]);

/** Cuts a definition of a schema into its fields (RFC 4512 §4.1). Throws `Failure('invalid-data')`. */
export function parseDefinition(text: string): ParsedDefinition {
  const tokens = tokensOf(text);
  let at = 0;
  const take = (): Token => {
    const token = tokens[at++];
    if (token === undefined) throw fault(text, 'it ends too early');
    return token;
  };
  if (take().kind !== '(') throw fault(text, 'it does not start with a parenthesis');
  const oid = textOf(take(), text);
  const fields = new Map<string, readonly string[]>();
  for (let token = take(); token.kind !== ')'; token = take()) {
    const keyword = textOf(token, text).toUpperCase();
    fields.set(keyword, FLAGS.has(keyword) ? [] : values(text, take));
  }
  if (at < tokens.length) throw fault(text, 'something stands behind it');
  return { oid, fields };
}

/** One value, or a list in parentheses, with or without `$`. */
function values(text: string, take: () => Token): readonly string[] {
  const first = take();
  if (first.kind !== '(') return [textOf(first, text)];
  const list: string[] = [];
  for (let token = take(); token.kind !== ')'; token = take()) if (token.kind !== '$') list.push(textOf(token, text));
  return list;
}

function tokensOf(text: string): readonly Token[] {
  if (text.length > MAX_LENGTH) throw fault(text, 'it is too long');
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const match = TOKEN.exec(text);
    if (match === null) throw fault(text, 'it has a quote without its end');
    const [, sign, quoted, word] = match;
    if (sign !== undefined) tokens.push({ kind: sign as '(' | ')' | '$' });
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: unescaped(quoted) });
    else tokens.push({ kind: 'word', text: word! });
  }
  return tokens;
}

function textOf(token: Token, text: string): string {
  if (token.kind === 'word' || token.kind === 'text') return token.text;
  throw fault(text, `"${token.kind}" stands where a word should`);
}

function unescaped(quoted: string): string {
  return quoted.replaceAll(/\\27/g, "'").replaceAll(/\\5c/gi, '\\');
}

function fault(text: string, what: string): Failure {
  const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return new Failure('invalid-data', `the schema definition ${shown} cannot be read: ${what}`);
}
