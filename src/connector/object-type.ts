import { Failure } from '../base/failure.ts';
import { setOwn, type Json, type JsonObject } from '../base/json.ts';
import type { ObjectTypeConfig, PropertyConfig } from './contract.ts';
import { coercion, kindOfNative, type Coercion } from './coercion.ts';

/** Native attributes: nativeName → value. In an update `null` means: clear. */
export type NativeObject = JsonObject;

/** The conversion between native attributes and the object as mappings see it, compiled once per object type. */
export interface ObjectType {
  readonly nativeType: string;
  readonly properties: readonly Property[];
  property(name: string): Property | undefined;
  /**
   * What a mapping sees: `_id` and every attribute that is returned by default. Absent and null attributes are left out.
   * The result shares nothing with `native`. Throws `Failure('invalid-data')` naming the attribute.
   */
  toObject(id: string, native: NativeObject): JsonObject;
  /** What to create. Throws `Failure('bad-request')` for an unknown attribute or a required one that is missing. */
  toCreate(object: JsonObject): NativeObject;
  /** What to set, for the `changed` attributes only; null clears. */
  toUpdate(object: JsonObject, changed: readonly string[]): NativeObject;
}

export interface Property {
  readonly name: string;
  readonly nativeName: string;
  readonly isMultiValued: boolean;
  /** Part of what a read returns when no fields are asked for. */
  readonly isReturned: boolean;
  readonly isQueryable: boolean;
  readonly isCreatable: boolean;
  readonly isUpdateable: boolean;
  readonly isRequired: boolean;
  /** A single text is read as it stands. */
  readonly isText: boolean;
  /** Native value → seen value. Null when nothing is left. */
  readonly read: (value: Json) => Json;
  /** Seen value → native value. Null when nothing is left. */
  readonly write: (value: Json) => Json;
}

/** The native name that is always the object's id. */
export const UID = '__UID__';
/** The native name of the naming attribute. */
export const NAME = '__NAME__';
export const PASSWORD = '__PASSWORD__';

export function compileObjectType(config: ObjectTypeConfig): ObjectType {
  const properties = Object.entries(config.properties).map(([name, property]) => compileProperty(name, property));
  const byName = new Map(properties.map((property) => [property.name, property]));
  const returned = properties.filter((property) => property.isReturned && property.nativeName !== UID);
  const idNames = properties.filter((property) => property.isReturned && property.nativeName === UID);
  const required = properties.filter((property) => property.isRequired && property.isCreatable);
  return {
    nativeType: config.nativeType,
    properties,
    property: (name) => byName.get(name),
    toObject: (id, native) => toObject(id, native, returned, idNames),
    toCreate: (object) => {
      for (const property of required) requireValue(property, object);
      return toNative(object, Object.keys(object), byName, 'create');
    },
    toUpdate: (object, changed) => toNative(object, changed, byName, 'update'),
  };
}

function toObject(
  id: string,
  native: NativeObject,
  returned: readonly Property[],
  idNames: readonly Property[],
): JsonObject {
  const object: JsonObject = { _id: id };
  for (const { name } of idNames) setOwn(object, name, id);
  for (const property of returned) {
    const value = native[property.nativeName];
    if (value === undefined || value === null || typeof value === 'function') continue;
    const seen = property.isText && typeof value === 'string' ? value : property.read(value);
    if (seen !== null) setOwn(object, property.name, seen);
  }
  return object;
}

function toNative(
  object: JsonObject,
  names: readonly string[],
  byName: ReadonlyMap<string, Property>,
  operation: 'create' | 'update',
): NativeObject {
  const native: NativeObject = {};
  for (const name of names) {
    const property = byName.get(name);
    if (property === undefined) {
      if (name.startsWith('_')) continue;
      throw new Failure('bad-request', `Target does not support attribute ${name}`);
    }
    const isWritable = operation === 'create' ? property.isCreatable : property.isUpdateable;
    if (!isWritable || property.nativeName === UID) continue;
    const value = Object.hasOwn(object, name) ? property.write(object[name]!) : null;
    if (value !== null || operation === 'update') putOnce(native, property, value);
  }
  return native;
}

/** Two properties may share a native name (`uid` and `__NAME__`); they must then agree. */
function putOnce(native: NativeObject, { nativeName, name }: Property, value: Json): void {
  const present = Object.hasOwn(native, nativeName) ? native[nativeName]! : null;
  if (present === null) setOwn(native, nativeName, value);
  else if (value !== null && JSON.stringify(value) !== JSON.stringify(present))
    throw new Failure('bad-request', `attribute '${name}' and another attribute give ${nativeName} different values`);
}

function requireValue({ name, write }: Property, object: JsonObject): void {
  const value = Object.hasOwn(object, name) ? object[name]! : null;
  if (write(value) === null) throw new Failure('bad-request', `Required attribute '${name}' value is null`);
}

function compileProperty(name: string, config: PropertyConfig): Property {
  const flags = new Set(config.flags);
  const isMultiValued = config.type === 'array' || flags.has('MULTIVALUED');
  const seenKind = config.type === 'array' ? (config.itemType ?? 'any') : config.type;
  const nativeKind = kindOfNative(config.nativeType) ?? seenKind;
  const read = coercion(name, seenKind);
  const write = coercion(name, nativeKind);
  return {
    name,
    nativeName: config.nativeName,
    isMultiValued,
    isReturned: !flags.has('NOT_READABLE') && !flags.has('NOT_RETURNED_BY_DEFAULT'),
    isQueryable: !flags.has('NOT_READABLE') && !flags.has('NOT_QUERYABLE'),
    isCreatable: !flags.has('NOT_CREATABLE'),
    isUpdateable: !flags.has('NOT_UPDATEABLE'),
    isRequired: config.isRequired || flags.has('REQUIRED'),
    isText: !isMultiValued && seenKind === 'string',
    read: isMultiValued ? manyOf(read) : oneOf(name, read),
    write: isMultiValued ? manyOf(write) : oneOf(name, write),
  };
}

function manyOf(coerce: Coercion): (value: Json) => Json {
  return (value) => {
    if (value === null) return null;
    const values = (Array.isArray(value) ? value : [value]).filter((item) => item !== null).map(coerce);
    return values.length === 0 ? null : values;
  };
}

function oneOf(name: string, coerce: Coercion): (value: Json) => Json {
  return (value) => {
    if (value === null) return null;
    if (!Array.isArray(value)) return coerce(value);
    if (value.length > 1)
      throw new Failure('invalid-data', `attribute '${name}' is single-valued, but there are ${value.length} values`);
    return value.length === 0 || value[0] === null ? null : coerce(value[0]!);
  };
}
