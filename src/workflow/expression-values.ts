import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json } from '../base/json.ts';

/** How values of expressions are compared, calculated with and looked into. */

const COMPARED: Readonly<Record<string, (difference: number) => boolean>> = {
  '<': (difference) => difference < 0,
  '>': (difference) => difference > 0,
  '<=': (difference) => difference <= 0,
  '>=': (difference) => difference >= 0,
};

/** With a boolean on one side both count as booleans, with a number as numbers; otherwise as they are. */
export function areEqual(left: Json, right: Json): boolean {
  if (left === right) return true;
  if (left === null || right === null) return false;
  if (typeof left === 'boolean' || typeof right === 'boolean') return truthOf(left) === truthOf(right);
  if (typeof left === 'number' || typeof right === 'number') return Number(left) === Number(right);
  return JSON.stringify(left) === JSON.stringify(right);
}

/** Texts by their letters, everything else as numbers. */
export function compare(sign: string, left: Json, right: Json): boolean {
  if (left === null || right === null) return false;
  const isText = typeof left === 'string' && typeof right === 'string' && !(isNumeric(left) && isNumeric(right));
  const difference = isText ? (left < right ? -1 : Number(left > right)) : numberOf(left) - numberOf(right);
  return COMPARED[sign]!(difference);
}

/** `+` joins as soon as one side is no number. */
export function calculate(sign: string, left: Json, right: Json): Json {
  if (sign === '+' && !(isNumberLike(left) && isNumberLike(right))) return textOf(left) + textOf(right);
  const [a, b] = [numberOf(left), numberOf(right)];
  const value = sign === '+' ? a + b : sign === '-' ? a - b : sign === '*' ? a * b : sign === '/' ? a / b : a % b;
  if (Number.isFinite(value)) return value;
  throw new Failure('bad-request', `${textOf(left)} ${sign} ${textOf(right)} is not a number`);
}

/** True, or the text `true`. */
export function truthOf(value: Json): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

export function isEmpty(value: Json): boolean {
  if (value === null || value === '') return true;
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0;
}

/** What an object or a list has under this name; null if it has nothing. */
export function memberOf(value: Json, name: Json): Json {
  const key = String(name);
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
  const found = (value as Record<string, Json>)[key];
  return found ?? null;
}

export function textOf(value: Json): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

type Method = (value: Json, argument: Json) => Json;

/** Of texts, lists and maps, by the names that they have in Java. */
const METHODS: Readonly<Record<string, Method>> = {
  contains: (value, argument) =>
    Array.isArray(value) ? value.some((one) => areEqual(one, argument)) : textOf(value).includes(textOf(argument)),
  containsKey: (value, argument) => isJsonObject(value) && Object.hasOwn(value, String(argument)),
  endsWith: (value, argument) => textOf(value).endsWith(textOf(argument)),
  equals: areEqual,
  equalsIgnoreCase: (value, argument) => textOf(value).toLowerCase() === textOf(argument).toLowerCase(),
  get: memberOf,
  isEmpty,
  length: (value) => textOf(value).length,
  size: (value) => (typeof value === 'object' && value !== null ? Object.keys(value).length : 0),
  startsWith: (value, argument) => textOf(value).startsWith(textOf(argument)),
  toLowerCase: (value) => textOf(value).toLowerCase(),
  toString: textOf,
  toUpperCase: (value) => textOf(value).toUpperCase(),
  trim: (value) => textOf(value).trim(),
};

export function methodOf(name: string): Method | null {
  return Object.hasOwn(METHODS, name) ? METHODS[name]! : null;
}

function isNumeric(value: string): boolean {
  return value.trim() !== '' && Number.isFinite(Number(value));
}

function isNumberLike(value: Json): boolean {
  return typeof value === 'number' || (typeof value === 'string' && isNumeric(value));
}

function numberOf(value: Json): number {
  const number = typeof value === 'string' && !isNumeric(value) ? Number.NaN : Number(value);
  if (typeof value === 'object' || Number.isNaN(number))
    throw new Failure('bad-request', `${JSON.stringify(value)} is not a number`);
  return number;
}
