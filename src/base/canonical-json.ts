import type { Json, JsonObject } from './json.ts';

/** JSON text that is the same for equal values: members in the order of their names (UTF-16 code units), no blanks. */
export function canonicalJson(value: Json): string {
  const sorted = inOrder(value);
  return sorted === undefined ? memberByMember(value) : JSON.stringify(sorted);
}

/**
 * The value with its members in order, so that the text is made in one piece: twice as fast. Undefined where an object cannot have them
 * in order: names that look like numbers come first in every object, and `__proto__` cannot be assigned.
 */
function inOrder(value: Json): Json | undefined {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? elementsInOrder(value) : membersInOrder(value);
}

function elementsInOrder(values: readonly Json[]): Json | undefined {
  if (values.every((value) => typeof value !== 'object')) return values as Json;
  const sorted: Json[] = [];
  for (const value of values) {
    const one = inOrder(value);
    if (one === undefined) return undefined;
    sorted.push(one);
  }
  return sorted;
}

function membersInOrder(object: JsonObject): JsonObject | undefined {
  const sorted: JsonObject = {};
  for (const name of Object.keys(object).sort()) {
    if (isDigit(name.charCodeAt(0)) || name === '__proto__') return undefined;
    const value = object[name]!;
    const one = typeof value === 'object' ? inOrder(value) : value;
    if (one === undefined) return undefined;
    sorted[name] = one;
  }
  return sorted;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function memberByMember(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(memberByMember).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${memberByMember(value[key]!)}`);
  return `{${members.join(',')}}`;
}
