import { Failure } from '../base/failure.ts';
import { deepEqual, isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { parsePointer } from '../base/json-pointer.ts';
import { applyOperations } from '../base/patch.ts';
import { checkPatchLength } from '../base/patch-budget.ts';
import type { ObjectWrite, StoredObject } from '../model/object-set.ts';
import { refuseUnaddressable } from '../resource/addressable.ts';
import type { RequestContext } from '../resource/context.ts';
import type { CreateRequest, DeleteRequest, PatchRequest, UpdateRequest } from '../resource/request.ts';
import { isMultiValued, readObject, type SystemCollection } from './system-place.ts';

/** What came of a write, for the answer and the audit. */
export interface Written {
  readonly answer: StoredObject;
  readonly before: StoredObject | null;
  readonly changed: readonly string[];
}

/** Specification §10.3. An id of the caller's is possible where the external system takes one. */
export async function createObject(
  collection: SystemCollection,
  { newId, content }: CreateRequest,
  objectId: string,
  { mode, signal }: RequestContext,
): Promise<Written> {
  const { set, path } = collection;
  if (objectId !== '') throw new Failure('bad-request', `objects are created in ${path}, not below one of them`);
  const { _id: given, _rev, ...object } = content;
  const { acceptsIds } = set.traits;
  refuseOtherId(path, newId, given);
  refuseUnaddressableName(collection, object);
  // Before all else, so that a PUT of what is there becomes an update, a rename included.
  if (newId !== null && (await set.readMany([newId], signal)).has(newId))
    throw new Failure('exists', `${path}/${newId} exists already`);
  if (newId !== null && !acceptsIds) nameById(collection, newId, object);
  if (newId === null && !acceptsIds) refuseOwnId(collection, given, object);
  const wanted = newId ?? (typeof given === 'string' && given !== '' ? given : null);
  const id = acceptsIds ? wanted : null;
  const changed = Object.keys(object);
  const write: ObjectWrite = { kind: 'create', id, object: withoutNulls(object) };
  if (mode === 'plan')
    return { answer: { id: id ?? '', rev: null, object: { _id: id, ...object } }, before: null, changed };
  return { answer: await written(collection, write, signal), before: null, changed };
}

/** An id in the content can be no other than the name. */
function refuseOwnId({ path, properties }: SystemCollection, given: Json | undefined, object: JsonObject): void {
  if (given === undefined || given === null || given === '') return;
  const name = namingAttribute(properties);
  if (name === undefined || !deepEqual(object[name] ?? null, given)) throw ownId(path);
}

function namingAttribute(properties: SystemCollection['properties']): string | undefined {
  return Object.keys(properties).find((key) => properties[key]!.nativeName === '__NAME__');
}

function ownId(path: string): Failure {
  return new Failure(
    'bad-request',
    `Create with client provided ID is not supported. ${path} gives the id itself: leave "_id" out`,
  );
}

/** Where the naming attribute gives the id, an id in the path stands for that attribute. */
function nameById({ path, properties }: SystemCollection, id: string, object: JsonObject): void {
  const name = namingAttribute(properties);
  if (name === undefined || !isSame(object[name] ?? id, id)) throw ownId(path);
  object[name] = id;
}

/** Sets only the attributes of the body; null or an empty list clears one. */
export async function updateObject(
  collection: SystemCollection,
  { content, rev }: UpdateRequest,
  objectId: string,
  context: RequestContext,
): Promise<Written> {
  const before = await readObject(collection, objectId, context.signal);
  const { _id, _rev, ...attributes } = content;
  refuseOtherId(collection.path, before.id, _id);
  return change(collection, before, { ...before.object, ...attributes }, rev, context);
}

export async function patchObject(
  collection: SystemCollection,
  { operations, rev }: PatchRequest,
  objectId: string,
  context: RequestContext,
): Promise<Written> {
  const before = await readObject(collection, objectId, context.signal);
  const after = applyOperations(before.object, valueByValue(collection, operations));
  refuseOtherId(collection.path, before.id, after['_id']);
  return change(collection, before, after, rev, context);
}

/** Answers the object as it was. */
export async function deleteObject(
  collection: SystemCollection,
  { rev }: DeleteRequest,
  objectId: string,
  { mode, signal }: RequestContext,
): Promise<Written> {
  const before = await readObject(collection, objectId, signal);
  ensureRevision(collection, before, rev);
  if (mode === 'live') await write(collection, { kind: 'delete', id: objectId, rev: before.rev }, signal);
  return { answer: before, before, changed: [] };
}

async function change(
  collection: SystemCollection,
  before: StoredObject,
  after: JsonObject,
  rev: string | null,
  { mode, signal }: RequestContext,
): Promise<Written> {
  ensureRevision(collection, before, rev);
  const names = new Set([...Object.keys(before.object), ...Object.keys(after)]);
  const { properties } = collection;
  // What begins with "_" is ignored, unless it is an attribute of the type: `__ENABLE__`, `__PASSWORD__`.
  const isMeant = (name: string): boolean =>
    !name.startsWith('_') || (name !== '_id' && Object.hasOwn(properties, name));
  const changed = [...names].filter(
    (name) => isMeant(name) && !isSame(before.object[name], Object.hasOwn(after, name) ? after[name] : undefined),
  );
  if (changed.length === 0) return { answer: before, before, changed };
  refuseUnaddressableName(collection, after);
  const { _id, _rev, ...attributes } = after;
  const object = withoutNulls(attributes);
  if (mode === 'plan') return { answer: { ...before, object: { _id: before.id, ...object } }, before, changed };
  const write: ObjectWrite = { kind: 'update', id: before.id, rev: before.rev, object, changed };
  return { answer: await written(collection, write, signal), before, changed };
}

/** A revision that cannot be checked is refused: whoever sends one relies on it. */
function ensureRevision({ path }: SystemCollection, { id, rev }: StoredObject, wanted: string | null): void {
  if (wanted === null || wanted === rev) return;
  const fault =
    rev === null
      ? `has no revisions, so that ${wanted} cannot be checked; send If-Match: *, or no revision`
      : `has revision ${rev}, not ${wanted}`;
  throw new Failure('revision', `${path}/${id} ${fault}`);
}

/** The id of an object is in its path; a rename is a change of its naming attribute. */
function refuseOtherId(path: string, id: string | null, given: Json | undefined): void {
  if (id === null || given === undefined || given === null || given === '' || given === id) return;
  throw new Failure(
    'bad-request',
    `${path}: the "_id" of the content, ${shown(given)}, is not that of the path, ${id}`,
  );
}

function shown(value: Json): string {
  return JSON.stringify(value).slice(0, 100);
}

/** The name becomes the id, in most systems. */
function refuseUnaddressableName({ path, properties }: SystemCollection, object: JsonObject): void {
  const name = namingAttribute(properties);
  const value = name === undefined ? undefined : object[name];
  if (typeof value === 'string') refuseUnaddressable(value, path);
}

/** Absent, null and an empty list are the same outside. */
function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return deepEqual(isNothing(a) ? null : a, isNothing(b) ? null : b);
}

function isNothing(value: Json | undefined): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}

function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => !isNothing(value)));
}

/** A list given to `add` or `remove` for a multi-valued attribute stands for its values. */
function valueByValue({ properties }: SystemCollection, operations: Json): readonly Json[] {
  checkPatchLength(operations);
  return operations.flatMap((one): Json[] => {
    if (!isJsonObject(one) || typeof one['field'] !== 'string') return [one];
    const { operation, field, value = null } = one;
    const pointer = parsePointer(field);
    const [name] = pointer;
    const property = name !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (pointer.length !== 1 || property === undefined || !isMultiValued(property) || value === null) return [one];
    const values = Array.isArray(value) ? value : [value];
    const place = field.startsWith('/') ? field : `/${field}`;
    if (operation === 'add') return values.map((item) => ({ operation, field: `${place}/-`, value: item }));
    return operation === 'remove' ? values.map((item) => ({ operation, field: place, value: item })) : [one];
  });
}

/** The object as it is after the write, under the id that it has then. */
async function written(collection: SystemCollection, one: ObjectWrite, signal?: AbortSignal): Promise<StoredObject> {
  const id = await write(collection, one, signal);
  return readObject(collection, id, signal);
}

async function write({ set, path }: SystemCollection, one: ObjectWrite, signal?: AbortSignal): Promise<string> {
  const [outcome] = await set.write([one], signal);
  if (outcome === undefined) throw new Failure('internal', `${path} gave no outcome of a write`);
  if (!outcome.ok) throw new Failure(outcome.code, outcome.message);
  return outcome.id;
}
