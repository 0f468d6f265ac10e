import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import { formatPointer } from '../../base/json-pointer.ts';
import {
  MANAGED_HOOKS,
  MANAGED_PROPERTY_HOOKS,
  type ManagedObjectConfig,
  type ManagedPropertyConfig,
} from '../../managed/managed-config.ts';
import { readScript, readScripts } from './read-script.ts';
import type { ManagedObjectJson, ManagedPropertyJson } from './schema-managed.ts';

export interface ManagedPlace {
  readonly raw: JsonObject;
  readonly file: string;
  readonly pointer: string;
  /** What else is looked up by value. */
  readonly searchable: readonly string[];
}

/** Gives a type of managed objects its final shape, from either style of the file. */
export function readManagedObject(json: ManagedObjectJson, place: ManagedPlace): ManagedObjectConfig {
  const { pointer } = place;
  const properties = [
    ...(json.properties ?? []).map((property, i) =>
      readProperty(property.name, property, `${pointer}/properties/${i}`, []),
    ),
    ...Object.entries(json.schema?.properties ?? {}).map(([name, property]) =>
      readProperty(name, property, pointer + formatPointer(['schema', 'properties', name]), json.schema?.required),
    ),
  ];
  const indexed = properties.filter((property) => property.raw['searchable'] === true && isIndexable(property));
  const actions = Object.entries(json.actions).map(
    ([name, script]) => [name, readScript(script, pointer + formatPointer(['actions', name]))] as const,
  );
  return {
    name: json.name,
    hooks: readScripts(MANAGED_HOOKS, json, pointer),
    actions: Object.fromEntries(actions),
    properties,
    searchable: [...new Set([...place.searchable, ...indexed.map((property) => property.name)])],
    raw: place.raw,
    file: place.file,
    pointer,
  };
}

function readProperty(
  name: string,
  json: ManagedPropertyJson,
  pointer: string,
  required: Json | undefined,
): ManagedPropertyConfig {
  const types = typeof json.type === 'string' ? [json.type] : (json.type ?? []);
  const isVirtual = json.isVirtual || types.includes('virtual');
  const isComputed = isVirtual || types.includes('relationship');
  return {
    name,
    types,
    scope: json.scope.toLowerCase() === 'private' ? 'private' : 'public',
    isVirtual,
    returnByDefault: json.returnByDefault ?? !isComputed,
    isRequired: json.required === true || (Array.isArray(required) && required.includes(name)),
    encryption:
      json.encryption === undefined ? null : { key: json.encryption.key, cipher: json.encryption.cipher ?? null },
    secureHash: json.secureHash === undefined ? null : { algorithm: json.secureHash.algorithm },
    hooks: readScripts(MANAGED_PROPERTY_HOOKS, json, pointer),
    raw: isJsonObject(json) ? json : {},
    pointer,
  };
}

function isIndexable(property: ManagedPropertyConfig): boolean {
  const isPlain =
    property.encryption === null && property.secureHash === null && !property.types.includes('relationship');
  return isPlain && !property.types.includes('object');
}
