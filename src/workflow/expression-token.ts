import { Failure } from '../base/failure.ts';

export type Token =
  | { readonly kind: 'name' | 'text' | 'sign'; readonly value: string; readonly at: number }
  | { readonly kind: 'number'; readonly value: number; readonly at: number }
  | { readonly kind: 'end'; readonly value: ''; readonly at: number };

/** Words that stand for signs. */
const WORDS: Readonly<Record<string, string>> = {
  and: '&&',
  or: '||',
  not: '!',
  eq: '==',
  ne: '!=',
  lt: '<',
  gt: '>',
  le: '<=',
  ge: '>=',
  div: '/',
  mod: '%',
};

const PATTERN =
  /\s*(?:(?<number>\d+(?:\.\d+)?)|(?<name>[\p{L}_$][\p{L}\p{N}_$]*)|(?<sign>&&|\|\||==|!=|<=|>=|[!<>+\-*/%?:.,()[\]])|(?<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))/uy;

/** The words and signs of an expression. Throws `Failure('bad-request')` that names the place. */
export function tokensOf(expression: string): readonly Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(PATTERN);
  const end = expression.trimEnd().length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const found = pattern.exec(expression)?.groups;
    if (found === undefined)
      throw new Failure('bad-request', `the expression \${${expression}} cannot be read at character ${at + 1}`);
    tokens.push(tokenOf(found, at));
  }
  return [...tokens, { kind: 'end', value: '', at: end }];
}

function tokenOf({ number, name, sign, text }: Record<string, string | undefined>, at: number): Token {
  if (number !== undefined) return { kind: 'number', value: Number(number), at };
  if (sign !== undefined) return { kind: 'sign', value: sign, at };
  if (text !== undefined) return { kind: 'text', value: text.slice(1, -1).replace(/\\(.)/gs, '$1'), at };
  const word = name ?? '';
  return Object.hasOwn(WORDS, word) ? { kind: 'sign', value: WORDS[word]!, at } : { kind: 'name', value: word, at };
}
