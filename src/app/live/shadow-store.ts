import type { Json, JsonObject } from '../../base/json.ts';
import { Failure } from '../../base/failure.ts';
import { SESSION_ALIAS } from '../../crypto/stored-key.ts';
import { shadowDoc, shadowIn, shadowOf, shadowType, type Shadow } from '../../live/shadow.ts';
import { isStorableId, type ObjectSet, type RowFault } from '../../model/object-set.ts';
import type { CommitBatch, CommitUnit, RowWrite } from '../../model/repository.ts';
import { IdSet } from '../../sync/id-set.ts';
import type { Lockstep } from '../lockstep.ts';
import { secretsOf } from '../secrets.ts';

export interface StoredShadow extends Shadow {
  readonly rev: number;
}

/** What the objects of one collection were when LiveSync last saw them. */
export interface ShadowStore {
  readonly collection: string;
  read(ids: readonly string[]): Promise<ReadonlyMap<string, StoredShadow>>;
  /** Of an object as it is now. */
  of(object: JsonObject): Shadow;
  /** Makes `next` (null: nothing) of what is kept under the id; null: it is so already. */
  write(id: string, before: StoredShadow | null, next: Shadow | null): RowWrite | null;
  /** Every id that something is kept under, a page at a time. Pages may be deleted while walking. */
  ids(): AsyncIterable<readonly string[]>;
  /** Takes down the whole collection as it is now. Rejects as the scan does; nothing is taken away then. */
  takeDown(set: ObjectSet, fence: CommitBatch['fence'], signal?: AbortSignal): Promise<void>;
}

const PAGE = 1000;

type Keeping = Pick<Lockstep, 'repository' | 'crypto' | 'config'>;

export async function openShadowStore(lockstep: Keeping, collection: string): Promise<ShadowStore> {
  const { repository, crypto } = lockstep;
  const type = shadowType(collection);
  await repository.objects.declareTypes([{ name: type, searchable: [] }]);
  const rules = { isSecret: secretsOf(lockstep.config), key: () => crypto.signatureKeys(SESSION_ALIAS)[0]! };
  // A change is looked at more than once on its way.
  const made = new WeakMap<JsonObject, Shadow>();
  const store: ShadowStore = {
    collection,
    read: async (ids) => {
      const known = await repository.objects.readMany(type, ids.filter(isStorableId));
      return new Map(known.map(({ id, rev, doc }) => [id, { ...shadowIn(doc), rev }]));
    },
    of: (object) => {
      const known = made.get(object);
      if (known !== undefined) return known;
      const shadow = shadowOf(object, rules);
      made.set(object, shadow);
      return shadow;
    },
    write: (id, before, next) => writeOf(type, id, before, next),
    ids: () => pagesOfIds(lockstep, type),
    takeDown: (set, fence, signal) => takeDown(lockstep, store, set, fence, signal),
  };
  return store;
}

function writeOf(type: string, id: string, before: StoredShadow | null, next: Shadow | null): RowWrite | null {
  if (!isStorableId(id)) return null;
  if (next === null) return before === null ? null : { kind: 'delete', type, id, rev: before.rev };
  const doc = shadowDoc(next);
  if (before === null) return { kind: 'create', type, id, doc };
  const isSame = before.digest === next.digest && before.linkedBy.join('\u0000') === next.linkedBy.join('\u0000');
  return isSame ? null : { kind: 'update', type, id, rev: before.rev, doc };
}

async function* pagesOfIds({ repository }: Keeping, type: string): AsyncIterable<readonly string[]> {
  let after: Json = null;
  do {
    const page = await repository.objects.pageIds(type, after, PAGE);
    yield page.rows;
    after = page.next;
  } while (after !== null);
}

async function takeDown(
  { repository }: Keeping,
  store: ShadowStore,
  set: ObjectSet,
  fence: CommitBatch['fence'],
  signal?: AbortSignal,
): Promise<void> {
  const commit = (writes: readonly (RowWrite | null)[]): Promise<void> => commitShadows(repository, writes, fence);
  const seen = new IdSet();
  const faults: RowFault[] = [];
  for await (const page of set.scan({ pageSize: PAGE, ...(signal === undefined ? {} : { signal }) })) {
    faults.push(...page.faults);
    const known = await store.read(page.objects.map(({ id }) => id));
    for (const { id } of page.objects) seen.add(id);
    await commit(page.objects.map(({ id, object }) => store.write(id, known.get(id) ?? null, store.of(object))));
  }
  if (faults.some(hidesAnother)) return;
  for (const { id } of faults) seen.add(id!);
  for await (const ids of store.ids()) {
    const gone = ids.filter((id) => !seen.has(id));
    const known = await store.read(gone);
    await commit(gone.map((id) => store.write(id, known.get(id) ?? null, null)));
  }
}

/** A row that nobody can read may be any object. */
export function hidesAnother({ id, isIdUncertain }: RowFault): boolean {
  return id === null || isIdUncertain === true;
}

/** One writer at a time: the lease that `fence` names. */
export async function commitShadows(
  repository: Lockstep['repository'],
  writes: readonly (RowWrite | null)[],
  fence: CommitBatch['fence'],
): Promise<void> {
  const units = writes.flatMap((object): readonly CommitUnit[] => (object === null ? [] : [{ object }]));
  if (units.length === 0) return;
  const result = await repository.commit({ units, ...(fence === undefined ? {} : { fence }) });
  if (!result.ok) throw new Failure('conflict', `what was last seen cannot be kept: ${result.conflicts[0]!.message}`);
}
