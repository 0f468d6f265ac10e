import { Failure, messageOf } from '../../base/failure.ts';
import { setOwn, type Json, type JsonObject } from '../../base/json.ts';
import { ENABLE, isEnabledIn } from './enable.ts';
import { NAME, type ObjectType } from '../../connector/object-type.ts';
import { asciiLower } from '../../ldap/codec/ascii-lower.ts';
import { strictText } from '../../ldap/codec/value-text.ts';
import { valueRange } from '../../ldap/codec/attribute-description.ts';
import type { LdapAttribute } from '../../ldap/codec/ldap-attribute.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import type { RowFault, StoredObject } from '../../model/object-set.ts';
import { fromLdapValue, guidText, type AttributePlan, type NativeAttribute } from './attribute-plan.ts';

/** Attributes that Active Directory gives in parts; their names as they are to be asked for. */
export function cutAttributes(entry: LdapEntry): readonly string[] {
  let names: string[] | null = null;
  for (const { description } of entry.attributes)
    if (description.options.length > 0 && valueRange(description) !== null) (names ??= []).push(description.name);
  return names ?? NONE;
}

const NONE: readonly string[] = [];

/** Whole lists in place of the parts, by the attribute's name in lower case. */
export type WholeValues = ReadonlyMap<string, readonly Buffer[]>;

/** The id of an entry: its name, or the value of the attribute that is the id. Null where it has none. */
export function entryId(entry: LdapEntry, uidAttribute: string): string | null {
  if (uidAttribute === 'dn') return entry.dn;
  const attribute = entry.attribute(uidAttribute);
  if (attribute === null || attribute.count === 0) return null;
  return asciiLower(uidAttribute) === 'objectguid' ? guidText(attribute.value()!) : attribute.text();
}

export interface ReadRules {
  readonly type: ObjectType;
  readonly plan: AttributePlan;
  readonly uidAttribute: string;
}

/** The entry as mappings see it, or why it cannot be. `related`: what stands in other entries, by native names. */
export function readEntry(
  { type, plan, uidAttribute }: ReadRules,
  entry: LdapEntry,
  whole: WholeValues | null,
  related: JsonObject | null,
): StoredObject | RowFault {
  let id: string | null = null;
  try {
    id = entryId(entry, uidAttribute);
    if (id === null) throw new Failure('invalid-data', `it has no ${uidAttribute}, which is its id ("uidAttribute")`);
    const native = nativeOf(plan, entry, whole);
    native[NAME] = entry.dn;
    if (plan.wantsEnable) native[ENABLE] = isEnabledIn(plan.enable!, entry);
    Object.assign(native, related);
    return { id, rev: null, object: type.toObject(id, native) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { id, place: `entry "${entry.dn}"`, message: messageOf(error) };
  }
}

export function isFault(row: StoredObject | RowFault): row is RowFault {
  return 'place' in row;
}

function nativeOf({ byKey }: AttributePlan, entry: LdapEntry, whole: WholeValues | null): JsonObject {
  const native: JsonObject = {};
  for (const attribute of entry.attributes) {
    const { key, options } = attribute.description;
    const found = byKey.get(key);
    if (found !== undefined && attribute.count > 0) setOwn(native, found.nativeName, valueOf(found, attribute));
    else if (options.length > 0 && whole !== null) putWhole(native, byKey, attribute, whole);
  }
  return native;
}

/** Text, or a list of texts where there are more than one. */
function valueOf(rule: NativeAttribute, attribute: LdapAttribute): Json {
  if (rule.form === 'text') return attribute.count === 1 ? attribute.text() : attribute.texts();
  const texts = attribute.values().map((bytes) => fromLdapValue(rule, bytes));
  return texts.length === 1 ? texts[0]! : texts;
}

function putWhole(
  native: JsonObject,
  byKey: AttributePlan['byKey'],
  { description }: LdapAttribute,
  whole: WholeValues,
): void {
  const key = asciiLower(description.name);
  const rule = byKey.get(key);
  const values = whole.get(key);
  if (rule === undefined || values === undefined) return;
  const texts = values.map((bytes) => (rule.form === 'text' ? textOf(rule, bytes) : fromLdapValue(rule, bytes)));
  setOwn(native, rule.nativeName, texts);
}

function textOf({ nativeName }: NativeAttribute, bytes: Buffer): string {
  const text = strictText(bytes, 0, bytes.length);
  if (text === null) throw new Failure('invalid-data', `a value of ${nativeName} is not UTF-8`);
  return text;
}
