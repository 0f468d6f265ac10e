import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import { FORMATS } from './formats.ts';
import { limitedPattern, PATTERN_LIMIT_MS } from './limited-pattern.ts';
import { MET, requirement, type PolicyCheck, type PolicyRequirement } from './policy.ts';

const NO_CONFLICT = 'NO_INTERNAL_USER_CONFLICT';

/** A kind of policy: what it can ask for, and the check that it comes to with its parameters. */
export interface PolicyKind {
  readonly requirements: readonly string[];
  /** Throws for parameters that it cannot use. */
  readonly compile: (params: JsonObject) => PolicyCheck;
  /** What should be mended about parameters that can be used; called after `compile`. */
  readonly warn?: (params: JsonObject) => string | null;
}

/**
 * The policies that configurations name with `policyId`. Those that need more than the object itself (`unique`,
 * `no-internal-user-conflict`) are looked up elsewhere; `re-auth-required` concerns the request and checks nothing.
 */
export const POLICY_KINDS: ReadonlyMap<string, PolicyKind> = new Map<string, PolicyKind>([
  ['required', always('REQUIRED', (value) => value !== undefined && value !== null)],
  ['not-null', always('REQUIRED', (value) => value !== null)],
  ['not-empty', always('REQUIRED', (value) => value === undefined || !isEmpty(value))],
  ['valid-type', { requirements: ['VALID_TYPE'], compile: compileType }],
  ['regexpMatches', { requirements: ['MATCH_REGEXP'], compile: compilePattern, warn: warnOfPattern }],
  ['minimum-length', lengthKind('MIN_LENGTH', 'minLength', (length, limit) => length >= limit)],
  ['maximum-length', lengthKind('MAX_LENGTH', 'maxLength', (length, limit) => length <= limit)],
  ['minimum-number-value', numberKind('MINIMUM_NUMBER_VALUE', 'minimum', (value, limit) => value >= limit)],
  ['maximum-number-value', numberKind('MAXIMUM_NUMBER_VALUE', 'maximum', (value, limit) => value <= limit)],
  ['at-least-X-capitals', countKind('AT_LEAST_X_CAPITAL_LETTERS', 'numCaps', /\p{Lu}/gu)],
  ['at-least-X-numbers', countKind('AT_LEAST_X_NUMBERS', 'numNums', /\p{Nd}/gu)],
  ['cannot-contain-others', { requirements: ['CANNOT_CONTAIN_OTHERS'], compile: compileOthers }],
  ['cannot-contain-characters', { requirements: ['CANNOT_CONTAIN_CHARACTERS'], compile: compileCharacters }],
  ['cannot-contain-duplicates', { requirements: ['CANNOT_CONTAIN_DUPLICATES'], compile: () => checkDuplicates }],
  ...Object.entries(FORMATS).map(([policyId, { name, isValid }]): [string, PolicyKind] => [
    policyId,
    ifPresent(name, (value) => isValid(value)),
  ]),
  ['unique', { requirements: ['UNIQUE'], compile: () => () => MET }],
  ['valid-username', { requirements: ['UNIQUE'], compile: () => () => MET }],
  ['no-internal-user-conflict', { requirements: [NO_CONFLICT], compile: () => () => MET }],
  ['re-auth-required', { requirements: ['REAUTH_REQUIRED'], compile: () => () => MET }],
]);

/** Policies that keep a value from being the name of an internal user, and what they ask for. */
export const INTERNAL_POLICIES: ReadonlyMap<string, string> = new Map([
  ['no-internal-user-conflict', NO_CONFLICT],
  ['valid-username', 'UNIQUE'],
]);

/** Policies that no two objects of a type may have the same value. */
export const UNIQUE_POLICIES: ReadonlySet<string> = new Set(['unique', 'valid-username']);

function always(name: string, isMet: (value: Json | undefined) => boolean): PolicyKind {
  return { requirements: [name], compile: () => (value) => (isMet(value) ? MET : requirement(name)) };
}

function ifPresent(name: string, isMet: (value: Json) => boolean, params?: JsonObject): PolicyKind {
  return {
    requirements: [name],
    compile: () => (value) => (isAbsent(value) || isMet(value) ? MET : requirement(name, params)),
  };
}

export function isAbsent(value: Json | undefined): value is undefined | null {
  return value === undefined || value === null;
}

function isEmpty(value: Json): boolean {
  return value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function limitOf(params: JsonObject, key: string): number {
  const limit = Number(params[key]);
  if (params[key] === undefined || Number.isNaN(limit)) throw new Error(`needs the number "${key}" in "params"`);
  return limit;
}

/** Length of a text in characters, of a list in elements. An empty text is for `required` and `not-empty` to refuse. */
function lengthKind(name: string, key: string, holds: (length: number, limit: number) => boolean): PolicyKind {
  const compile = (params: JsonObject): PolicyCheck => {
    const limit = limitOf(params, key);
    return (value) => {
      const length = typeof value === 'string' ? [...value].length : Array.isArray(value) ? value.length : null;
      return length === null || holds(length, limit) ? MET : requirement(name, { [key]: limit });
    };
  };
  return { requirements: [name], compile };
}

function numberKind(name: string, key: string, holds: (value: number, limit: number) => boolean): PolicyKind {
  const compile = (params: JsonObject): PolicyCheck => {
    const limit = limitOf(params, key);
    return (value) => (typeof value !== 'number' || holds(value, limit) ? MET : requirement(name, { [key]: limit }));
  };
  return { requirements: [name], compile };
}

function countKind(name: string, key: string, pattern: RegExp): PolicyKind {
  const compile = (params: JsonObject): PolicyCheck => {
    const least = limitOf(params, key);
    return (value) => {
      if (typeof value !== 'string') return MET;
      return (value.match(pattern)?.length ?? 0) >= least ? MET : requirement(name, { [key]: least });
    };
  };
  return { requirements: [name], compile };
}

const TYPE_TESTS: Readonly<Record<string, (value: Json) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  object: isJsonObject,
  array: Array.isArray,
  null: (value) => value === null,
};

/** A null counts as absence. Types that are not JSON's (`virtual`, `relationship`, `any`) are not checked. */
function compileType(params: JsonObject): PolicyCheck {
  const given = params['types'];
  const types = (Array.isArray(given) ? given : [given]).filter((type) => typeof type === 'string');
  const tests = types.map((type) => (Object.hasOwn(TYPE_TESTS, type) ? TYPE_TESTS[type]! : () => true));
  if (tests.length === 0) return () => MET;
  return (value) =>
    isAbsent(value) || tests.some((test) => test(value)) ? MET : requirement('VALID_TYPE', { validTypes: types });
}

/** Longer texts are refused. */
const MAX_MATCHED_LENGTH = 10_000;

function compilePattern(params: JsonObject): PolicyCheck {
  const { regexp, flags } = params;
  if (typeof regexp !== 'string') throw new Error('needs the text "regexp" in "params"');
  const pattern = limitedPattern(regexp, typeof flags === 'string' ? flags : '');
  return (value) => {
    if (typeof value !== 'string') return MET;
    const match = value.length <= MAX_MATCHED_LENGTH ? pattern.test(value) : false;
    if (match === true) return MET;
    const reason = match === 'too-slow' ? { reason: `the pattern takes longer than ${PATTERN_LIMIT_MS} ms` } : {};
    return requirement('MATCH_REGEXP', { ...params, regexp, ...reason });
  };
}

function warnOfPattern({ regexp }: JsonObject): string | null {
  if (typeof regexp !== 'string' || !limitedPattern(regexp).isRisky) return null;
  return `has the pattern ${regexp}, which may take very long: a value on which it takes longer than ${PATTERN_LIMIT_MS} ms is refused`;
}

/** A list, or a text with commas. */
function namesIn(value: Json | undefined): readonly string[] {
  const list = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [];
  return list.filter((one) => typeof one === 'string').map((one) => one.trim());
}

/** Tells the first of the other properties whose value lies in this one, whatever the letter case. */
function compileOthers(params: JsonObject): PolicyCheck {
  const fields = namesIn(params['disallowedFields']);
  return (value, object) => {
    if (typeof value !== 'string') return MET;
    const text = value.toLowerCase();
    const found = fields.find((field) => {
      const other = Object.hasOwn(object, field) ? object[field] : null;
      return typeof other === 'string' && other !== '' && text.includes(other.toLowerCase());
    });
    return found === undefined ? MET : requirement('CANNOT_CONTAIN_OTHERS', { disallowedFields: found });
  };
}

function compileCharacters(params: JsonObject): PolicyCheck {
  const given = params['forbiddenChars'];
  const characters = Array.isArray(given) ? given.map(String) : [...String(given ?? '')];
  return (value): readonly PolicyRequirement[] => {
    if (typeof value !== 'string' || !characters.some((one) => value.includes(one))) return MET;
    return requirement('CANNOT_CONTAIN_CHARACTERS', { forbiddenChars: characters });
  };
}

function checkDuplicates(value: Json | undefined): readonly PolicyRequirement[] {
  if (!Array.isArray(value)) return MET;
  const seen = new Set<string>();
  for (const one of value) {
    const text = JSON.stringify(one);
    if (seen.has(text)) return requirement('CANNOT_CONTAIN_DUPLICATES', { duplicateValue: one });
    seen.add(text);
  }
  return MET;
}
