import { deepEqual, type Json } from '../base/json.ts';
import { isStorableId, unstorableId } from '../model/object-set.ts';
import type { RowFault, ScanPage, ScanRequest, StoredObject } from '../model/object-set.ts';
import { decide } from '../sync/decide.ts';
import { NO_CORRELATION, type SourceEvidence } from '../sync/evidence.ts';
import { completeSources, prepareSources, type Gathered, type Prepared } from '../sync/gather-source.ts';
import { linksOfSources } from '../sync/link-view.ts';
import { planFailure } from '../sync/plan.ts';
import type { PlannedChange } from '../sync/planned-change.ts';
import { Applier } from './applier.ts';
import { resolveContests } from './contests.ts';
import { Pending } from './pending.ts';
import type { RunContext } from './run-context.ts';

interface Batch {
  readonly page: ScanPage;
  /** Under way while earlier batches are dealt with. */
  readonly prepared: Promise<readonly Prepared[]>;
  readonly faults: readonly PlannedChange[];
}

export interface SourcePhaseStart {
  /** Where an interrupted run had come to. */
  readonly cursor: Json;
  /** `sourceId` and qualifier of objects after the cursor that were dealt with before the interruption. */
  readonly isDone: (sourceId: string, linkQualifier: string) => boolean;
}

/**
 * Goes through the source once: gather, assess, decide, plan, apply, a batch at a time. While one batch is applied the next is
 * planned, and those after it are read and looked up. Answers whether the source held any object at all.
 */
export async function runSourcePhase(run: RunContext, start: SourcePhaseStart): Promise<{ readonly isEmpty: boolean }> {
  if (start.cursor !== null) await replaySources(run, start.cursor);
  const pending = new Pending(run.view, AHEAD);
  const applier = new Applier(run, pending);
  const end = await goThrough(run, start, pending, applier).catch(async (error: unknown) => {
    // what is being applied must be over before the run is brought to its end
    await applier.finish().catch(() => {});
    throw error;
  });
  await resolveContests(run, (prepared) => decideOneByOne(run, prepared, end.cursor));
  return { isEmpty: end.isEmpty };
}

type SourceEnd = { readonly isEmpty: boolean; readonly cursor: Json };

async function goThrough(
  run: RunContext,
  start: SourcePhaseStart,
  pending: Pending,
  applier: Applier,
): Promise<SourceEnd> {
  let isEmpty = start.cursor === null;
  let cursor = start.cursor;
  for await (const batch of ahead(batches(run, start))) {
    run.signal.throwIfAborted();
    if (batch.page.objects.length + batch.page.faults.length > 0) isEmpty = false;
    await planBatch(run, await batch.prepared, pending, applier, cursor);
    for (const fault of batch.faults) pending.add(fault);
    pending.closeBatch();
    cursor = batch.page.cursor;
    const { source } = run.ledger.progress;
    const total = batch.page.total ?? (batch.page.isLast ? run.seenSources.size : source.total);
    run.ledger.update({ source: { processed: run.seenSources.size, total } });
    if (isDue(run, pending)) await applier.apply(cursor);
  }
  await applier.apply(cursor);
  await applier.finish();
  return { isEmpty, cursor };
}

/** Each object on the state that the one before it left behind. */
async function decideOneByOne(run: RunContext, prepared: readonly Prepared[], cursor: Json): Promise<void> {
  for (const one of prepared) {
    const pending = new Pending(run.view);
    const applier = new Applier(run, pending);
    await planBatch(run, [one], pending, applier, cursor);
    pending.closeBatch();
    await applier.apply(cursor);
    await applier.finish();
  }
}

const MAX_PENDING = 20_000;
/** Objects in one transaction, at least, changed or not. Larger ones were not measurably faster, and take more memory. */
const TRANSACTION_SIZE = 500;

function isDue({ world, request }: RunContext, pending: Pending): boolean {
  if (world.target.traits.isTransactional) return pending.size >= Math.min(TRANSACTION_SIZE, request.batchSize);
  const limit = pending.writes === 0 ? TRANSACTION_SIZE : MAX_PENDING;
  return pending.writes >= world.target.preferredWriteCount() || pending.size >= limit;
}

/** Batches that are read and looked up before their turn: the repository answers while the engine works. */
const AHEAD = 2;

/** Runs some steps ahead of its consumer. */
async function* ahead<T>(items: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = items[Symbol.asyncIterator]();
  const queue: Promise<IteratorResult<T>>[] = [];
  const fill = (): void => {
    const next = iterator.next();
    next.catch(() => {});
    queue.push(next);
  };
  for (let i = 0; i < AHEAD; i++) fill();
  for (;;) {
    const result = await queue.shift()!;
    if (result.done === true) return;
    fill();
    yield result.value;
  }
}

async function* batches(run: RunContext, start: SourcePhaseStart): AsyncIterable<Batch> {
  for await (const page of scanSource(run, start.cursor)) {
    const fresh: StoredObject[] = [];
    const faults: PlannedChange[] = [];
    for (const stored of page.objects) {
      if (!isStorableId(stored.id)) faults.push(failure(stored.id.slice(0, 100), unstorableId(stored.id)));
      else if (run.seenSources.add(run.view.sourceKey(stored.id))) fresh.push(stored);
      else faults.push(failure(stored.id, `source object ${stored.id} appears more than once; the first one was used`));
    }
    for (const fault of page.faults) faults.push(rowFault(run, fault));
    const prepared = prepareBatch(run, start, fresh, page);
    prepared.catch(() => {});
    yield { page, prepared, faults };
  }
}

async function prepareBatch(
  run: RunContext,
  start: SourcePhaseStart,
  fresh: readonly StoredObject[],
  page: ScanPage,
): Promise<readonly Prepared[]> {
  const ids = page.faults.flatMap((fault) => fault.id ?? []);
  const [prepared] = await Promise.all([prepareSources(run.world, fresh), touchLinked(run, ids)]);
  return prepared.filter((one) => !start.isDone(one.sourceId, one.linkQualifier));
}

function scanSource(run: RunContext, after: Json): AsyncIterable<ScanPage> {
  const { sourceQuery, batchSize } = run.request;
  const request: ScanRequest = {
    pageSize: batchSize,
    signal: run.signal,
    ...(sourceQuery === null ? {} : { query: sourceQuery }),
    ...(after === null ? {} : { after }),
  };
  return run.world.source.scan(request);
}

/** A row that cannot be read is an entry of its own. If its id is known, its target is not taken for an orphan. */
function rowFault(run: RunContext, fault: RowFault): PlannedChange {
  if (fault.id === null || fault.isIdUncertain === true)
    run.ledger.update({ unidentifiedFaults: run.ledger.progress.unidentifiedFaults + 1 });
  if (fault.id !== null) run.faultySources.add(run.view.sourceKey(fault.id));
  return failure(fault.id, `${fault.place}: ${fault.message}`);
}

function failure(sourceId: string | null, message: string): PlannedChange {
  const evidence: SourceEvidence = {
    kind: 'source',
    sourceId: sourceId ?? '',
    source: null,
    linkQualifier: '',
    isValid: false,
    link: null,
    linkedTargetId: null,
    target: null,
    correlation: NO_CORRELATION,
  };
  return { ...planFailure(evidence, null, message), sourceId };
}

async function touchLinked(run: RunContext, sourceIds: readonly string[]): Promise<void> {
  const found = await linksOfSources(run.world.repository.links, run.view, sourceIds);
  for (const link of found) run.touchedTargets.add(run.view.targetIdOf(link));
}

/** Plans a batch; objects that meet something pending are gathered again after it was applied. */
async function planBatch(
  run: RunContext,
  prepared: readonly Prepared[],
  pending: Pending,
  applier: Applier,
  cursor: Json,
): Promise<void> {
  let open = prepared.map((one) =>
    one.linkedTarget != null && pending.mayBeOutdated(one.linkedTarget.id) ? { ...one, linkedTarget: undefined } : one,
  );
  while (open.length > 0) {
    const gathered = await completeSources(run.world, open);
    touch(run, gathered);
    const changes = await decide(run.world, gathered);
    const contested: Prepared[] = [];
    for (const [i, change] of changes.entries()) {
      if (gathered[i]!.fault === null && pending.isContested(gathered[i]!.evidence))
        contested.push({ ...open[i]!, linkedTarget: undefined });
      else pending.add(reported(run, change));
    }
    if (contested.length > 0) {
      await applier.apply(cursor);
      await applier.finish();
    }
    open = contested;
  }
}

/** An object that did not change leaves no entry, unless everything is to be logged. */
export function reported(run: RunContext, change: PlannedChange): PlannedChange {
  const isUnchanged = change.outcome === 'unchanged';
  return isUnchanged && change.isReported !== run.request.logUnchanged
    ? { ...change, isReported: run.request.logUnchanged }
    : change;
}

/** A target that a source object has anything to do with is not left over. */
function touch(run: RunContext, gathered: readonly Gathered[]): void {
  for (const { evidence } of gathered) {
    if (evidence.linkedTargetId !== null) run.touchedTargets.add(run.view.targetKey(evidence.linkedTargetId));
    for (const target of evidence.correlation.targets) run.touchedTargets.add(run.view.targetKey(target.id));
  }
}

/**
 * After an interruption: what had been seen and touched is found out again from the same scan; nothing is written.
 * `until` null: the whole of it.
 */
export async function replaySources(run: RunContext, until: Json): Promise<void> {
  for await (const page of scanSource(run, null)) {
    run.signal.throwIfAborted();
    const fresh = page.objects.filter(
      (stored) => isStorableId(stored.id) && run.seenSources.add(run.view.sourceKey(stored.id)),
    );
    for (const fault of page.faults) if (fault.id !== null) run.faultySources.add(run.view.sourceKey(fault.id));
    await touchLinked(
      run,
      page.faults.flatMap((fault) => fault.id ?? []),
    );
    touch(run, await completeSources(run.world, await prepareSources(run.world, fresh)));
    if (until !== null && deepEqual(page.cursor, until)) return;
  }
}
