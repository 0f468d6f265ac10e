import { Failure } from '../../base/failure.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { NAME, PASSWORD, UID } from '../../connector/object-type.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import type { AttributeValues, LdapValue, Modification } from '../../ldap/codec/message.ts';
import { dnKey } from '../../ldap/dn/compare-dn.ts';
import { parseDn } from '../../ldap/dn/parse-dn.ts';
import { ENABLE, enableValue, neededRule } from './enable.ts';
import {
  GROUPS,
  MEMBER_IDS,
  POSIX_GROUPS,
  propertyOf,
  spellings,
  toLdapValue,
  type AttributePlan,
  type NativeAttribute,
} from './attribute-plan.ts';
import type { LdapSettings } from './ldap-settings.ts';
import { passwordValue } from './password-value.ts';
import type { ReadyScope } from './ldap-scope.ts';

/** Native names that are not written as attributes. */
const APART = new Set([NAME, UID, GROUPS, POSIX_GROUPS, MEMBER_IDS, ENABLE]);

/** The attributes of a new entry: what is given, its classes, and what its name says. */
export function newEntry(
  { plan, entryClass, directory }: ReadyScope,
  dn: string,
  native: JsonObject,
): AttributeValues[] {
  const attributes = new Map<string, { name: string; values: LdapValue[] }>();
  const add = (name: string, values: readonly LdapValue[]): void => {
    const key = name.toLowerCase();
    const present = attributes.get(key) ?? { name, values: [] };
    const known = new Set(present.values.map((value) => textKey(value).toLowerCase()));
    present.values.push(...values.filter((value) => !known.has(textKey(value).toLowerCase())));
    attributes.set(key, present);
  };
  add('objectClass', entryClass.objectClasses);
  for (const [name, value] of Object.entries(native)) {
    if (APART.has(name) || value === null) continue;
    const { name: attribute, values } = attributeValues(plan, directory.settings, name, value);
    if (attribute.toLowerCase() === 'objectclass') add(attribute, values);
    else if (values.length > 0) attributes.set(attribute.toLowerCase(), { name: attribute, values: [...values] });
  }
  for (const { type, value } of parseDn(dn)[0] ?? []) add(type, [value]);
  const enabled = native[ENABLE] ?? null;
  if (enabled !== null) {
    const rule = neededRule(plan.enable);
    const given = attributes.get(rule.attribute.toLowerCase())?.values[0];
    const value = enableValue(rule, enabled, given === undefined ? null : textKey(given));
    if (value !== null) attributes.set(rule.attribute.toLowerCase(), { name: rule.attribute, values: [value] });
  }
  return [...attributes.values()].filter(({ values }) => values.length > 0);
}

/** Does the entry have to be read before these attributes can be changed? Of a list only the values that differ are written. */
export function needsEntry({ type, plan }: Pick<ReadyScope, 'type' | 'plan'>, native: JsonObject): boolean {
  if (Object.hasOwn(native, ENABLE) && plan.enable?.needsValue === true) return true;
  return Object.keys(native).some((name) => name === NAME || propertyOf(type, name)?.isMultiValued === true);
}

/** Attributes to read for that: the lists, and those of the names before and after. */
export function neededAttributes({ type, plan }: ReadyScope, native: JsonObject): readonly string[] {
  const lists = Object.keys(native).filter(
    (name) => !APART.has(name) && propertyOf(type, name)?.isMultiValued === true,
  );
  const enable = Object.hasOwn(native, ENABLE) && plan.enable !== null ? [plan.enable.attribute] : [];
  const names = [...lists, ...enable];
  return names.length === 0 ? ['1.1'] : names;
}

/** The changes that lead from the entry to the wanted attributes; null clears one. `present`: its values, where they were read. */
export function modifications(
  { plan, type, directory, facts }: ReadyScope,
  native: JsonObject,
  present: (attribute: NativeAttribute) => readonly Buffer[] | null,
): Modification[] {
  const enabling = enableChange(plan, native, present);
  const changes: Modification[] = enabling === null ? [] : [enabling];
  for (const [nativeName, value] of Object.entries(native)) {
    if (APART.has(nativeName) || nativeName.toLowerCase() === enabling?.name.toLowerCase()) continue;
    const { name, values } = attributeValues(plan, directory.settings, nativeName, value);
    const attribute = plan.attribute(nativeName);
    const isList = nativeName !== PASSWORD && propertyOf(type, nativeName)?.isMultiValued === true;
    const before = isList ? present(attribute) : null;
    if (before === null) changes.push({ operation: 'replace', name, values });
    else changes.push(...difference(name, before, values, attribute.isDn && facts.schema !== null));
  }
  return changes;
}

/** Null: it is not asked for. A value that is given for the same attribute is where it starts from. */
function enableChange(
  plan: AttributePlan,
  native: JsonObject,
  present: (attribute: NativeAttribute) => readonly Buffer[] | null,
): Modification | null {
  if (!Object.hasOwn(native, ENABLE)) return null;
  const rule = neededRule(plan.enable);
  const key = rule.attribute.toLowerCase();
  const given = Object.keys(native).find((name) => name.toLowerCase() === key);
  const before =
    given === undefined ? present(plan.attribute(rule.attribute))?.[0]?.toString('utf8') : String(native[given]);
  const value = enableValue(rule, native[ENABLE]!, before ?? null);
  return { operation: 'replace', name: rule.attribute, values: value === null ? [] : [value] };
}

/** Values of an attribute in an entry, under any of its names; empty where it has none. */
export function valuesIn(
  entry: LdapEntry,
  { nativeName }: NativeAttribute,
  schema: ReadyScope['facts']['schema'],
): readonly Buffer[] {
  for (const key of spellings(nativeName, schema)) {
    const attribute = entry.attribute(key);
    if (attribute !== null) return attribute.values();
  }
  return [];
}

function difference(
  name: string,
  before: readonly Buffer[],
  after: readonly LdapValue[],
  isDn: boolean,
): Modification[] {
  const keyOf = isDn ? nameKey : textKey;
  const wanted = new Map(after.map((value) => [keyOf(value), value]));
  const known = new Set(before.map(keyOf));
  const removed = before.filter((value) => !wanted.has(keyOf(value)));
  const added = [...wanted].filter(([key]) => !known.has(key)).map(([, value]) => value);
  if (removed.length === 0 && added.length === 0) return [];
  if (removed.length + added.length > after.length)
    return [{ operation: 'replace', name, values: [...wanted.values()] }];
  const changes: Modification[] = [];
  if (removed.length > 0) changes.push({ operation: 'delete', name, values: removed });
  if (added.length > 0) changes.push({ operation: 'add', name, values: added });
  return changes;
}

function attributeValues(
  plan: AttributePlan,
  settings: LdapSettings,
  nativeName: string,
  value: Json,
): { name: string; values: LdapValue[] } {
  const list = value === null ? [] : Array.isArray(value) ? value : [value];
  if (nativeName === PASSWORD) {
    const { passwordAttribute, passwordForm } = settings;
    return { name: passwordAttribute, values: list.map((one) => passwordValue(String(one), passwordForm)) };
  }
  if (nativeName.startsWith('__'))
    throw new Failure('unsupported', `the native attribute ${nativeName} cannot be written to an LDAP directory`);
  const attribute = plan.attribute(nativeName);
  return { name: nativeName, values: list.map((one) => toLdapValue(attribute, one)) };
}

function textKey(value: LdapValue): string {
  return typeof value === 'string' ? value : Buffer.from(value).toString('utf8');
}

function nameKey(value: LdapValue): string {
  const text = textKey(value);
  try {
    return dnKey(text);
  } catch (error) {
    if (error instanceof Failure) return text;
    throw error;
  }
}
