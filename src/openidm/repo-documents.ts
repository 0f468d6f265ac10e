import { Failure } from '../base/failure.ts';
import { setOwn, type JsonObject } from '../base/json.ts';
import type { NewId } from '../base/uuid.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { ObjectRow, Repository, RowWrite } from '../model/repository.ts';
import type { RequestContext } from '../resource/context.ts';
import { queryPage, storedRow, type QueriedReads } from '../resource/query-page.ts';
import type { CreateRequest, DeleteRequest, QueryRequest, UpdateRequest } from '../resource/request.ts';
import type { QueryResult } from '../resource/resource.ts';
import { commitOne } from './repo-commit.ts';
import { orEmpty } from './repo-reads.ts';
import { checkRevision, revisionOfDelete } from './repo-revision.ts';

/** A collection of raw objects: of a managed type, or any other that an administrator writes to. */
export interface DocumentCollection {
  readonly repository: Repository;
  /** For messages: `repo/managed/user`. */
  readonly path: string;
  /** Name of the type in the repository. */
  readonly type: string;
  readonly newId: NewId;
  /** The last segment of a path is the id, so that an id with a slash could not be asked for. */
  readonly hasPlainIds?: boolean;
  /** Called before the first object is written, which makes the type known. */
  readonly declare: () => Promise<void>;
  /** Attributes that external callers never see; what they leave out of an update stays as it was. */
  readonly hidden: ReadonlySet<string>;
  /** What is stored for what was sent; `stored` is null for a new object. */
  readonly storable: (content: JsonObject, stored: JsonObject | null) => Promise<JsonObject>;
  /** Does a write that makes `next` of an object (null: deletes it), or refuses it. None: every write is done. */
  readonly protect?: <T>(stored: ObjectRow, next: JsonObject | null, work: () => Promise<T>) => Promise<T>;
  readonly resolve: Parameters<typeof queryPage>[3]['resolve'];
}

const MAX_ATTEMPTS = 10;
const NOTHING: ReadonlySet<string> = new Set();

export async function createDocument(
  collection: DocumentCollection,
  { content }: CreateRequest,
  givenId: string | null,
  context: RequestContext,
): Promise<StoredObject> {
  const { type, path } = collection;
  const id = givenId ?? ownId(content) ?? collection.newId();
  if (collection.hasPlainIds === true && id.includes('/'))
    throw new Failure('bad-request', `${path}: the id ${JSON.stringify(id.slice(0, 100))} cannot have a slash here`);
  const doc = await collection.storable(bare(content), null);
  if (context.mode === 'plan') {
    if ((await find(collection, id)) !== null) throw new Failure('exists', `${path}/${id} already exists`);
  } else {
    await collection.declare();
    await write(collection, { kind: 'create', type, id, doc });
  }
  return shown(collection, { id, rev: 0, doc }, context);
}

export async function readDocument(
  collection: DocumentCollection,
  id: string,
  context: RequestContext,
): Promise<StoredObject> {
  return shown(collection, await existing(collection, id), context);
}

/** Without a revision the last writer wins. */
export async function updateDocument(
  collection: DocumentCollection,
  { rev, content }: UpdateRequest,
  id: string,
  context: RequestContext,
): Promise<StoredObject> {
  const { type, path } = collection;
  for (let attempt = 1; ; attempt++) {
    const stored = await existing(collection, id);
    checkRevision(rev, stored.rev, `${path}/${id}`);
    const doc = await collection.storable(withHidden(collection, bare(content), stored, context), stored.doc);
    try {
      if (context.mode === 'live')
        await replace(collection, stored, doc, { kind: 'update', type, id, rev: stored.rev, doc });
      return shown(collection, { id, rev: stored.rev + 1, doc }, context);
    } catch (thrown) {
      if (rev !== null || attempt >= MAX_ATTEMPTS || !isRevisionFailure(thrown)) throw thrown;
    }
  }
}

export async function deleteDocument(
  collection: DocumentCollection,
  request: DeleteRequest,
  id: string,
  context: RequestContext,
): Promise<StoredObject> {
  const { type, path } = collection;
  const rev = revisionOfDelete(request);
  const stored = await existing(collection, id);
  checkRevision(rev, stored.rev, `${path}/${id}`);
  if (context.mode === 'live') await replace(collection, stored, null, { kind: 'delete', type, id, rev: stored.rev });
  return shown(collection, stored, context);
}

export function queryDocuments(
  collection: DocumentCollection,
  request: QueryRequest,
  context: RequestContext,
): Promise<QueryResult> {
  const { type, repository, resolve } = collection;
  const reads: QueriedReads = {
    page: (name, one) => orEmpty(() => repository.objects.page(name, one), { rows: [], next: null }),
    count: (name, filter) => orEmpty(() => repository.objects.count(name, filter), 0),
  };
  return queryPage(reads, type, request, { resolve, hidden: hiddenFrom(collection, context) });
}

function replace(
  collection: DocumentCollection,
  stored: ObjectRow,
  next: JsonObject | null,
  object: RowWrite,
): Promise<void> {
  const work = (): Promise<void> => write(collection, object);
  return collection.protect === undefined ? work() : collection.protect(stored, next, work);
}

function write(collection: DocumentCollection, object: RowWrite): Promise<void> {
  return commitOne(collection.repository, { object });
}

async function existing(collection: DocumentCollection, id: string): Promise<ObjectRow> {
  const row = await find(collection, id);
  if (row !== null) return row;
  throw new Failure('not-found', `Object ${collection.path}/${id} not found`);
}

async function find({ repository, type }: DocumentCollection, id: string): Promise<ObjectRow | null> {
  const rows = await orEmpty(() => repository.objects.readMany(type, [id]), []);
  return rows[0] ?? null;
}

function hiddenFrom({ hidden }: DocumentCollection, { caller }: RequestContext): ReadonlySet<string> {
  return caller.isExternal ? hidden : NOTHING;
}

function shown(collection: DocumentCollection, row: ObjectRow, context: RequestContext): StoredObject {
  return storedRow(row, hiddenFrom(collection, context));
}

/** Nobody can send back what is not shown, so leaving it out does not remove it. */
function withHidden(
  collection: DocumentCollection,
  content: JsonObject,
  { doc }: ObjectRow,
  context: RequestContext,
): JsonObject {
  const kept: JsonObject = {};
  for (const name of hiddenFrom(collection, context))
    if (Object.hasOwn(doc, name) && !Object.hasOwn(content, name)) setOwn(kept, name, doc[name]!);
  return { ...content, ...kept };
}

function bare({ _id, _rev, ...rest }: JsonObject): JsonObject {
  return rest;
}

function ownId(content: JsonObject): string | null {
  const id = content['_id'];
  if (id === undefined || id === null || id === '') return null;
  if (typeof id === 'string') return id;
  throw new Failure('bad-request', `_id must be a text, not ${JSON.stringify(id).slice(0, 80)}`);
}

function isRevisionFailure(thrown: unknown): boolean {
  return thrown instanceof Failure && thrown.code === 'revision';
}
