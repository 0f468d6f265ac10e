import { setOwn, type Json, type JsonObject } from '../../base/json.ts';
import { NAME, UID, type ObjectType, type Property } from '../../connector/object-type.ts';
import type { LdapAttribute } from '../../ldap/codec/ldap-attribute.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import { fromLdapValue, type AttributePlan, type NativeAttribute } from './attribute-plan.ts';

interface Slot {
  readonly rule: NativeAttribute;
  /** Places of the properties that the attribute gives. */
  readonly places: readonly number[];
}

export type ObjectReader = (id: string, entry: LdapEntry) => JsonObject;

/**
 * What `ObjectType.toObject` makes of an entry whose properties all stand in it: in one step, without native attributes in between, which
 * takes a third less time. Throws `Failure('invalid-data')`.
 */
export function objectReader(type: ObjectType, { byKey }: AttributePlan): ObjectReader {
  const returned = type.properties.filter(({ isReturned }) => isReturned);
  const idNames = returned.filter(({ nativeName }) => nativeName === UID).map(({ name }) => name);
  const properties = returned.filter(({ nativeName }) => nativeName !== UID);
  const placesOf = (wanted: string): readonly number[] =>
    properties.flatMap(({ nativeName }, i) => (nativeName === wanted ? [i] : []));
  const slots = new Map(
    [...byKey].map(([key, rule]): [string, Slot] => [key, { rule, places: placesOf(rule.nativeName) }]),
  );
  const namePlaces = placesOf(NAME);
  const values: (Json | undefined)[] = properties.map(() => undefined);
  return (id, entry) => {
    values.fill(undefined);
    for (const attribute of entry.attributes) {
      const slot = slots.get(attribute.description.key);
      if (slot === undefined || attribute.count === 0) continue;
      const value = valueOf(slot.rule, attribute);
      for (const place of slot.places) values[place] = value;
    }
    for (const place of namePlaces) values[place] = entry.dn;
    const object: JsonObject = { _id: id };
    for (const name of idNames) setOwn(object, name, id);
    for (const [i, property] of properties.entries()) put(object, property, values[i]);
    return object;
  };
}

/** Text, or a list of texts where there are more than one. */
export function valueOf(rule: NativeAttribute, attribute: LdapAttribute): Json {
  if (rule.form === 'text') return attribute.count === 1 ? attribute.text() : attribute.texts();
  const texts = attribute.values().map((bytes) => fromLdapValue(rule, bytes));
  return texts.length === 1 ? texts[0]! : texts;
}

function put(object: JsonObject, property: Property, value: Json | undefined): void {
  if (value === undefined) return;
  const seen = property.isText && typeof value === 'string' ? value : property.read(value);
  if (seen !== null) setOwn(object, property.name, seen);
}
