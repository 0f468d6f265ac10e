import { isJsonObject, type JsonObject } from '../base/json.ts';
import type { AuditEvent } from '../model/audit.ts';
import { isManagedSet } from '../model/managed-set.ts';
import type { ObjectWrite } from '../model/object-set.ts';
import type { CommitConflict, CommitUnit, LinkWrite } from '../model/repository.ts';
import type { EntryStatus, RunEntry } from '../model/run.ts';
import type { Hook } from '../mapping/program-payload.ts';
import type { HookItem, PostActionItem } from '../mapping/stages.ts';
import { keyOf } from '../sync/gather-source.ts';
import { wanted } from '../sync/hooks.ts';
import { linksOfTargets, linkView } from '../sync/link-view.ts';
import { prepareDeletes, type PreparedDeletes } from './prepare-deletes.ts';
import { oldSourceOf, type World } from '../sync/world.ts';

/** What came of one planned destructive change. */
export interface Carried {
  readonly entry: RunEntry;
  readonly status: Extract<EntryStatus, 'done' | 'failed' | 'skipped'>;
  readonly message: string | null;
}

/** The message of a delete that, in a repository, found nothing to delete: there is no object to bring back either. */
export const GONE_ALREADY = 'was gone already';

/** Commits what belongs to these entries; the caller adds the run's progress. */
export type CommitCarried = (
  units: readonly CommitUnit[],
  carried: readonly Carried[],
  audit: readonly AuditEvent[],
) => Promise<readonly CommitConflict[]>;

/**
 * Carries out destructive changes that were planned earlier: hooks, target, link, entry. Each is compare-and-set on the
 * very object that the plan showed: one that changed since is left alone and says so.
 */
export async function carryOut(
  world: World,
  entries: readonly RunEntry[],
  commit: CommitCarried,
): Promise<readonly Carried[]> {
  const foresight = await foresee(world, entries);
  const { batch } = foresight;
  let carried = isManagedSet(world.target) ? foresight.carried : await writeExternal(world, foresight.carried);
  try {
    carried = await commitCarried(world, carried, commit, batch);
    if (batch !== null) await finish(world, carried, batch);
  } finally {
    batch?.release();
  }
  await runPostActions(world, carried);
  return carried;
}

async function commitCarried(
  world: World,
  hooked: readonly Carried[],
  commit: CommitCarried,
  batch: PreparedDeletes | null,
): Promise<readonly Carried[]> {
  let carried = hooked;
  /** Refused although they only say what came of them: somebody else has settled them. */
  const lost = new Set<number>();
  for (;;) {
    const units = carried.flatMap((one, i) =>
      lost.has(i) ? [] : carriedUnits(world, one).map((unit) => ({ i, unit })),
    );
    const audit =
      batch === null ? [] : carried.flatMap((one) => (one.status === 'done' ? batch.auditOf(one.entry) : []));
    const announced =
      batch === null ? [] : carried.flatMap((one) => (one.status === 'done' ? batch.announcedOf(one.entry) : []));
    const conflicts = await commit(
      [...units.map(({ unit }) => unit), ...announced.map((object) => ({ object }))],
      carried.filter((_, i) => !lost.has(i)),
      audit,
    );
    if (conflicts.length === 0) return carried;
    const first = new Map(units.map(({ i }, k): [number, number] => [i, k]).toReversed());
    const refused = new Map(conflicts.map((conflict) => [units[conflict.unit]!.i, conflict]));
    for (const i of refused.keys()) if (carried[i]!.status !== 'done') lost.add(i);
    carried = carried.map((one, i): Carried =>
      refused.has(i) ? afterConflict(one, refused.get(i)!, refused.get(i)!.unit - first.get(i)!) : one,
    );
  }
}

/** The hooks after the deletes. What they throw cannot bring the object back: it is told to the operator. */
async function finish(world: World, carried: readonly Carried[], batch: PreparedDeletes): Promise<void> {
  const done = carried.filter(({ status }) => status === 'done').map(({ entry }) => entry);
  for (const { id, message } of await batch.committed(done))
    world.log.write('warn', `postDelete of ${world.target.path}/${id}: ${message}`);
}

/** What can be told before anything is written: targets that got linked since, hooks that refuse. A plan ends here. */
export async function foreseen(world: World, entries: readonly RunEntry[]): Promise<readonly Carried[]> {
  const { carried, batch } = await foresee(world, entries);
  batch?.release();
  return carried;
}

interface Foresight {
  readonly carried: readonly Carried[];
  /** Null: the target asks for nothing but the delete itself. */
  readonly batch: PreparedDeletes | null;
}

async function foresee(world: World, entries: readonly RunEntry[]): Promise<Foresight> {
  const claimed = await claimedTargets(world, entries);
  const free = entries.filter((entry) => !claimed.has(entry));
  const hooked = new Map((await runHooks(world, free)).map((one) => [one.entry, one]));
  const carried = entries.map((entry): Carried => {
    if (!claimed.has(entry)) return hooked.get(entry)!;
    return { entry, status: 'skipped', message: `left alone: ${entry.targetId} is linked to another source object` };
  });
  const { target } = world;
  if (!isManagedSet(target) || target.preparation === null) return { carried, batch: null };
  const going = carried.filter(({ status }) => status === 'done').map(({ entry }) => entry);
  const batch = await prepareDeletes(world, target.preparation, going, deletesOf);
  return { carried: carried.map((one) => batch.refused.get(one.entry) ?? one), batch };
}

/** Deletes of a target that was only correlated, not linked: if it belongs to a source object now, it is not to be deleted. */
async function claimedTargets(world: World, entries: readonly RunEntry[]): Promise<ReadonlySet<RunEntry>> {
  const unlinked = entries.filter(
    (entry) => entry.changeClass === 'delete' && entry.targetId !== null && entry.detail?.['link'] === undefined,
  );
  const view = linkView(world.mapping.compiled.links);
  const links = await linksOfTargets(
    world.repository.links,
    view,
    unlinked.map((entry) => entry.targetId!),
  );
  const taken = new Set(links.map((link) => keyOf(view.targetIdOf(link), link.linkQualifier)));
  return new Set(unlinked.filter((entry) => taken.has(keyOf(view.targetKey(entry.targetId!), entry.linkQualifier))));
}

/** A revision that moved means that somebody changed the object after the plan was shown. */
function afterConflict({ entry }: Carried, conflict: CommitConflict, ordinal: number): Carried {
  if (conflict.code === 'revision') return { entry, status: 'skipped', message: `left alone: ${conflict.message}` };
  if (conflict.code === 'not-found' && entry.changeClass === 'ambiguousDelete') return withoutCandidate(entry, ordinal);
  if (conflict.code === 'not-found')
    return { entry: { ...entry, before: null }, status: 'done', message: GONE_ALREADY };
  return { entry, status: 'failed', message: conflict.message };
}

/** A candidate that is gone (another link qualifier deleted it, too) does not save the others. */
function withoutCandidate(entry: RunEntry, ordinal: number): Carried {
  const gone = deletesOf(entry)[ordinal]!.id;
  const before = Object.fromEntries(Object.entries(entry.before ?? {}).filter(([id]) => id !== gone));
  return { entry: { ...entry, before }, status: 'done', message: entry.message };
}

async function runHooks(world: World, entries: readonly RunEntry[]): Promise<readonly Carried[]> {
  const calls = entries.flatMap((entry) => wanted(world, hooksOf(entry)).map((hook) => ({ entry, hook })));
  const sources = await sourcesFor(
    world,
    calls.map(({ entry }) => entry),
  );
  const results = await world.mapping.run(
    'hook',
    calls.map(({ entry, hook }) => hookItem(world, entry, hook, sources)),
    world.mode,
  );
  const faults = new Map<RunEntry, string>();
  for (const [i, result] of results.entries()) if (!result.ok) faults.set(calls[i]!.entry, result.message);
  return entries.map((entry): Carried => {
    const message = faults.get(entry);
    return message === undefined
      ? { entry, status: 'done', message: entry.message }
      : { entry, status: 'failed', message };
  });
}

function hooksOf(entry: RunEntry): readonly Hook[] {
  const unlink: readonly Hook[] = isJsonObject(entry.detail?.['link']) ? ['onUnlink'] : [];
  return entry.changeClass === 'unlink' ? unlink : ['onDelete', ...unlink];
}

/** The sources of these entries, for scripts that look at them; only asked where a script wants to know. */
async function sourcesFor(world: World, entries: readonly RunEntry[]): Promise<ReadonlyMap<string, JsonObject>> {
  const ids = [...new Set(entries.flatMap((entry) => entry.sourceId ?? []))];
  if (ids.length === 0) return new Map();
  const found = await world.source.readMany(ids);
  return new Map([...found].map(([id, stored]) => [id, stored.object]));
}

function hookItem(world: World, entry: RunEntry, hook: Hook, sources: ReadonlyMap<string, JsonObject>): HookItem {
  const { sourceId, targetId, before, situation, linkQualifier } = entry;
  const source = sourceId === null ? null : (sources.get(sourceId) ?? null);
  const oldSource = oldSourceOf(world, sourceId);
  return { hook, source, sourceId, target: before, targetId, oldSource, situation, linkQualifier };
}

async function writeExternal(world: World, carried: readonly Carried[]): Promise<readonly Carried[]> {
  const writes = carried.flatMap((one, i) =>
    one.status === 'done' ? deletesOf(one.entry).map((write) => ({ i, write })) : [],
  );
  if (writes.length === 0) return carried;
  const outcomes = await world.target.write(writes.map(({ write }) => write));
  const out = [...carried];
  for (const [k, outcome] of outcomes.entries()) {
    const { i } = writes[k]!;
    if (outcome.ok || outcome.code === 'not-found') continue;
    const status = outcome.code === 'revision' ? 'skipped' : 'failed';
    out[i] = { entry: out[i]!.entry, status, message: outcome.message };
  }
  return out;
}

/** The deletes that an entry stands for: none for an unlink, several for an ambiguous delete. */
export function deletesOf(entry: RunEntry): readonly (ObjectWrite & { readonly kind: 'delete' })[] {
  if (entry.changeClass === 'ambiguousDelete')
    return Object.entries(entry.before ?? {}).map(([id, object]) => {
      const rev = isJsonObject(object) && typeof object['_rev'] === 'string' ? object['_rev'] : null;
      return { kind: 'delete', id, rev };
    });
  if (entry.changeClass !== 'delete' || entry.targetId === null || entry.before === null) return [];
  const rev = entry.detail?.['rev'];
  return [{ kind: 'delete', id: entry.targetId, rev: typeof rev === 'string' ? rev : null }];
}

function carriedUnits(world: World, { entry, status, message }: Carried): readonly CommitUnit[] {
  const { runId, seq } = entry;
  const settle = {
    kind: 'settle',
    runId,
    seq,
    from: entry.status,
    status,
    message,
    timestampMs: world.clock.nowMs(),
  } as const;
  if (status !== 'done') return [{ entry: settle }];
  const link = entry.detail?.['link'];
  const links: readonly LinkWrite[] = isJsonObject(link)
    ? [{ kind: 'delete', id: String(link['id']), rev: Number(link['rev']) }]
    : [];
  const { target } = world;
  const objects = isManagedSet(target) ? deletesOf(entry).map((write) => ({ object: target.toRowWrite(write) })) : [];
  return [{ ...objects[0], links, entry: settle }, ...objects.slice(1)];
}

async function runPostActions(world: World, carried: readonly Carried[]): Promise<void> {
  const { policies } = world.mapping.compiled.payload;
  const acted = carried.filter(
    ({ entry, status }) => status === 'done' && policies[policyOf(entry) ?? -1]?.postAction != null,
  );
  const items = acted.map(({ entry }): PostActionItem => {
    const { before, action, situation, phase, linkQualifier } = entry;
    const policy = policyOf(entry)!;
    return {
      policy,
      source: null,
      target: before,
      action,
      situation,
      sourceAction: phase === 'source',
      linkQualifier,
      reconId: world.reconId,
    };
  });
  const results = await world.mapping.run('postAction', items, world.mode);
  for (const [i, result] of results.entries())
    if (!result.ok)
      world.log.write(
        'warn',
        `postAction after ${acted[i]!.entry.action} of ${acted[i]!.entry.targetId}: ${result.message}`,
      );
}

function policyOf(entry: RunEntry): number | null {
  const policy = entry.detail?.['policy'];
  return typeof policy === 'number' ? policy : null;
}
