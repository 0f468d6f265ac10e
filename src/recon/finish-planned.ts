import type { AuditEvent } from '../model/audit.ts';
import type { CommitConflict, CommitUnit } from '../model/repository.ts';
import type { ChangeClass, EntryStatus, RunEntry } from '../model/run.ts';
import type { Outcome } from '../sync/planned-change.ts';
import { carryOut, foreseen, type Carried } from './apply-planned.ts';
import { heldClasses } from './guard.ts';
import { settleUnit } from './ledger.ts';
import type { HeldClass, Progress } from './progress.ts';
import type { RunContext } from './run-context.ts';

const PAGE = 500;

/** Lets the guard judge what was planned, holds what it must, and carries out the rest. Deletes come last in a run. */
export async function finishPlanned(run: RunContext, linkedAtStart: number): Promise<void> {
  const { ledger } = run;
  if (ledger.progress.phase === 'guard') {
    const judged = heldClasses(ledger.progress, linkedAtStart, run.request.guard);
    await ledger.commitProgress([], { held: [...judged, ...unprovenClasses(run, judged)], phase: 'apply' });
  }
  const held = new Map(ledger.progress.held.map((one) => [one.changeClass, one.reason]));
  for (;;) {
    run.signal.throwIfAborted();
    const entries = await run.world.repository.runs.entries(ledger.record.id, { status: 'planned', limit: PAGE });
    if (entries.length === 0) return;
    const holding = entries.filter((entry) => held.has(entry.changeClass) && isHeldHere(entry, held));
    if (holding.length > 0) await settleAll(run, holding, 'held', (entry) => held.get(entry.changeClass)!);
    const going = entries.filter((entry) => !holding.includes(entry));
    if (going.length > 0) await carryOutAll(run, going);
  }
}

const UNPROVEN = 'some source rows could not be read, so that an object is missing is not proven';

/** With source rows whose id is unknown, "the source object is gone" may just mean that its row was unreadable. */
function unprovenClasses(run: RunContext, judged: readonly HeldClass[]): readonly HeldClass[] {
  const { unidentifiedFaults, planned } = run.ledger.progress;
  if (unidentifiedFaults === 0) return [];
  const classes: readonly ChangeClass[] = ['delete', 'unlink'];
  return classes
    .filter((name) => (planned[name] ?? 0) > 0 && !judged.some((one) => one.changeClass === name))
    .map((changeClass) => ({ changeClass, count: planned[changeClass]!, reason: UNPROVEN }));
}

/** What rests on the presence of an invalid source object, not on absence, is proven all the same. */
function isHeldHere(entry: RunEntry, held: ReadonlyMap<ChangeClass, string>): boolean {
  return held.get(entry.changeClass) !== UNPROVEN || entry.phase !== 'source';
}

/** Gives up everything that is planned or held: the run failed, was cancelled, or a newer one took its place. */
export async function rejectAll(run: RunContext, status: 'planned' | 'held', reason: string): Promise<void> {
  for (;;) {
    const entries = await run.world.repository.runs.entries(run.ledger.record.id, { status, limit: PAGE });
    if (entries.length === 0) return;
    await settleAll(run, entries, 'rejected', () => reason);
  }
}

async function settleAll(
  run: RunContext,
  entries: readonly RunEntry[],
  status: EntryStatus,
  reason: (entry: RunEntry) => string,
): Promise<void> {
  const now = run.world.clock.nowMs();
  const units = entries.map((entry): CommitUnit => settleUnit(entry, status, reason(entry), now));
  const outcome: Outcome = status === 'held' ? 'held' : 'ignored';
  await run.ledger.commitProgress(
    units,
    settledProgress(
      run.ledger.progress,
      entries.map((entry) => [entry, outcome]),
      entries[0]!.status,
    ),
  );
  for (const entry of entries) run.ledger.tell({ ...entry, status, message: reason(entry) });
}

async function carryOutAll(run: RunContext, entries: readonly RunEntry[]): Promise<void> {
  const foresee = run.world.mode === 'plan' ? await foreseen(run.world, entries) : null;
  const carried = foresee ?? (await carryOut(run.world, entries, (...parts) => commitCarried(run, ...parts)));
  if (foresee !== null) {
    const now = run.world.clock.nowMs();
    await commitCarried(
      run,
      foresee.map(({ entry, status, message }) => settleUnit(entry, status, message, now)),
      foresee,
    );
  }
  for (const { entry, status, message } of carried) run.ledger.tell({ ...entry, status, message });
}

async function commitCarried(
  run: RunContext,
  units: readonly CommitUnit[],
  carried: readonly Carried[],
  audit: readonly AuditEvent[] = [],
): Promise<readonly CommitConflict[]> {
  const pairs = carried.map((one): [RunEntry, Outcome] => [one.entry, outcomeOf(one)]);
  const result = await run.ledger.commitProgress(units, settledProgress(run.ledger.progress, pairs, 'planned'), audit);
  return result.ok ? [] : result.conflicts;
}

export function outcomeOf({ entry, status }: Carried): Outcome {
  if (status === 'failed') return 'failed';
  if (status === 'skipped') return 'ignored';
  return entry.changeClass === 'unlink' ? 'updated' : 'deleted';
}

/** Counts the outcomes of entries that were only planned (or held) until now. */
export function settledProgress(
  progress: Progress,
  pairs: readonly (readonly [RunEntry, Outcome])[],
  from: EntryStatus,
): Partial<Progress> {
  const counts = { ...progress.counts };
  const planned = { ...progress.planned };
  let { success, failure, linksRemoved } = progress;
  for (const [entry, outcome] of pairs) {
    counts[outcome]++;
    if (from === 'held') counts.held--;
    else planned[entry.changeClass] = (planned[entry.changeClass] ?? 0) - 1;
    if (outcome === 'failed') {
      failure++;
      success--;
    }
    if ((outcome === 'deleted' || outcome === 'updated') && entry.detail?.['link'] !== undefined) linksRemoved++;
  }
  return { counts, planned, success, failure, linksRemoved };
}
