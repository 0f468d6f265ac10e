import { Failure } from '../base/failure.ts';
import { cloneJson, type Json } from '../base/json.ts';

/** Makes one value (never null, never a list that stands for several values) into the declared kind. */
export type Coercion = (value: Json) => Json;

const INTEGER = /^[+-]?\d{1,20}$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/;
const SHOWN = 60;

/** The coercion to a JSON kind; kinds that have no rule (`object`, `any`) pass a copy. Throws `Failure('invalid-data')`. */
export function coercion(attribute: string, kind: string): Coercion {
  if (kind === 'string') return (value) => (typeof value === 'string' ? value : toText(value));
  if (kind === 'integer') return (value) => toInteger(attribute, value);
  if (kind === 'number') return (value) => toNumber(attribute, value);
  if (kind === 'boolean') return (value) => toBoolean(attribute, value);
  return (value) => cloneJson(value);
}

/** The JSON kind behind a `nativeType`, undefined when it says nothing (`array`, an unknown name). */
export function kindOfNative(nativeType: string): string | undefined {
  const name = nativeType.replace(/^JAVA_TYPE_(PRIMITIVE_)?/, '').toLowerCase();
  return KINDS[name];
}

const KINDS: Readonly<Record<string, string | undefined>> = {
  string: 'string',
  guardedstring: 'string',
  char: 'string',
  character: 'string',
  guarded_byte_array: 'string',
  byte_array: 'string',
  int: 'integer',
  integer: 'integer',
  long: 'integer',
  biginteger: 'integer',
  number: 'number',
  float: 'number',
  double: 'number',
  bigdecimal: 'number',
  boolean: 'boolean',
  object: 'object',
  any: 'any',
};

function toText(value: Json): Json {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : cloneJson(value);
}

function toInteger(attribute: string, value: Json): number {
  const number = typeof value === 'string' && INTEGER.test(value.trim()) ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number)) return number;
  throw refused(attribute, value, 'an integer');
}

function toNumber(attribute: string, value: Json): number {
  const number = typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  throw refused(attribute, value, 'a number');
}

function toBoolean(attribute: string, value: Json): boolean {
  if (typeof value === 'boolean') return value;
  const text = typeof value === 'string' ? value.trim().toLowerCase() : '';
  if (text === 'true' || text === 'false') return text === 'true';
  throw refused(attribute, value, 'true or false');
}

function refused(attribute: string, value: Json, wanted: string): Failure {
  const text = JSON.stringify(value);
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return new Failure('invalid-data', `attribute '${attribute}' is ${shown}, which is not ${wanted}`);
}
