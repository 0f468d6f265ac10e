import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import { isStorableId, unstorableId, type StoredObject } from '../model/object-set.ts';
import type { ObjectRow } from '../model/repository.ts';
import type { RequestContext } from '../resource/context.ts';
import { contextFor } from '../resource/script-context.ts';
import { queryPage } from '../resource/query-page.ts';
import type {
  CreateRequest,
  DeleteRequest,
  QueryRequest,
  ReadRequest,
  ResourceRequest,
  UpdateRequest,
} from '../resource/request.ts';
import type { QueryResult, Resource } from '../resource/resource.ts';
import { namedObject } from './commit-writes.ts';
import { managedAction } from './managed-action.ts';
import type { ResolveQuery } from './managed-collection.ts';
import { patchObject } from './managed-patch.ts';
import type { ManagedStage } from './managed-stages.ts';
import type { ManagedType } from './managed-type.ts';
import { scriptRequest } from './script-request.ts';
import { hiddenFrom, shownObject } from './shown-object.ts';
import { inTurn, readRow, refusedRevision, writeOne, writeUntilSettled } from './write-one.ts';

export interface ManagedServiceOptions {
  readonly type: ManagedType;
  /** The filter behind a predefined query. */
  readonly resolve: ResolveQuery;
}

/**
 * The objects of one managed type as a resource, to be mounted at `managed/<type>` (specification §2): create, read, update,
 * delete, patch, query, and the actions `patch`, `triggerSyncCheck` and those of the configuration.
 *
 * Fails with `not-found`, `exists`, `revision` (a given revision is not the stored one), `denied` (policies, `onValidate`),
 * and with the status that a hook throws.
 */
export function openManagedService(options: ManagedServiceOptions): Resource {
  const { type } = options;
  return {
    create: (request, id, context) => create(type, request, id, context),
    read: (request, id, context) => read(type, request, id, context),
    update: (request, id, context) => update(type, request, id, context),
    delete: (request, id, context) => remove(type, request, id, context),
    patch: async (request, id, context) => {
      const { operations, rev } = request;
      return answer(type, await patchObject(type, request, { id, operations, rev }, context), request, context);
    },
    query: (request, id, context) => query(options, request, id, context),
    action: (request, id, context) => managedAction({ ...options, answer }, request, id, context),
  };
}

async function create(
  type: ManagedType,
  request: CreateRequest,
  id: string,
  context: RequestContext,
): Promise<StoredObject> {
  const { _id, _rev, ...object } = request.content;
  const inUrl = [id, request.newId].filter((one) => one !== null && one !== '').join('/') || null;
  const inBody = typeof _id === 'string' && _id !== '' ? _id : null;
  if (_id !== undefined && _id !== null && typeof _id !== 'string')
    throw new Failure('bad-request', `${type.path}: "_id" must be a text, not ${JSON.stringify(_id)}`);
  if (inUrl !== null && inBody !== null && inUrl !== inBody)
    throw new Failure(
      'bad-request',
      `${type.path}: the "_id" of the content, ${inBody}, is not that of the path, ${inUrl}`,
    );
  const newId = inUrl ?? inBody ?? type.newId();
  if (!isStorableId(newId)) throw new Failure('bad-request', unstorableId(newId));
  const wanted = { kind: 'create', id: newId, object, request: scriptRequest(request) } as const;
  const row = await inTurn(type, { id: newId, context }, () =>
    writeOne(type, wanted, { operation: 'create' }, context),
  );
  return answer(type, row, request, context);
}

async function read(
  type: ManagedType,
  request: ReadRequest,
  id: string,
  context: RequestContext,
): Promise<StoredObject> {
  const row = await readRow(type, id);
  const stored = await retrieve(type, 'read', toStored(row), request, context);
  return shownObject(type, stored, context.caller, request.fields);
}

async function update(
  type: ManagedType,
  request: UpdateRequest,
  id: string,
  context: RequestContext,
): Promise<StoredObject> {
  const { _id, _rev, ...object } = request.content;
  const { rev } = request;
  const written = await writeUntilSettled(type, { id, rev, context }, async () => {
    const before = await readRow(type, id);
    refusedRevision(type, before, rev);
    return writeOne(
      type,
      { kind: 'update', id, object, before, request: scriptRequest(request) },
      { operation: 'update' },
      context,
    );
  });
  return answer(type, written, request, context);
}

async function remove(
  type: ManagedType,
  request: DeleteRequest,
  id: string,
  context: RequestContext,
): Promise<StoredObject> {
  const { rev } = request;
  const gone = await writeUntilSettled(type, { id, rev, context }, async () => {
    const before = await readRow(type, id);
    refusedRevision(type, before, rev);
    return writeOne(
      type,
      { kind: 'delete', id, before, request: scriptRequest(request) },
      { operation: 'delete' },
      context,
    );
  });
  return shownObject(type, toStored(gone), context.caller, request.fields);
}

/** What a writer is answered: the object as it is stored, `onRetrieve` applied. */
async function answer(
  type: ManagedType,
  row: ObjectRow,
  request: ResourceRequest,
  context: RequestContext,
): Promise<StoredObject> {
  const stored = await retrieve(type, 'retrieve', toStored(row), request, context);
  return shownObject(type, stored, context.caller, request.fields);
}

function toStored(row: ObjectRow): StoredObject {
  return { id: row.id, rev: String(row.rev), object: namedObject(row) };
}

/** Fails as a whole if a script throws. */
async function retrieve(
  type: ManagedType,
  stage: ManagedStage,
  stored: StoredObject,
  request: ResourceRequest,
  context: RequestContext,
): Promise<StoredObject> {
  return (await retrieveAll(type, stage, [stored], request, context))[0]!;
}

async function retrieveAll(
  type: ManagedType,
  stage: ManagedStage,
  objects: readonly StoredObject[],
  request: ResourceRequest,
  context: RequestContext,
): Promise<readonly StoredObject[]> {
  const { scripts, path } = type;
  if (scripts === null || !scripts.has(stage)) return objects;
  const [seen, asked] = [contextFor(context), scriptRequest(request)];
  const items = objects.map(({ id, object }) => {
    return { object, oldObject: null, request: asked, resourceName: `${path}/${id}`, context: seen };
  });
  const results = await scripts.run(stage, items, context);
  return objects.map((stored, i) => {
    const result = results[i]!;
    if (result instanceof Failure) throw result;
    return { ...stored, object: result as JsonObject };
  });
}

async function query(
  { type, resolve }: ManagedServiceOptions,
  request: QueryRequest,
  id: string,
  context: RequestContext,
): Promise<QueryResult> {
  if (id !== '') throw new Failure('bad-request', `${type.path}/${id} is one object: query ${type.path}`);
  const hidden = hiddenFrom(context.caller, type);
  const page = await queryPage(type.repository.objects, type.name, request, { resolve, toStored, hidden });
  let { objects } = page;
  if (request.parameters['executeOnRetrieve'] === 'true')
    objects = await retrieveAll(type, 'retrieve', objects, request, context);
  objects = await retrieveAll(type, 'query', objects, request, context);
  return { ...page, objects: objects.map((one) => shownObject(type, one, context.caller, request.fields)) };
}
