import { readable } from '../model/unreadable-objects.ts';
import { Failure } from '../base/failure.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { PropertyConfig } from '../connector/contract.ts';
import type { ObjectSet, StoredObject } from '../model/object-set.ts';
import { ALL_TYPES, allTypes } from './all-types.ts';

/** A place below `system`: a system, one of its collections, an object. Everything after the type is the id. */
export interface SystemPlace {
  readonly name: string;
  readonly type: string;
  readonly objectId: string;
}

export function parsePlace(id: string): SystemPlace {
  const [name = '', type = '', ...rest] = id.split('/');
  return { name, type, objectId: rest.join('/') };
}

/** A collection of objects of an external system. */
export interface SystemCollection {
  readonly set: ObjectSet;
  /** `system/hr/account` */
  readonly path: string;
  readonly properties: Readonly<Record<string, PropertyConfig>>;
}

/** Rejects with `not-found` for an unknown system or type, with `unreachable` for a system that is disabled. */
export function collectionAt(lockstep: Lockstep, { name, type }: SystemPlace): SystemCollection {
  const path = `system/${name}/${type}`;
  if (name === '' || type === '') throw noCollection(lockstep, name);
  const types = lockstep.config.connectors.find((connector) => connector.name === name)?.objectTypes ?? {};
  if (type === ALL_TYPES && !Object.hasOwn(types, type)) {
    lockstep.connector(name); // rejects for a system that cannot be used, types or not
    const sets = Object.keys(types).map((one) => lockstep.objectSet(`system/${name}/${one}`, lockstep.repository));
    return { set: allTypes(path, sets), path, properties: {} };
  }
  const set = lockstep.objectSet(path, lockstep.repository);
  const properties = Object.hasOwn(types, type) ? types[type]!.properties : {};
  return { set, path, properties };
}

/** Throws `not-found` for an unknown system. */
function noCollection(lockstep: Lockstep, name: string): Failure {
  if (name !== '') lockstep.connector(name);
  const place = name === '' ? 'system' : `system/${name}`;
  return new Failure('bad-request', `'${place}' holds no objects; they are in system/<name>/<type>`);
}

export async function readObject(
  { set, path }: SystemCollection,
  objectId: string,
  signal?: AbortSignal,
): Promise<StoredObject> {
  if (objectId === '') throw new Failure('bad-request', `'${path}' is a collection: query it, or read ${path}/<id>`);
  const { found, unreadable } = await readable(set.readMany([objectId], signal));
  const broken = unreadable.get(objectId);
  // It lasts, so that it is no case for trying again (503).
  if (broken !== undefined)
    throw new Failure('incomplete-read', `${path}/${objectId} cannot be read: ${broken}`, { status: 500 });
  const stored = found.get(objectId);
  if (stored === undefined) throw new Failure('not-found', `Object ${objectId} not found on ${path}`);
  return stored;
}

export function isMultiValued({ type, flags }: PropertyConfig): boolean {
  return type === 'array' || flags.includes('MULTIVALUED');
}
