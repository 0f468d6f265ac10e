import { isManagedSet } from '../../model/managed-set.ts';
import type { RunEntry, RunRecord } from '../../model/run.ts';
import { finishPlanned } from '../../recon/finish-planned.ts';
import { fromJson } from '../../recon/progress.ts';
import { recoverIntents } from '../../recon/recover.ts';
import type { RunContext } from '../../recon/run-context.ts';
import { applyChanges } from '../../sync/apply.ts';
import type { Settled } from '../../sync/run-log.ts';
import type { World } from '../../sync/world.ts';
import type { Lockstep } from '../lockstep.ts';
import { changesDealtWith, stepKey, toldKey, type DealtWith } from './undo-attempts.ts';
import { undoSteps, type UndoStep } from './undo-changes.ts';
import { gatherFacts } from './undo-facts.ts';
import { undoIdOf } from './undo-id.ts';

/** Entries that are read at once, from the newest to the oldest. */
const PAGE = 500;

export interface Undoing {
  readonly undone: RunRecord;
  /** An earlier attempt goes on: it was interrupted, or something is not taken back yet. */
  readonly isContinued: boolean;
  /** Links when the undo began: what the guard measures by. */
  readonly links: number;
  /** Attributes of the target that are written and never given back by reads. */
  readonly unreadable: ReadonlySet<string>;
}

/** Takes the entries back from the newest to the oldest; deletes and unlinks are planned, judged and carried out last. */
export async function undoPhases(lockstep: Lockstep, run: RunContext, undoing: Undoing): Promise<void> {
  const { ledger } = run;
  const { undone, links } = undoing;
  await recoverIntents(run);
  const dealtWith = undoing.isContinued
    ? await changesDealtWith(lockstep.repository.runs, undoIdOf(undone.id))
    : new Map();
  const batches = undoBatches(run, { ...undoing, dealtWith });
  const failed = await lockstep.repository.runs.countEntries(undone.id, 'failed');
  if (failed > 0)
    ledger.warn(`${failed} entries of run ${undone.id} failed; what they wrote before they failed is left as it is`);
  const { lastSeq } = fromJson(undone.progress);
  for (let high = lastSeq; high > 0; high -= PAGE) {
    run.signal.throwIfAborted();
    const afterSeq = Math.max(0, high - PAGE);
    const page = await lockstep.repository.runs.entries(undone.id, { afterSeq, limit: PAGE });
    const open = page.filter((entry) => entry.seq <= high && entry.status === 'done');
    for (const batch of independent(open.toReversed())) await batches(batch);
    ledger.update({ source: { processed: lastSeq - afterSeq, total: lastSeq } });
  }
  await ledger.commitProgress([], { phase: 'guard' });
  await finishPlanned(run, links);
}

/** The revisions of an object before an undone entry and after its undo: what an older entry finds. */
interface Revised {
  readonly before: string;
  readonly now: string;
}

/** Cut so that no two entries of a batch concern the same target or source object: each sees what the newer ones did. */
function* independent(entries: readonly RunEntry[]): Iterable<readonly RunEntry[]> {
  let batch: RunEntry[] = [];
  const seen = new Set<string>();
  for (const entry of entries) {
    const keys = [
      ...[entry.targetId, ...(entry.ambiguousTargetIds ?? [])].map((id) => `target ${id}`),
      `source ${entry.sourceId}`,
    ];
    if (keys.some((key) => seen.has(key))) {
      yield batch;
      batch = [];
      seen.clear();
    }
    for (const key of keys) seen.add(key);
    batch.push(entry);
  }
  if (batch.length > 0) yield batch;
}

/** Undoes batch after batch; remembers the revisions that it makes, for older entries of the same objects. */
function undoBatches(
  run: RunContext,
  { unreadable, dealtWith }: Undoing & { readonly dealtWith: DealtWith },
): (entries: readonly RunEntry[]) => Promise<void> {
  const { world, ledger, view } = run;
  const revisions = new Map<string, Revised>();
  const expected = (entry: RunEntry): string | null => expectedRev(world, entry, revisions);
  return async (entries) => {
    const facts = await gatherFacts(world, view, entries, expected, unreadable);
    const steps = entries.flatMap((entry, i) => openSteps(undoSteps(entry, facts[i]!), dealtWith.get(entry.seq)));
    await tellRefused(run, steps);
    const changes = steps.flatMap((step) => (step.kind === 'change' ? [step.change] : []));
    if (changes.length > 0) await applyChanges(world, changes, ledger);
    for (const entry of entries) noteRevision(entry, revisions, expected(entry));
  };
}

/** Without what an earlier attempt did; what now looks changed was changed by that. What was left alone is told once. */
function openSteps(steps: readonly UndoStep[], dealtWith: ReturnType<DealtWith['get']>): readonly UndoStep[] {
  if (dealtWith === undefined) return steps;
  const { made, told } = dealtWith;
  return steps.filter(({ kind, change }) =>
    kind === 'change' ? !made.has(stepKey(change)) : made.size === 0 && !told.has(toldKey(change)),
  );
}

async function tellRefused({ ledger }: RunContext, steps: readonly UndoStep[]): Promise<void> {
  const settled = steps.flatMap(({ kind, change }): Settled[] => {
    if (kind !== 'refused') return [];
    const { targetId, message } = change;
    return [{ change, outcome: 'ignored', status: 'skipped', targetId, message, seq: ledger.takeSeq() }];
  });
  if (settled.length === 0) return;
  const units = settled.map((one) => ({ entry: { kind: 'insert', entry: ledger.toEntry(one) } as const }));
  await ledger.commit(units, settled);
}

/** The revision that the run left behind, or that the undo of its later entry did. Null where revisions are not kept. */
function expectedRev(world: World, entry: RunEntry, revisions: ReadonlyMap<string, Revised>): string | null {
  if (!isManagedSet(world.target) || entry.targetId === null) return null;
  const left = revisionLeftBy(entry);
  const revised = revisions.get(entry.targetId);
  return revised !== undefined && revised.before === left ? revised.now : left;
}

function revisionLeftBy({ changeClass, detail }: RunEntry): string | null {
  if (changeClass === 'create') return '0';
  return changeClass === 'update' && typeof detail?.['rev'] === 'string' ? String(Number(detail['rev']) + 1) : null;
}

function noteRevision(entry: RunEntry, revisions: Map<string, Revised>, expected: string | null): void {
  const before = entry.detail?.['rev'];
  if (entry.targetId === null || typeof before !== 'string') return;
  if (entry.changeClass === 'delete') revisions.set(entry.targetId, { before, now: '0' });
  if (entry.changeClass === 'update' && expected !== null)
    revisions.set(entry.targetId, { before, now: String(Number(expected) + 1) });
}
