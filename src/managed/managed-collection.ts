import type { Json, JsonObject } from '../base/json.ts';
import type { NewId } from '../base/uuid.ts';
import type { IdentifiedWrite, ManagedSet } from '../model/managed-set.ts';
import type {
  ObjectSetTraits,
  ObjectWrite,
  Query,
  ScanPage,
  ScanRequest,
  StoredObject,
  WriteOutcome,
} from '../model/object-set.ts';
import { SYSTEM_CALLER, type RequestContext } from '../resource/context.ts';
import { queryObjects, type QueriedCollection } from '../model/query-objects.ts';
import type { CommitUnit, ObjectRow, Repository, RowWrite } from '../model/repository.ts';
import type { Filter } from '../base/query-filter.ts';
import { isPlain, type ManagedType } from './managed-type.ts';
import { rowWrite } from './row-write.ts';
import { writeManaged } from './write-managed.ts';
import { writePreparation } from './write-preparation.ts';

/** The filter behind a predefined query. */
export type ResolveQuery = (queryId: string, parameters: JsonObject) => Filter;

export interface ManagedCollectionOptions {
  /** `user` */
  readonly type: string;
  readonly repository: Repository;
  readonly searchable: readonly string[];
  readonly resolve: ResolveQuery;
  readonly newId: NewId;
  /**
   * The type with its hooks, policies and marked properties, over the same repository. Without it, or if there is nothing of the
   * kind, objects are read and written as they are.
   */
  readonly managed?: ManagedType;
  /** Why it is written, for hooks and activity entries; default: the run, or the system. */
  readonly context?: RequestContext;
}

/** The cursor after the last page: a checkpoint there is not the start. */
const END = 'end';

const TRAITS: ObjectSetTraits = { lookup: 'direct', isTransactional: true, storesNull: true, acceptsIds: true };

/** The objects of one managed type, as a mapping sees them. */
export function managedCollection(options: ManagedCollectionOptions): ManagedSet {
  const { type, repository, newId } = options;
  const managed = options.managed === undefined || isPlain(options.managed) ? null : options.managed;
  const toStored = managed?.protection.isNeeded === true ? opened(managed) : asStored;
  const toRowWrite =
    managed?.protection.isNeeded === true ? closing(managed) : (one: IdentifiedWrite) => rowWrite(type, one);
  const collection: QueriedCollection = {
    reads: repository.objects,
    type,
    searchable: new Set(options.searchable),
    resolve: options.resolve,
    toStored,
  };
  return {
    path: `managed/${type}`,
    type,
    traits: TRAITS,
    scan: (request) => scan(collection, request),
    readMany: async (ids) => {
      const rows = await repository.objects.readMany(type, ids);
      return new Map(rows.map((row): [string, StoredObject] => [row.id, toStored(row)]));
    },
    pageIds: (after, limit) => repository.objects.pageIds(type, after, limit),
    count: () => repository.objects.count(type),
    query: (queries: readonly Query[]) => queryObjects(collection, queries),
    write: (writes) =>
      managed === null
        ? write(repository, type, newId, writes)
        : writeManaged(managed, writes, options.context ?? OWN_CONTEXT),
    preferredWriteCount: () => 500,
    toRowWrite,
    toStored,
    preparation: managed === null ? null : writePreparation(managed, options.context),
    newId,
    close: async () => {},
  };
}

function asStored(row: ObjectRow): StoredObject {
  const rev = String(row.rev);
  return { id: row.id, rev, object: { _id: row.id, _rev: rev, ...row.doc } };
}

/** What is kept encrypted is read open, so that a mapping can compare it. */
function opened({ protection }: ManagedType): (row: ObjectRow) => StoredObject {
  return (row) => asStored({ ...row, doc: protection.open(row.doc) });
}

function closing({ name, protection }: ManagedType): (write: IdentifiedWrite) => RowWrite {
  return (write) =>
    rowWrite(name, write.kind === 'delete' ? write : { ...write, object: protection.close(write.object, null) });
}

/** Who writes through a collection outside a run. */
const OWN_CONTEXT: RequestContext = {
  caller: SYSTEM_CALLER,
  transactionId: 'internal',
  parentActionId: null,
  cause: 'script',
  mode: 'live',
};

async function* scan(collection: QueriedCollection, request: ScanRequest): AsyncIterable<ScanPage> {
  const { query } = request;
  const filter =
    query === undefined
      ? undefined
      : query.kind === 'filter'
        ? query.filter
        : collection.resolve(query.queryId, query.parameters);
  const total = filter === undefined ? { total: await collection.reads.count(collection.type) } : {};
  let after: Json = request.after ?? null;
  if (after === END) yield { objects: [], faults: [], cursor: END, isLast: true };
  while (after !== END) {
    request.signal?.throwIfAborted();
    const page = await collection.reads.page(collection.type, {
      ...(filter === undefined ? {} : { filter }),
      after,
      limit: request.pageSize,
    });
    const isLast = page.next === null;
    after = page.next ?? END;
    yield { objects: page.rows.map(collection.toStored), faults: [], cursor: after, isLast, ...total };
  }
}

/** Outside a run: one commit for all, then one by one if some of it is refused. */
async function write(
  repository: Repository,
  type: string,
  newId: NewId,
  writes: readonly ObjectWrite[],
): Promise<readonly WriteOutcome[]> {
  const rows = await withRevisions(
    repository,
    type,
    writes.map((one) => ({ ...one, id: one.id ?? newId() })),
  );
  const units = rows.map((row): CommitUnit => ({ object: rowWrite(type, row) }));
  const outcomes = rows.map((row): WriteOutcome => {
    const rev = row.kind === 'create' ? '0' : row.kind === 'update' ? String(Number(row.rev) + 1) : row.rev;
    return { ok: true, id: row.id, rev };
  });
  let open = units.map((_, i) => i);
  while (open.length > 0) {
    const result = await repository.commit({ units: open.map((i) => units[i]!) });
    if (result.ok) break;
    for (const { unit, code, message } of result.conflicts) outcomes[open[unit]!] = { ok: false, code, message };
    const refused = new Set(result.conflicts.map(({ unit }) => open[unit]!));
    open = open.filter((i) => !refused.has(i));
  }
  return outcomes;
}

type WithId = ObjectWrite & { readonly id: string };

/** A write without a revision takes the present one (last writer wins), as callers outside a run expect. */
async function withRevisions(
  repository: Repository,
  type: string,
  writes: readonly WithId[],
): Promise<readonly WithId[]> {
  const open = writes.filter((one) => one.kind !== 'create' && one.rev === null);
  if (open.length === 0) return writes;
  const present = new Map(
    (
      await repository.objects.readMany(
        type,
        open.map((one) => one.id),
      )
    ).map((row) => [row.id, String(row.rev)]),
  );
  return writes.map((one) =>
    one.kind === 'create' || one.rev !== null ? one : { ...one, rev: present.get(one.id) ?? '-1' },
  );
}
