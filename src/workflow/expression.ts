import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { tokensOf, type Token } from './expression-token.ts';
import { areEqual, calculate, compare, isEmpty, memberOf, methodOf, textOf, truthOf } from './expression-values.ts';

/** Gives the value for these variables. Throws `Failure('bad-request')` for a variable that there is not. */
export type Expression = (variables: JsonObject) => Json;

/** `${…}` or `#{…}`; texts in quotes may hold braces. */
const TEMPLATE = /[$#]\{((?:[^}'"]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*)\}/gs;
const MAX_LENGTH = 10_000;
const MAX_DEPTH = 50;

/**
 * A text of a process definition in which `${…}` stands for a value: comparison (`==`, `!=`, `<` …, also as words), `&&`, `||`,
 * `!`, `? :`, `+ - * / %`, `empty`, property access, texts, numbers, and some methods of texts, lists and maps. Nothing is
 * evaluated as a program. A text that is one expression gives its value; any other gives text.
 * Throws `Failure('bad-request')` that names the place of what cannot be read.
 */
export function compileTemplate(template: string): Expression {
  if (template.length > MAX_LENGTH)
    throw new Failure('bad-request', `an expression has at most ${MAX_LENGTH} characters, not ${template.length}`);
  const parts = [...template.matchAll(TEMPLATE)].map((match) => ({ at: match.index, all: match[0], inner: match[1]! }));
  const compiled = parts.map(({ inner }) => compileExpression(inner));
  const [only] = parts;
  if (only === undefined) return () => template;
  if (only.all === template.trim()) return compiled[0]!;
  const texts = parts.map(({ at, all }, i) => template.slice(at + all.length, parts[i + 1]?.at));
  return (variables) =>
    template.slice(0, only.at) + compiled.map((one, i) => textOf(one(variables)) + texts[i]!).join('');
}

export function isTemplate(text: string): boolean {
  return text.search(TEMPLATE) !== -1;
}

/** What is between `${` and `}`. */
export function compileExpression(text: string): Expression {
  const reader: Reader = { text, tokens: tokensOf(text), next: 0, depth: 0 };
  const expression = readChoice(reader);
  if (peek(reader).kind !== 'end') throw misread(reader);
  return expression;
}

interface Reader {
  readonly text: string;
  readonly tokens: readonly Token[];
  next: number;
  depth: number;
}

function peek({ tokens, next }: Reader): Token {
  return tokens[next]!;
}

function take(reader: Reader, ...signs: readonly string[]): string | null {
  const { kind, value } = peek(reader);
  if (kind !== 'sign' || !signs.includes(value)) return null;
  reader.next++;
  return value;
}

function demand(reader: Reader, sign: string): void {
  if (take(reader, sign) === null) throw misread(reader);
}

function misread(reader: Reader): Failure {
  const { kind, value, at } = peek(reader);
  const found = kind === 'end' ? 'it ends too early' : `"${value}" is not expected there`;
  return new Failure(
    'bad-request',
    `the expression \${${reader.text}} cannot be read at character ${at + 1}: ${found}`,
  );
}

function readChoice(reader: Reader): Expression {
  if (++reader.depth > MAX_DEPTH)
    throw new Failure('bad-request', `the expression \${${reader.text}} is nested too deeply`);
  const condition = readLevel(reader, 0);
  if (take(reader, '?') === null) {
    reader.depth--;
    return condition;
  }
  const whenTrue = readChoice(reader);
  demand(reader, ':');
  const whenFalse = readChoice(reader);
  reader.depth--;
  return (variables) => (truthOf(condition(variables)) ? whenTrue(variables) : whenFalse(variables));
}

type Operation = (sign: string, left: Expression, right: Expression) => Expression;

/** From the loosest to the tightest. */
const LEVELS: readonly { readonly signs: readonly string[]; readonly operation: Operation }[] = [
  { signs: ['||'], operation: (_, left, right) => (v) => truthOf(left(v)) || truthOf(right(v)) },
  { signs: ['&&'], operation: (_, left, right) => (v) => truthOf(left(v)) && truthOf(right(v)) },
  { signs: ['==', '!='], operation: (sign, left, right) => (v) => areEqual(left(v), right(v)) === (sign === '==') },
  { signs: ['<', '>', '<=', '>='], operation: (sign, left, right) => (v) => compare(sign, left(v), right(v)) },
  { signs: ['+', '-'], operation: (sign, left, right) => (v) => calculate(sign, left(v), right(v)) },
  { signs: ['*', '/', '%'], operation: (sign, left, right) => (v) => calculate(sign, left(v), right(v)) },
];

function readLevel(reader: Reader, at: number): Expression {
  const level = LEVELS[at];
  if (level === undefined) return readUnary(reader);
  let left = readLevel(reader, at + 1);
  for (let sign = take(reader, ...level.signs); sign !== null; sign = take(reader, ...level.signs))
    left = level.operation(sign, left, readLevel(reader, at + 1));
  return left;
}

function readUnary(reader: Reader): Expression {
  if (++reader.depth > MAX_DEPTH)
    throw new Failure('bad-request', `the expression \${${reader.text}} is nested too deeply`);
  const expression = readSigned(reader);
  reader.depth--;
  return expression;
}

function readSigned(reader: Reader): Expression {
  const sign = take(reader, '!', '-');
  if (sign !== null) {
    const operand = readUnary(reader);
    return sign === '!' ? (v) => !truthOf(operand(v)) : (v) => calculate('-', 0, operand(v));
  }
  if (isEmptyWord(reader)) {
    reader.next++;
    const operand = readUnary(reader);
    return (v) => isEmpty(operand(v));
  }
  return readMembers(reader, readValue(reader));
}

/** `empty x`; a variable of that name is followed by a sign. */
function isEmptyWord({ tokens, next }: Reader): boolean {
  const [word, after] = [tokens[next]!, tokens[next + 1]];
  if (word.kind !== 'name' || word.value !== 'empty' || after === undefined) return false;
  return after.kind === 'name' || after.kind === 'text' || (after.kind === 'sign' && after.value === '(');
}

function readValue(reader: Reader): Expression {
  const token = peek(reader);
  if (token.kind === 'text' || token.kind === 'number') {
    reader.next++;
    return () => token.value;
  }
  if (token.kind === 'name') {
    reader.next++;
    return namedValue(token.value);
  }
  if (take(reader, '(') === null) throw misread(reader);
  const inner = readChoice(reader);
  demand(reader, ')');
  return inner;
}

const LITERALS: Readonly<Record<string, Json>> = { true: true, false: false, null: null };

function namedValue(name: string): Expression {
  if (Object.hasOwn(LITERALS, name)) return () => LITERALS[name]!;
  return (variables) => {
    if (name === 'execution' && !Object.hasOwn(variables, name)) return variables;
    if (!Object.hasOwn(variables, name)) throw new Failure('bad-request', `there is no variable "${name}"`);
    return variables[name]!;
  };
}

function readMembers(reader: Reader, start: Expression): Expression {
  let value = start;
  for (;;) {
    if (take(reader, '.') !== null) value = readNamedMember(reader, value);
    else if (take(reader, '[') !== null) {
      const [object, key] = [value, readChoice(reader)];
      demand(reader, ']');
      value = (v) => memberOf(object(v), key(v));
    } else return value;
  }
}

function readNamedMember(reader: Reader, object: Expression): Expression {
  const token = peek(reader);
  if (token.kind !== 'name') throw misread(reader);
  reader.next++;
  if (take(reader, '(') === null) return (v) => memberOf(object(v), token.value);
  const name = token.value === 'getVariable' ? 'get' : token.value === 'hasVariable' ? 'containsKey' : token.value;
  const method = methodOf(name);
  if (method === null)
    throw new Failure('bad-request', `the expression \${${reader.text}}: there is no method "${token.value}"`);
  const argument = take(reader, ')') === null ? readChoice(reader) : null;
  if (argument !== null) demand(reader, ')');
  return (v) => method(object(v), argument === null ? null : argument(v));
}
