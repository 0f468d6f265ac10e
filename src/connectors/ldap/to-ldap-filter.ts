import type { Filter as QueryFilter } from '../../base/query-filter.ts';
import { Failure } from '../../base/failure.ts';
import { NAME, UID, type ObjectType, type Property } from '../../connector/object-type.ts';
import type { LdapValue } from '../../ldap/codec/message.ts';
import { parseDn } from '../../ldap/dn/parse-dn.ts';
import { allOf, anyOf, equalTo, EVERY_ENTRY, type Filter } from '../../ldap/filter/filter.ts';
import type { LdapSchema } from '../../ldap/schema/ldap-schema.ts';
import {
  GROUPS,
  MEMBER_IDS,
  POSIX_GROUPS,
  guidBytes,
  toLdapValue,
  type AttributePlan,
  type NativeAttribute,
} from './attribute-plan.ts';

/** A query for the server. It gives at least what matches; `isExact`: by the server's rules nothing else. */
export interface NarrowFilter {
  readonly filter: Filter;
  readonly isExact: boolean;
}

export interface FilterRules {
  readonly type: ObjectType;
  readonly plan: AttributePlan;
  readonly schema: LdapSchema | null;
  readonly uidAttribute: string;
}

/** Entries always have an object class, so nothing matches this. */
const NO_ENTRY: Filter = { kind: 'not', filter: EVERY_ENTRY };
const ANYTHING: NarrowFilter = { filter: EVERY_ENTRY, isExact: false };
const EVERYTHING: NarrowFilter = { filter: EVERY_ENTRY, isExact: true };
const NOTHING: NarrowFilter = { filter: NO_ENTRY, isExact: true };

type Comparison = Extract<QueryFilter, { readonly kind: 'compare' }>;

/**
 * Translates what the server can find by its rules: equality and substrings where the schema has a rule for them, order of integers. What it
 * cannot tell is left wide, and is for the caller to check again.
 */
export function toLdapFilter(query: QueryFilter, rules: FilterRules): NarrowFilter {
  switch (query.kind) {
    case 'always':
      return query.value ? EVERYTHING : NOTHING;
    case 'and':
    case 'or':
      return joined(
        query.kind,
        query.parts.map((part) => toLdapFilter(part, rules)),
      );
    case 'not': {
      const { filter, isExact } = toLdapFilter(query.part, rules);
      return isExact ? { filter: { kind: 'not', filter }, isExact } : ANYTHING;
    }
    case 'present':
      return present(query.pointer[0]!, rules);
    case 'compare':
      return compared(query, rules);
  }
}

function joined(kind: 'and' | 'or', parts: readonly NarrowFilter[]): NarrowFilter {
  const isExact = parts.every((part) => part.isExact);
  if (parts.length === 0) return kind === 'and' ? EVERYTHING : NOTHING;
  if (kind === 'or')
    return parts.includes(ANYTHING) ? ANYTHING : { filter: anyOf(...parts.map(({ filter }) => filter)), isExact };
  const telling = parts.filter((part) => part.filter !== EVERY_ENTRY);
  return { filter: telling.length === 0 ? EVERY_ENTRY : allOf(...telling.map(({ filter }) => filter)), isExact };
}

function present(name: string, { type, plan }: FilterRules): NarrowFilter {
  const nativeName = name === '_id' ? UID : type.property(name)!.nativeName;
  if (nativeName === UID || nativeName === NAME) return EVERYTHING;
  if (isElsewhere(nativeName)) return ANYTHING;
  return { filter: { kind: 'present', attribute: plan.attribute(nativeName).nativeName }, isExact: true };
}

function compared(query: Comparison, rules: FilterRules): NarrowFilter {
  const { type, uidAttribute, plan } = rules;
  const [name] = query.pointer;
  const property = name === '_id' ? undefined : type.property(name!);
  const nativeName = property?.nativeName ?? UID;
  const isName = nativeName === NAME || (nativeName === UID && uidAttribute === 'dn');
  if (isName) return isEquality(query) ? namedBy(String(query.value)) : ANYTHING;
  if (nativeName === UID) return isEquality(query) ? idIs(uidAttribute, String(query.value)) : ANYTHING;
  if (isElsewhere(nativeName) || property === undefined) return ANYTHING;
  return attributeIs(query, property, plan.attribute(nativeName), rules.schema);
}

/** What entries are seen with, and do not have under this name. */
function isElsewhere(nativeName: string): boolean {
  return nativeName.startsWith('__') || [GROUPS, POSIX_GROUPS, MEMBER_IDS].includes(nativeName);
}

function isEquality({ operator }: Comparison): boolean {
  return operator === 'eq' || operator === 'ca';
}

/** Whatever an entry's name begins with, it has as attributes, too. */
function namedBy(dn: string): NarrowFilter {
  try {
    const [rdn = []] = parseDn(dn);
    if (rdn.length === 0 || rdn.some(({ isBer }) => isBer === true)) return ANYTHING;
    return { filter: allOf(...rdn.map(({ type, value }) => equalTo(type, value))), isExact: false };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return NOTHING;
  }
}

/** The filter for an id that is the value of an attribute. */
export function idIs(uidAttribute: string, id: string): NarrowFilter {
  const isGuid = uidAttribute.toLowerCase() === 'objectguid';
  const value: LdapValue | null = isGuid ? guidBytes(id) : id;
  return value === null ? NOTHING : { filter: equalTo(uidAttribute, value), isExact: true };
}

function attributeIs(
  { operator, value }: Comparison,
  { isText, isMultiValued }: Property,
  attribute: NativeAttribute,
  schema: LdapSchema | null,
): NarrowFilter {
  const { nativeName, form } = attribute;
  const wide: NarrowFilter = { filter: { kind: 'present', attribute: nativeName }, isExact: false };
  const rules = rulesOf(nativeName, schema);
  if (operator === 'eq' || operator === 'ca') {
    if (!rules.hasEquality) return wide;
    try {
      return { filter: equalTo(nativeName, toLdapValue(attribute, value)), isExact: true };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return NOTHING;
    }
  }
  if (form !== 'text' || !(isText || isMultiValued)) return order(operator, nativeName, value, rules) ?? wide;
  if (typeof value !== 'string' || value === '') return order(operator, nativeName, value, rules) ?? wide;
  const parts = substrings(operator, value);
  if (parts === null) return order(operator, nativeName, value, rules) ?? wide;
  return rules.hasSubstrings
    ? { filter: { kind: 'substrings', attribute: nativeName, ...parts }, isExact: true }
    : wide;
}

function substrings(
  operator: Comparison['operator'],
  value: string,
): { readonly initial: string | null; readonly any: readonly string[]; readonly final: string | null } | null {
  if (operator === 'sw') return { initial: value, any: [], final: null };
  if (operator === 'co') return { initial: null, any: [value], final: null };
  return operator === 'ew' ? { initial: null, any: [], final: value } : null;
}

/** Integers are ordered in the same way everywhere. `a > b` is `a >= b` and not `a = b`. */
function order(
  operator: Comparison['operator'],
  attribute: string,
  value: string | number | boolean,
  { isIntegerOrdered }: MatchingRules,
): NarrowFilter | null {
  if (!isIntegerOrdered || !/^-?\d{1,20}$/.test(String(value))) return null;
  const text = String(value);
  const kind = operator === 'ge' || operator === 'gt' ? 'greaterOrEqual' : 'lessOrEqual';
  if (!['ge', 'gt', 'le', 'lt'].includes(operator)) return null;
  const bound: Filter = { kind, attribute, value: text };
  if (operator === 'ge' || operator === 'le') return { filter: bound, isExact: true };
  return { filter: allOf(bound, { kind: 'not', filter: equalTo(attribute, text) }), isExact: false };
}

interface MatchingRules {
  readonly hasEquality: boolean;
  readonly hasSubstrings: boolean;
  readonly isIntegerOrdered: boolean;
}

/** Without a schema the usual is taken for granted: equality. Active Directory names no rules and has all of them. */
function rulesOf(name: string, schema: LdapSchema | null): MatchingRules {
  const type = schema?.attributeType(name) ?? null;
  if (schema === null || type === null) return { hasEquality: true, hasSubstrings: false, isIntegerOrdered: false };
  const hasNoRules = type.equality === null && schema.equalityOf(name) === null;
  const isActiveDirectory = hasNoRules && schema.attributeType('sAMAccountName') !== null;
  return {
    hasEquality: !hasNoRules || isActiveDirectory,
    hasSubstrings: isActiveDirectory || hasRule(schema, name, 'substring'),
    isIntegerOrdered: schema.valueKind(name) === 'integer' && (isActiveDirectory || hasRule(schema, name, 'ordering')),
  };
}

/** Its own rule, or that of a superior. */
function hasRule(schema: LdapSchema, name: string, rule: 'substring' | 'ordering'): boolean {
  let type = schema.attributeType(name);
  for (let depth = 0; type !== null && depth < 20; depth++) {
    if (type[rule] !== null) return true;
    type = type.superior === null ? null : schema.attributeType(type.superior);
  }
  return false;
}
