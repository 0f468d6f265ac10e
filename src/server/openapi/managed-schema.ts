import { isJsonObject, setOwn, type Json, type JsonObject } from '../../base/json.ts';
import { collection } from './collection.ts';
import type { NamedSchema, PathDescriptor } from './descriptor.ts';

/** A type of managed objects, as `conf/managed.json` has it in either style (specification §2.2). */
export interface ManagedSchema {
  readonly name: string;
  readonly raw: JsonObject;
}

/** The paths of a type, with a JSON Schema of its objects. */
export function managedPaths(type: ManagedSchema): readonly PathDescriptor[] {
  const answer = managedShape(type);
  return collection({
    path: `managed/${type.name}`,
    tag: 'managed',
    noun: type.name,
    answer,
    body: answer,
    collectionActions: [{ verb: 'action', action: 'patch', summary: `Change the one ${type.name} that a query finds` }],
    itemActions: [
      { verb: 'action', action: 'patch', summary: `Change a ${type.name}` },
      { verb: 'action', summary: `Other actions of a ${type.name}` },
    ],
  });
}

/**
 * What OpenIDM's extensions to JSON Schema mean in plain JSON Schema. Nothing is required, because `_fields` may leave out
 * anything, and every member may be null, because mappings clear attributes that way.
 */
export function managedShape({ name, raw }: ManagedSchema): NamedSchema {
  const properties: JsonObject = { _id: { type: 'string' }, _rev: { type: 'string' } };
  for (const [property, schema] of declaredProperties(raw))
    if (property !== '_id' && property !== '_rev') setOwn(properties, property, propertySchema(schema, 0));
  return { name: `Managed_${name.replace(/[^\w.-]/g, '_')}`, jsonSchema: { type: 'object', properties } };
}

function declaredProperties(raw: JsonObject): readonly (readonly [string, Json])[] {
  if (Array.isArray(raw['properties']))
    return raw['properties'].flatMap((one) =>
      isJsonObject(one) && typeof one['name'] === 'string' ? [[one['name'], one] as const] : [],
    );
  const schema = raw['schema'];
  const properties = isJsonObject(schema) ? schema['properties'] : null;
  return isJsonObject(properties) ? Object.entries(properties) : [];
}

const MAX_DEPTH = 8;
const TYPES: ReadonlySet<string> = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']);
const TEXTS = ['title', 'description'] as const;

function propertySchema(raw: Json, depth: number): JsonObject {
  if (!isJsonObject(raw) || depth > MAX_DEPTH) return {};
  const result: JsonObject = {};
  for (const key of TEXTS) if (typeof raw[key] === 'string' && raw[key] !== '') result[key] = raw[key];
  if (String(raw['scope']).toLowerCase() === 'private') result['writeOnly'] = true;
  if (isAlteredAtRest(raw)) return result;
  const types = typesOf(raw['type']);
  if (types.length === 0) return result;
  result['type'] = [...new Set([...types, 'null'])];
  if (types.includes('array')) result['items'] = propertySchema(raw['items'] ?? {}, depth + 1);
  if (types.includes('object') && isJsonObject(raw['properties']))
    result['properties'] = inner(raw['properties'], depth);
  return result;
}

/** Read as a `$crypto` object, whatever its type is. */
function isAlteredAtRest(raw: JsonObject): boolean {
  return isJsonObject(raw['encryption']) || isJsonObject(raw['secureHash']);
}

function typesOf(type: Json | undefined): readonly string[] {
  const names = (Array.isArray(type) ? type : [type]).map((one) => (one === 'relationship' ? 'object' : one));
  const known = names.filter((one): one is string => typeof one === 'string' && TYPES.has(one));
  return known.length === names.length ? known : [];
}

function inner(properties: JsonObject, depth: number): JsonObject {
  const result: JsonObject = {};
  for (const [name, schema] of Object.entries(properties)) setOwn(result, name, propertySchema(schema, depth + 1));
  return result;
}
