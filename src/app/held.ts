import { Failure } from '../base/failure.ts';
import type { ChangeClass, RunEntry, RunRecord } from '../model/run.ts';
import { readable } from '../model/unreadable-objects.ts';
import { carryOut, type Carried } from '../recon/apply-planned.ts';
import { outcomeOf, settledProgress } from '../recon/finish-planned.ts';
import { holdLease, ownerName, type HeldLease } from '../recon/lease.ts';
import { fromJson, toJson, type HeldClass } from '../recon/progress.ts';
import type { Situation } from '../model/situation.ts';
import { gatherIds } from '../recon/recon-by-id.ts';
import { keyOf } from '../sync/gather-source.ts';
import { linkView } from '../sync/link-view.ts';
import type { World } from '../sync/world.ts';
import type { Outcome } from '../sync/planned-change.ts';
import type { Lockstep } from './lockstep.ts';
import { openWorld } from './run-mapping.ts';
import { rejectHeld } from './runs.ts';

export interface HeldRun {
  readonly record: RunRecord;
  readonly count: number;
  readonly classes: readonly HeldClass[];
}

/** Runs with changes that wait for approval, newest first. */
export async function heldRuns(lockstep: Lockstep): Promise<readonly HeldRun[]> {
  const found = await lockstep.repository.runs.withEntries('held');
  const runs: HeldRun[] = [];
  for (const { runId, count } of found) {
    const record = await lockstep.repository.runs.read(runId);
    if (record !== null) runs.push({ record, count, classes: fromJson(record.progress).held });
  }
  return runs;
}

/** The run that somebody means: by id or the beginning of one; without one, the only run that has something held. */
export async function findHeldRun(lockstep: Lockstep, idOrPrefix: string | null): Promise<HeldRun> {
  const runs = await heldRuns(lockstep);
  const matching = idOrPrefix === null ? runs : runs.filter(({ record }) => record.id.startsWith(idOrPrefix));
  if (matching.length === 1) return matching[0]!;
  if (idOrPrefix !== null && matching.length === 0) throw await holdsNothing(lockstep, idOrPrefix, runs);
  if (runs.length === 0) throw new Failure('not-found', 'nothing is held');
  const ids = runs.map(({ record }) => record.id).join(', ');
  throw new Failure('bad-request', `name one of the runs that have something held: ${ids}`);
}

/** How far back a run is looked for by the beginning of its id. */
const LATEST = 1000;

async function holdsNothing(lockstep: Lockstep, idOrPrefix: string, held: readonly HeldRun[]): Promise<Failure> {
  const { runs } = lockstep.repository;
  const isKnown =
    (await runs.read(idOrPrefix)) !== null ||
    (await runs.list({ limit: LATEST })).some(({ id }) => id.startsWith(idOrPrefix));
  const others = held.map(({ record }) => record.id).join(', ');
  const rest = others === '' ? 'nothing is held' : `these hold something: ${others}`;
  return new Failure('not-found', `${isKnown ? `run ${idOrPrefix} holds nothing` : `no run ${idOrPrefix}`}; ${rest}`);
}

/**
 * Carries out what a run held. Each change is made only if the object is still as the plan showed it; what has changed
 * since is left alone and marked `skipped`. Nothing is carried out if somebody else has settled it meanwhile. Rejects with
 * `locked` while the mapping is being run, or somebody else approves or rejects.
 */
export async function approve(
  lockstep: Lockstep,
  { record }: HeldRun,
  only: ChangeClass | null,
): Promise<readonly Carried[]> {
  const lease = await settling(lockstep, record);
  const world = {
    ...(await openWorld(lockstep, lockstep.mappingConfig(record.mapping), 'live', record.id)),
    skipsCorrelation: true,
    isTracing: false,
  };
  const all: Carried[] = [];
  try {
    let run = (await lockstep.repository.runs.read(record.id)) ?? record;
    let afterSeq = 0;
    for (;;) {
      const page = await lockstep.repository.runs.entries(run.id, { status: 'held', afterSeq, limit: 500 });
      if (page.length === 0) return all;
      afterSeq = page[page.length - 1]!.seq;
      const wanted = page.filter((entry) => only === null || entry.changeClass === only);
      const returned = run.kind === 'undo' ? new Set<RunEntry>() : await sourcesReturned(world, wanted);
      const compared = await compareWithPlan(
        world.target,
        wanted.filter((entry) => !returned.has(entry)),
      );
      const { fresh } = compared;
      const stale = [
        ...compared.stale,
        ...[...returned].map((entry): Carried => ({ entry, status: 'skipped', message: BACK })),
      ];
      const carried = await carryOut(world, fresh, async (units, done, audit) => {
        const next = withOutcomes(run, done);
        const result = await lockstep.repository.commit({ units, run: next, fence: lease.fence, audit });
        if (result.ok) run = next;
        return result.ok ? [] : result.conflicts;
      });
      run = await settleStale(lockstep, run, stale, lease.fence);
      all.push(...carried, ...stale);
    }
  } finally {
    await world.close();
    await lease.release();
  }
}

/** What a run holds is settled by one at a time, and never during a run of its mapping. */
function settling({ repository, newId }: Lockstep, { mapping }: RunRecord): Promise<HeldLease> {
  return holdLease(repository.leases, `recon/${mapping}`, ownerName(newId()));
}

const BACK = 'left alone: its source object is there (or valid) again; the next run decides about it';

/** Held changes whose reason is gone: the source object that was missing or invalid when the plan was made. */
async function sourcesReturned(world: World, entries: readonly RunEntry[]): Promise<ReadonlySet<RunEntry>> {
  const named = entries.filter(
    (entry) => entry.sourceId !== null && (entry.situation === null || REASONS.has(entry.situation)),
  );
  if (named.length === 0) return new Set();
  const ids = [...new Set(named.map((entry) => entry.sourceId!))];
  const present = [...(await world.readSources(ids)).values()].map((stored) => stored.id);
  const view = linkView(world.mapping.compiled.links);
  const found = new Map(
    (await gatherIds(world, present)).map(({ evidence }) => [
      keyOf(view.sourceKey(evidence.sourceId), evidence.linkQualifier),
      evidence,
    ]),
  );
  return new Set(
    named.filter((entry) => {
      const evidence = found.get(keyOf(view.sourceKey(entry.sourceId!), entry.linkQualifier));
      if (evidence === undefined) return false;
      return entry.situation === 'UNQUALIFIED' ? evidence.isValid : true;
    }),
  );
}

const REASONS: ReadonlySet<Situation> = new Set<Situation>(['SOURCE_MISSING', 'UNQUALIFIED']);

type Target = Awaited<ReturnType<typeof openWorld>>['target'];

/** For a target without revisions the object itself is compared with the before-image. */
async function compareWithPlan(
  target: Target,
  entries: readonly RunEntry[],
): Promise<{ fresh: readonly RunEntry[]; stale: readonly Carried[] }> {
  const deletes = target.traits.isTransactional
    ? []
    : entries.filter((entry) => entry.changeClass === 'delete' && entry.targetId !== null);
  if (deletes.length === 0) return { fresh: entries, stale: [] };
  const present = await readable(target.readMany(deletes.map((entry) => entry.targetId!)));
  const changed = new Set(
    deletes.filter((entry) => {
      if (present.unreadable.has(entry.targetId!)) return true;
      const now = present.found.get(entry.targetId!);
      return now !== undefined && JSON.stringify(sorted(now.object)) !== JSON.stringify(sorted(entry.before ?? {}));
    }),
  );
  const stale = [...changed].map((entry): Carried => ({
    entry,
    status: 'skipped',
    message: present.unreadable.has(entry.targetId!)
      ? `left alone: the object cannot be read now: ${present.unreadable.get(entry.targetId!)}`
      : 'left alone: the object has changed since the plan was made',
  }));
  return { fresh: entries.filter((entry) => !changed.has(entry)), stale };
}

function sorted(object: object): readonly (readonly [string, unknown])[] {
  return Object.entries(object)
    .filter(([, value]) => value !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

function withOutcomes(run: RunRecord, carried: readonly Carried[]): RunRecord {
  const progress = fromJson(run.progress);
  const pairs = carried.map((one): [RunEntry, Outcome] => [one.entry, outcomeOf(one)]);
  return { ...run, progress: toJson({ ...progress, ...settledProgress(progress, pairs, 'held') }) };
}

async function settleStale(
  lockstep: Lockstep,
  run: RunRecord,
  stale: readonly Carried[],
  fence: { name: string; token: number },
): Promise<RunRecord> {
  if (stale.length === 0) return run;
  const timestampMs = lockstep.clock.nowMs();
  const units = stale.map(({ entry: { runId, seq }, status, message }) => ({
    entry: { kind: 'settle', runId, seq, from: 'held', status, message, timestampMs } as const,
  }));
  const next = withOutcomes(run, stale);
  await lockstep.repository.commit({ units, run: next, fence });
  return next;
}

/** Turns down what a run held, and answers how many changes. Nothing is written but the decision. Rejects as `approve`. */
export async function reject(lockstep: Lockstep, { record }: HeldRun, reason: string): Promise<number> {
  const lease = await settling(lockstep, record);
  try {
    return await rejectHeld(lockstep, record.id, reason);
  } finally {
    await lease.release();
  }
}
