/** JSON in and out of the realm, with a clear word about what is no JSON. Rules of this folder: realm.ts. */

export const parse = JSON.parse as (text: string) => unknown;
const { stringify } = JSON;
const { isArray } = Array;
const { getPrototypeOf, hasOwn, keys } = Object;
const { isFinite } = Number;
const tagOf = Function.prototype.call.bind(Object.prototype.toString) as (value: unknown) => string;
const plain = Object.prototype;
const list = Array.prototype;
const MAX_DEPTH = 200;

interface Problem {
  path: string;
  readonly what: string;
}

let last: Problem | null = null;
/** Something that JSON text shows differently: undefined, a date, an object with `toJSON`. */
let sawOdd = false;

export function toText(value: unknown): string | null {
  last = check(value, 0);
  return last === null ? (stringify(value) ?? 'null') : null;
}

export function settle(value: unknown): boolean {
  sawOdd = false;
  last = check(value, 0);
  if (last !== null) return false;
  if (sawOdd) settleMembers(value as Record<string, unknown>);
  return true;
}

/** A copy that shares nothing with `value`; undefined: see `problem`. */
export function copy(value: unknown): unknown {
  sawOdd = false;
  last = check(value, 0);
  if (last !== null) return undefined;
  return sawOdd ? parse(stringify(value) ?? 'null') : copyPlain(value);
}

export function problem(): string {
  if (last === null) return '';
  return `${last.what}${last.path === '' ? '' : ` at ${last.path}`}`;
}

export function isForeign(value: object): boolean {
  const prototype: unknown = getPrototypeOf(value);
  return prototype !== plain && prototype !== list && prototype !== null;
}

function check(value: unknown, depth: number): Problem | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return null;
    case 'undefined':
      sawOdd = true;
      return null;
    case 'number':
      return isFinite(value) ? null : { path: '', what: `the number ${value}` };
    case 'object':
      return value === null ? null : checkObject(value as Record<string, unknown>, depth);
    default:
      return { path: '', what: `a ${typeof value}` };
  }
}

function checkObject(value: Record<string, unknown>, depth: number): Problem | null {
  if (depth > MAX_DEPTH) return { path: '', what: 'a structure that contains itself or is nested too deeply' };
  if (isArray(value)) return checkArray(value, depth);
  if (getPrototypeOf(value) !== plain) {
    const unusual = checkUnusual(value);
    if (unusual !== undefined) return unusual;
  }
  // `for in` is the fast way; what it shows of prototypes is not part of the JSON.
  for (const key in value) {
    const found = check(value[key], depth + 1);
    if (found !== null && hasOwn(value, key)) return below(found, key);
  }
  return null;
}

function checkArray(value: readonly unknown[], depth: number): Problem | null {
  for (let i = 0; i < value.length; i++) {
    const found = check(value[i], depth + 1);
    if (found !== null) return below(found, i);
  }
  return null;
}

/** Undefined: look at its members as at those of any object. */
function checkUnusual(value: Record<string, unknown>): Problem | null | undefined {
  const tag = tagOf(value);
  if (tag === '[object Date]') {
    sawOdd = true;
    return isFinite(Number(value)) ? null : { path: '', what: 'an invalid date' };
  }
  if (typeof value['toJSON'] === 'function') sawOdd = true;
  if (tag === '[object String]' || tag === '[object Number]' || tag === '[object Boolean]') {
    sawOdd = true;
    return null;
  }
  if (tag === '[object Object]' || tag === '[object Error]' || tag === '[object Arguments]') return undefined;
  return { path: '', what: `a ${tag.slice(8, -1)}` };
}

function below(found: Problem, key: string | number): Problem {
  found.path = `/${key}${found.path}`.slice(0, 200);
  return found;
}

function copyPlain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isArray(value)) return value.map(copyPlain);
  const from = value as Record<string, unknown>;
  const into: Record<string, unknown> = {};
  for (const key of keys(from)) {
    if (key === '__proto__') return parse(stringify(value));
    into[key] = copyPlain(from[key]);
  }
  return into;
}

function settleMembers(value: Record<string, unknown> | unknown[]): void {
  const members = value as Record<string, unknown>;
  for (const key of keys(value)) {
    const member = members[key];
    if (member === undefined && isArray(value)) members[key] = null;
    else if (member === undefined) delete members[key];
    else if (typeof member === 'object' && member !== null) members[key] = settled(member as Record<string, unknown>);
  }
}

function settled(member: Record<string, unknown>): unknown {
  const prototype: unknown = getPrototypeOf(member);
  if (prototype !== plain && prototype !== list) return parse(stringify(member) ?? 'null');
  settleMembers(member);
  return member;
}
