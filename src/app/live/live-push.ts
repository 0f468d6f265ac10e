import { messageOf } from '../../base/failure.ts';
import { setOwn, type JsonObject } from '../../base/json.ts';
import { linkRules } from '../../mapping/compile-mapping.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { ManagedChange } from '../../model/managed-change.ts';
import type { SourceChange } from '../../live/change-record.ts';
import type { RowWrite } from '../../model/repository.ts';
import { readable } from '../../model/unreadable-objects.ts';
import type { RequestContext } from '../../resource/context.ts';
import { linksOfSources, linkView } from '../../sync/link-view.ts';
import type { LiveRun } from './live-run.ts';
import { moveLinks } from './move-links.ts';
import { pushMapping } from '../push/push-mapping.ts';
import { commitShadows, type ShadowStore, type StoredShadow } from './shadow-store.ts';

/** What came of the changes of a batch, by object id. */
export interface Outcome {
  /** Why an object did not arrive; null: it did. Absent: it was not touched because one before it could not be decided. */
  readonly faults: ReadonlyMap<string, string | null>;
  /** What the objects were when they were last seen. */
  readonly shadows: ReadonlyMap<string, StoredShadow>;
  /** What they are now; null: gone. Absent: gone, although nobody said so. */
  readonly objects: ReadonlyMap<string, JsonObject | null>;
  /** Old ids of renamed objects that another object has now, and that were known for it. */
  readonly taken: ReadonlySet<string>;
}

export type Pushes = Pick<LiveRun, 'lockstep' | 'source' | 'pin' | 'context' | 'signal'> & {
  readonly shadows: (collection: string) => ShadowStore;
  readonly fence?: LiveRun['fence'];
  readonly memory?: LiveRun['memory'];
};

/**
 * Pushes the changes of a batch (see `nextBatch`) through every mapping that has their collection as its source, in order, and then what
 * that changed in managed objects. An object that fails at one mapping is not pushed through the later ones.
 */
export async function pushChanges(
  run: Pushes,
  batch: readonly SourceChange[],
  { isStrict }: { readonly isStrict: boolean },
): Promise<Outcome> {
  const { collection } = batch[0]!;
  const store = run.shadows(collection);
  const named = batch.flatMap(({ id, previousId }) => (previousId === null ? [id] : [id, previousId]));
  const shadows = await store.read(named);
  const renamed = batch.filter((change) => change.previousId !== null) as (SourceChange & { previousId: string })[];
  const taken = await takenIds(run, store, shadows, renamed);
  const moving = renamed.filter(({ previousId }) => !taken.has(previousId));
  await moveLinks(run.lockstep, collection, moving, { also: await notesAhead(run, batch), fence: run.fence });
  const mappings = mappingsFrom(run, collection);
  const { objects, unreadable } = await objectsOf(run, collection, batch);
  for (const id of await strangers(run, { batch, shadows, objects, mappings })) objects.delete(id);
  const barrier = isStrict ? batch.findIndex(({ id }) => unreadable.has(id)) : -1;
  for (const { id } of barrier < 0 ? [] : batch.slice(barrier)) objects.delete(id);
  const tombstones = await markGone(run, store, { batch, shadows, objects, mappings });
  const faults = new Map<string, string | null>([...objects.keys()].map((id) => [id, null]));
  const caused: ManagedChange[] = [];
  try {
    for (const mapping of mappings)
      await pushThrough(run, mapping, { batch, objects, shadows: tombstones, isStrict }, faults, caused);
  } finally {
    await passOn(run, caused);
  }
  for (const { id } of barrier < 0 ? batch : batch.slice(0, barrier + 1))
    if (unreadable.has(id)) faults.set(id, `${id} cannot be read: ${unreadable.get(id)}`);
    else if (!objects.has(id)) faults.set(id, null);
  return { faults, shadows: tombstones, objects, taken };
}

/** What the feed has to know of these changes even if this call ends before the token is stored. */
async function notesAhead({ memory }: Pushes, batch: readonly SourceChange[]): Promise<readonly RowWrite[]> {
  return memory === undefined ? [] : memory.writes(batch.flatMap(({ note }) => note ?? []));
}

function mappingsFrom({ lockstep }: Pushes, collection: string): readonly MappingConfig[] {
  return lockstep.config.mappings.filter(({ source, enableSync }) => enableSync && source === collection);
}

interface Known {
  readonly batch: readonly SourceChange[];
  readonly objects: ReadonlyMap<string, JsonObject | null>;
  readonly shadows: ReadonlyMap<string, StoredShadow>;
}

/** Takes out of `faults` what waits behind an object that cannot be decided. */
async function pushThrough(
  { lockstep, context }: Pushes,
  mapping: MappingConfig,
  { batch, objects, shadows, isStrict }: Known & { readonly isStrict: boolean },
  faults: Map<string, string | null>,
  caused: ManagedChange[],
): Promise<void> {
  const ids = batch.map(({ id }) => id).filter((id) => faults.get(id) === null && objects.has(id));
  if (ids.length === 0) return;
  const trail = [...(context.trail ?? []), mapping.name];
  const chain = { add: async (more: readonly ManagedChange[]) => void caused.push(...more) };
  const inner: RequestContext = { ...context, chain, trail };
  const given = new Map(ids.map((id) => [id, objects.get(id)!]));
  const olds = await oldsFor(lockstep, mapping, { batch, objects, shadows }, ids);
  const pushed = await pushMapping(lockstep.changes.pushing, { mapping, ids, context: inner, olds, given, isStrict });
  for (const id of ids) {
    const one = pushed.get(id);
    if (one === undefined) faults.delete(id);
    else faults.set(id, one.fault?.message ?? null);
  }
}

/**
 * An object was renamed, a new one took its old id, and the feed, which knows no states, told of that before it told of the rename:
 * what is linked under the old id is the new object, and stays.
 */
async function takenIds(
  { lockstep, pin, signal }: Pushes,
  store: ShadowStore,
  shadows: ReadonlyMap<string, StoredShadow>,
  renamed: readonly { readonly previousId: string; readonly object: JsonObject | null }[],
): Promise<ReadonlySet<string>> {
  const unseen = renamed.filter(({ object, previousId }) => object === null && shadows.has(previousId));
  const known = unseen.map(({ previousId }) => previousId);
  if (known.length === 0) return new Set();
  const set = lockstep.objectSet(store.collection, lockstep.repository, pin);
  const { found: present } = await readable(set.readMany(known, signal));
  return new Set(
    known.filter((id) => present.has(id) && store.of(present.get(id)!.object).digest === shadows.get(id)!.digest),
  );
}

interface Present {
  readonly objects: Map<string, JsonObject | null>;
  /** Why, by the ids. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** What is pushed: with the old id where there is one; read where the feed does not know it. */
async function objectsOf(
  { lockstep, pin, signal }: Pushes,
  collection: string,
  batch: readonly SourceChange[],
): Promise<Present> {
  const unknown = batch.filter(({ kind, object }) => kind !== 'delete' && object === null).map(({ id }) => id);
  const set = lockstep.objectSet(collection, lockstep.repository, pin);
  const { found: read, unreadable } = await readable(
    unknown.length === 0 ? Promise.resolve(new Map()) : set.readMany(unknown, signal),
  );
  const objects = new Map<string, JsonObject | null>();
  for (const { kind, id, previousId, object } of batch) {
    const found = kind === 'delete' ? null : (object ?? read.get(id)?.object);
    if (found === undefined) continue;
    objects.set(id, found === null || previousId === null ? found : withPrevious(found, previousId));
  }
  return { objects, unreadable };
}

/**
 * What is said to be gone, and was neither seen here nor linked: of a change log, that tells of all kinds of entries, it is another's.
 * Nothing is decided about it.
 */
async function strangers(
  { lockstep }: Pushes,
  { batch, shadows, objects, mappings }: Known & { readonly mappings: readonly MappingConfig[] },
): Promise<readonly string[]> {
  const unseen = batch.map(({ id }) => id).filter((id) => objects.get(id) === null && !shadows.has(id));
  if (unseen.length === 0) return [];
  const known = new Set<string>();
  for (const mapping of mappings) for (const id of await linkedIds(lockstep, mapping, unseen)) known.add(id);
  return unseen.filter((id) => !known.has(id));
}

function withPrevious(object: JsonObject, previousId: string): JsonObject {
  const copy = { ...object };
  setOwn(copy, '_previous-id', previousId);
  return copy;
}

/**
 * Notes, before anything is pushed, which of the deleted objects are linked under which mappings: should the push be repeated, a link
 * that is gone by then was not missing from the start.
 */
async function markGone(
  { lockstep, fence }: Pushes,
  store: ShadowStore,
  { batch, shadows, objects, mappings }: Known & { readonly mappings: readonly MappingConfig[] },
): Promise<ReadonlyMap<string, StoredShadow>> {
  const gone = batch.map(({ id }) => id).filter((id) => objects.get(id) === null && shadows.has(id));
  if (gone.length === 0) return shadows;
  const marked = new Map(shadows);
  const linkedBy = new Map(gone.map((id) => [id, new Set(shadows.get(id)!.linkedBy)]));
  for (const mapping of mappings)
    for (const id of await linkedIds(lockstep, mapping, gone)) linkedBy.get(id)!.add(mapping.name);
  const writes = gone.flatMap((id) => {
    const before = shadows.get(id)!;
    const next = { ...before, linkedBy: [...linkedBy.get(id)!] };
    const write = store.write(id, before, next);
    if (write !== null) marked.set(id, { ...next, rev: before.rev + 1 });
    return write === null ? [] : [write];
  });
  await commitShadows(lockstep.repository, writes, fence);
  return marked;
}

async function linkedIds(
  { repository, config }: Pushes['lockstep'],
  mapping: MappingConfig,
  ids: readonly string[],
): Promise<readonly string[]> {
  const view = linkView(linkRules(mapping, config.mappings));
  const links = await linksOfSources(repository.links, view, ids);
  const linked = new Set(links.map((link) => view.sourceIdOf(link)));
  return ids.filter((id) => linked.has(view.sourceKey(id)));
}

/** What the objects were before; nothing of a deleted one whose link this mapping has taken away already. */
async function oldsFor(
  lockstep: Pushes['lockstep'],
  mapping: MappingConfig,
  { batch, objects, shadows }: Known,
  ids: readonly string[],
): Promise<ReadonlyMap<string, JsonObject>> {
  const marked = ids.filter(
    (id) => objects.get(id) === null && shadows.get(id)?.linkedBy.includes(mapping.name) === true,
  );
  const linked = new Set(marked.length === 0 ? [] : await linkedIds(lockstep, mapping, marked));
  const isDone = new Set(marked.filter((id) => !linked.has(id)));
  const olds = new Map<string, JsonObject>();
  for (const { id, previousId } of batch) {
    const old = shadows.get(id) ?? (previousId === null ? undefined : shadows.get(previousId));
    if (old !== undefined && !isDone.has(id)) olds.set(id, old.object);
  }
  return olds;
}

/** They are in the outbox: what goes wrong here is pushed from there. */
async function passOn({ lockstep, context, source }: Pushes, caused: readonly ManagedChange[]): Promise<void> {
  if (caused.length === 0) return;
  const { log, changes } = lockstep;
  const trail = [...(context.trail ?? []), source.path];
  try {
    const failures = await changes.pass(caused, { ...context, trail });
    for (const [i, { message }] of failures)
      log.write('warn', `managed/${caused[i]!.type}/${caused[i]!.id}: onSync: ${message}`);
  } catch (error) {
    log.write('warn', `changes that liveSync of ${source.path} made are not passed on yet: ${messageOf(error)}`);
  }
}
