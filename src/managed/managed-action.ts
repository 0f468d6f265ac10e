import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { ObjectRow } from '../model/repository.ts';
import { toQuery } from '../model/to-query.ts';
import type { RequestContext } from '../resource/context.ts';
import { contextFor } from '../resource/script-context.ts';
import { queryPage } from '../resource/query-page.ts';
import type { ActionRequest, QueryRequest, ResourceRequest } from '../resource/request.ts';
import { namedObject } from './commit-writes.ts';
import type { ResolveQuery } from './managed-collection.ts';
import { patchObject } from './managed-patch.ts';
import type { ManagedType } from './managed-type.ts';
import { scriptRequest } from './script-request.ts';
import { hiddenFrom } from './shown-object.ts';
import { readRow, writeOne, writeUntilSettled } from './write-one.ts';

export interface ActionParts {
  readonly type: ManagedType;
  readonly resolve: ResolveQuery;
  /** What a writer is answered. */
  readonly answer: (
    type: ManagedType,
    row: ObjectRow,
    request: ResourceRequest,
    context: RequestContext,
  ) => Promise<StoredObject>;
}

/**
 * `patch` and `triggerSyncCheck`, of one object or of those that a query finds, and the actions of the configuration
 * (specification §2.7). The query of an action is in its parameters.
 */
export async function managedAction(
  parts: ActionParts,
  request: ActionRequest,
  id: string,
  context: RequestContext,
): Promise<Json> {
  const { type, answer } = parts;
  const { action, content } = request;
  if (action === 'patch') {
    const subject = id === '' ? await onlyOne(parts, request, context) : id;
    const row = await patchObject(type, request, { id: subject, operations: content, rev: null }, context);
    return (await answer(type, row, request, context)).object;
  }
  if (action === 'triggerSyncCheck') {
    if (id === '') return checkAll(parts, request, context);
    return (await answer(type, await checkOne(type, id, request, context), request, context)).object;
  }
  if (id === '' || !Object.hasOwn(type.compiled.config.actions, action))
    throw new Failure('bad-request', `Action ${action} is not supported.`);
  const row = await runAction(type, request, id, context);
  return (await answer(type, row, request, context)).object;
}

/** The one object that a patch by query means. */
async function onlyOne(parts: ActionParts, request: ActionRequest, context: RequestContext): Promise<string> {
  const { objects } = await find(parts, request, context, 2);
  if (objects.length === 0) throw new Failure('not-found', 'Query returned no results');
  if (objects.length > 1) throw new Failure('internal', 'Query result must yield one matching object');
  return objects[0]!.id;
}

async function find(
  { type, resolve }: ActionParts,
  request: ActionRequest,
  context: RequestContext,
  pageSize: number,
): ReturnType<typeof queryPage> {
  const wanted: QueryRequest = {
    verb: 'query',
    path: type.path,
    parameters: {},
    fields: null,
    query: toQuery(request.parameters),
    sortKeys: [],
    pageSize,
    cookie: null,
    offset: 0,
    totals: 'NONE',
  };
  const hidden = hiddenFrom(context.caller, type);
  return queryPage(type.repository.objects, type.name, wanted, { resolve, hidden });
}

/** Writes the object as it is: computed properties are computed again, and whoever listens is told if something differs. */
async function checkOne(
  type: ManagedType,
  id: string,
  request: ActionRequest,
  context: RequestContext,
): Promise<ObjectRow> {
  return writeUntilSettled(type, { id, rev: null, context }, async () => {
    const before = await readRow(type, id);
    const object = await recomputed(type, before, request, context);
    const wanted = { kind: 'update', id, object, before, request: scriptRequest(request) } as const;
    return writeOne(type, wanted, { operation: 'update' }, context);
  });
}

/** The object with its virtual properties as `onRetrieve` gives them now. */
async function recomputed(
  type: ManagedType,
  before: ObjectRow,
  request: ActionRequest,
  context: RequestContext,
): Promise<JsonObject> {
  const virtual = type.compiled.config.properties.filter((property) => property.isVirtual);
  if (virtual.length === 0 || type.scripts === null || !type.scripts.has('retrieve')) return before.doc;
  const object = namedObject({ ...before, doc: type.protection.openIfPossible(before.doc) });
  const item = {
    object,
    oldObject: null,
    request: scriptRequest(request),
    resourceName: `${type.path}/${before.id}`,
    context: contextFor(context),
  };
  const [result] = await type.scripts.run('retrieve', [item], context);
  if (result instanceof Failure) throw result;
  if (!isJsonObject(result)) return before.doc;
  const fresh = virtual.filter(({ name }) => Object.hasOwn(result, name));
  return { ...before.doc, ...Object.fromEntries(fresh.map(({ name }) => [name, result[name]!])) };
}

/** Objects that one call looks at. */
const MAX_CHECKED = 10_000;

async function checkAll(parts: ActionParts, request: ActionRequest, context: RequestContext): Promise<Json> {
  const { objects } = await find(parts, request, context, MAX_CHECKED);
  for (const { id } of objects) {
    context.signal?.throwIfAborted();
    await checkOne(parts.type, id, request, context);
  }
  return { status: 'OK', countTriggered: objects.length };
}

/** Runs the script of an action on the object; the object afterwards. */
async function runAction(
  type: ManagedType,
  request: ActionRequest,
  id: string,
  context: RequestContext,
): Promise<ObjectRow> {
  const row = await readRow(type, id);
  const { scripts, path } = type;
  if (scripts === null) return row;
  const item = {
    object: namedObject({ ...row, doc: type.protection.openIfPossible(row.doc) }),
    oldObject: null,
    request: scriptRequest(request),
    resourceName: `${path}/${id}`,
    context: contextFor(context),
    action: request.action,
    variables: { ...request.parameters, ...(isJsonObject(request.content) ? request.content : {}) },
  };
  const [result] = await scripts.run('action', [item], context);
  if (result instanceof Failure) throw result;
  return readRow(type, id);
}
