import type { Json } from '../base/json.ts';

const INTEGERS = new Set(['integer', 'int', 'long', 'java_type_int', 'java_type_integer', 'java_type_long']);
const NUMBERS = new Set(['number', 'double', 'float', 'java_type_double', 'java_type_float']);

/**
 * A stored token as a value of its type (specification §6.2): `"1"` of the type `integer` becomes 1. What is no value of
 * the type, or would lose digits as a number, stays as it is, for the connector to judge.
 */
export function nativeToken(stored: Json, nativeType: string | null): Json {
  if (stored === null || nativeType === null) return stored;
  const type = nativeType.toLowerCase();
  if (INTEGERS.has(type)) return integerOf(stored);
  if (NUMBERS.has(type)) return numberOf(stored);
  if (type === 'string') return typeof stored === 'object' ? stored : String(stored);
  if (type === 'boolean') return stored === 'true' ? true : stored === 'false' ? false : stored;
  return stored;
}

function integerOf(stored: Json): Json {
  if (typeof stored !== 'string' || !/^[+-]?\d{1,20}$/.test(stored.trim())) return stored;
  const value = Number(stored);
  return Number.isSafeInteger(value) ? value : stored;
}

function numberOf(stored: Json): Json {
  if (typeof stored !== 'string' || stored.trim() === '') return stored;
  const value = Number(stored);
  return Number.isFinite(value) ? value : stored;
}
