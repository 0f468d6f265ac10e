import { Failure, messageOf, type FailureCode } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { Repository } from '../model/repository.ts';
import type { RunEntry, RunRecord, RunState } from '../model/run.ts';
import { keyOf } from '../sync/gather-source.ts';
import type { World } from '../sync/world.ts';
import { planLinkCleanup } from './cleanup.ts';
import { finishPlanned, rejectAll } from './finish-planned.ts';
import { Ledger } from './ledger.ts';
import { holdLease } from './lease.ts';
import { doCountsAddUp, fromJson, initialProgress, toJson, type Progress } from './progress.ts';
import { recoverIntents } from './recover.ts';
import { reconcileIds } from './recon-by-id.ts';
import { reportResults } from './result-script.ts';
import { runContext, type ReconRequest, type RunContext } from './run-context.ts';
import { replaySources, runSourcePhase } from './source-phase.ts';
import { storedEntries } from './stored-entries.ts';
import { SUSPENDED } from './suspension.ts';
import { runTargetPhase } from './target-phase.ts';

export interface ReconOptions {
  readonly world: Omit<World, 'skipsCorrelation' | 'isTracing'>;
  readonly request: ReconRequest;
  /** Go on with this run instead of starting a new one. */
  readonly resume?: RunRecord;
  /** Do not go on with `resume`, but end it as failed for this reason. */
  readonly abandon?: string;
  readonly owner: string;
  /** Found out while the run was prepared; kept with it. */
  readonly warnings?: readonly string[];
  /** Kept with the run, for those who look at it later. */
  readonly requestJson: JsonObject;
  readonly signal?: AbortSignal;
  readonly onEntry?: (entry: RunEntry) => void;
  readonly onProgress?: (progress: Progress) => void;
}

export interface ReconResult {
  readonly record: RunRecord;
  readonly progress: Progress;
}

/** The warning of the reference, word for word. */
const EMPTY_SOURCE =
  'Cannot perform reconciliation with an empty source object set, unless explicitly configured to allow it.';

/** Runs a reconciliation from start to end, or from where an interrupted one stopped. The run's failure is in the result. */
export async function reconcile(options: ReconOptions): Promise<ReconResult> {
  const { repository } = options.world;
  const name = `recon/${options.world.mapping.compiled.name}`;
  const lease = await holdLease(repository.leases, name, options.owner);
  try {
    const run = await start(options, lease.fence);
    if (options.abandon === undefined) await carryThrough(run, reconcilePhases);
    else await abandon(run, options.abandon);
    return { record: run.ledger.record, progress: run.ledger.progress };
  } finally {
    await lease.release();
  }
}

async function start(options: ReconOptions, fence: { name: string; token: number }): Promise<RunContext> {
  const { world, request, resume } = options;
  const { compiled } = world.mapping;
  const linked = compiled.links.isEnabled ? await world.repository.links.count(compiled.links.linkType) : 0;
  const fresh: Progress = {
    ...initialProgress(),
    stage: 'ACTIVE_QUERY_ENTRIES',
    links: { processed: 0, total: linked },
  };
  const progress = resume === undefined ? fresh : await resumedProgress(world.repository, resume);
  const isTargetEmpty =
    resume === undefined && request.runTargetPhase && !compiled.correlateEmptyTargetSet && (await isEmpty(options));
  const skipsCorrelation = isTargetEmpty || resume?.request['skipsCorrelation'] === true;
  const record: RunRecord = resume ?? {
    id: world.runId,
    kind: request.kind,
    mapping: compiled.name,
    state: 'ACTIVE',
    stage: progress.stage,
    startedMs: world.clock.nowMs(),
    endedMs: null,
    request: { ...options.requestJson, skipsCorrelation },
    progress: toJson(progress),
  };
  const noop = (): void => {};
  const { onEntry = null, onProgress = noop } = options;
  const storesCreates = world.mode === 'plan';
  const ledger = new Ledger({
    repository: world.repository,
    clock: world.clock,
    record,
    progress,
    fence,
    storesCreates,
    onEntry,
    onProgress,
  });
  for (const warning of options.warnings ?? []) ledger.warn(warning);
  const signal = options.signal ?? new AbortController().signal;
  return runContext({ ...world, skipsCorrelation, isTracing: false }, ledger, request, signal);
}

/** Intents are stored before the run's own record, so that entries may have been numbered beyond what that record knows. */
export async function resumedProgress(repository: Repository, resume: RunRecord): Promise<Progress> {
  const progress = fromJson(resume.progress);
  let { lastSeq } = progress;
  for await (const { seq } of storedEntries(repository.runs, resume.id, { afterSeq: lastSeq })) lastSeq = seq;
  return { ...progress, lastSeq };
}

async function isEmpty({ world, request, signal }: ReconOptions): Promise<boolean> {
  if (request.targetQuery === null && 'count' in world.target)
    return (await (world.target as { count(): Promise<number> }).count()) === 0;
  const query = request.targetQuery === null ? {} : { query: request.targetQuery };
  for await (const page of world.target.scan({ pageSize: 1, ...query, ...(signal === undefined ? {} : { signal }) }))
    if (page.objects.length + page.faults.length > 0) return false;
  return true;
}

/**
 * Records the run, does its work, and records how it ended. A run that is suspended, or whose lease is lost, is left as
 * it stands: it rejects, and can be taken up at its checkpoint.
 */
export async function carryThrough(run: RunContext, work: (run: RunContext) => Promise<void>): Promise<void> {
  try {
    await run.ledger.commitProgress([], {});
    await work(run);
    await over(run, 'SUCCESS', null);
  } catch (error) {
    if (run.signal.reason === SUSPENDED) throw SUSPENDED;
    if (error instanceof Failure && error.code === 'locked') throw error;
    const isCanceled = run.signal.aborted;
    const reason = isCanceled ? 'the run was cancelled' : messageOf(error);
    if (!isCanceled && !(error instanceof Failure))
      run.world.log.write('error', `run ${run.ledger.record.id}: ${reason}`);
    await rejectAll(run, 'planned', isCanceled ? reason : `the run failed: ${reason}`);
    const errorCode = error instanceof Failure && !isCanceled ? error.code : null;
    await over(run, isCanceled ? 'CANCELED' : 'FAILED', isCanceled ? null : reason, errorCode);
    if (error instanceof Error && error.name === 'Bug') throw error;
  }
}

/** Ends an interrupted run. What it had written outside gets its links all the same; what it had only planned is dropped. */
async function abandon(run: RunContext, reason: string): Promise<void> {
  await recoverIntents(run);
  await rejectAll(run, 'planned', reason);
  await over(run, 'FAILED', reason);
}

async function reconcilePhases(run: RunContext): Promise<void> {
  await runOnRecon(run);
  await phases(run);
}

async function runOnRecon(run: RunContext): Promise<void> {
  const [result] = await run.world.mapping.run('onRecon', [{}], run.world.mode);
  if (!result!.ok) throw new Failure('script', result!.message);
}

/** The phases in order; an interrupted run enters at the one where it stopped. */
async function phases(run: RunContext): Promise<void> {
  const { ledger } = run;
  const linkedAtStart = ledger.progress.links.total ?? 0;
  const recovered = await recoverIntents(run);
  await touchRecorded(run);
  if (ledger.progress.phase === 'source' && !(await sourcePhase(run, recovered))) return;
  if (ledger.progress.phase === 'target') await targetPhase(run);
  if (ledger.progress.phase === 'cleanup') {
    if (run.seenSources.size === 0 && ledger.progress.source.processed > 0) await replaySources(run, null);
    ledger.update({ stage: 'ACTIVE_LINK_CLEANUP' });
    await planLinkCleanup(run);
    await ledger.commitProgress([], { phase: 'guard' });
  }
  if (ledger.progress.phase === 'guard' || ledger.progress.phase === 'apply') {
    await finishPlanned(run, linkedAtStart);
    await ledger.commitProgress([], { phase: 'results' });
  }
  await reportResults(run);
}

/** Targets that an interrupted run had dealt with in its source phase are not left over. */
async function touchRecorded({ world, ledger, touchedTargets, createdTargets, view }: RunContext): Promise<void> {
  for await (const entry of storedEntries(world.repository.runs, ledger.record.id)) {
    if (entry.phase !== 'source' || entry.status === 'skipped') continue;
    for (const id of entry.ambiguousTargetIds ?? []) touchedTargets.add(view.targetKey(id));
    if (entry.targetId === null) continue;
    touchedTargets.add(view.targetKey(entry.targetId));
    if (entry.changeClass === 'create' && entry.status === 'done') createdTargets.add(view.targetKey(entry.targetId));
  }
}

/** False: the source was empty and that is not allowed, so that there is nothing more to do. */
async function sourcePhase(run: RunContext, recovered: readonly RunEntry[]): Promise<boolean> {
  const { ledger, request } = run;
  ledger.update({ stage: 'ACTIVE_RECONCILING_SOURCE' });
  const isDone = await dealtWith(run, recovered);
  const { isEmpty: hasNoSource } =
    request.kind === 'reconById'
      ? await reconcileIds(run, isDone)
      : await runSourcePhase(run, { cursor: ledger.progress.cursor, isDone });
  if (hasNoSource && !request.allowEmptySourceSet) {
    ledger.warn(EMPTY_SOURCE);
    run.world.log.write('warn', EMPTY_SOURCE);
    return false;
  }
  const isWhole = request.kind === 'recon';
  const next = request.runTargetPhase && isWhole ? 'target' : 'guard';
  await ledger.commitProgress([], { phase: next, cursor: null, cursorSeq: null });
  return true;
}

/** Objects after the checkpoint that have their entry already. */
async function dealtWith(
  run: RunContext,
  recovered: readonly RunEntry[],
): Promise<(sourceId: string, linkQualifier: string) => boolean> {
  const { cursorSeq } = run.ledger.progress;
  const keys = new Set(recovered.map((entry) => keyOf(String(entry.sourceId), entry.linkQualifier)));
  const after = { afterSeq: cursorSeq ?? 0 };
  for await (const entry of storedEntries(run.world.repository.runs, run.ledger.record.id, after))
    if (entry.phase === 'source' && entry.status !== 'skipped')
      keys.add(keyOf(String(entry.sourceId), entry.linkQualifier));
  return (sourceId, linkQualifier) => keys.has(keyOf(sourceId, linkQualifier));
}

async function targetPhase(run: RunContext): Promise<void> {
  const { ledger } = run;
  if (run.seenSources.size === 0 && ledger.progress.source.processed > 0) await replaySources(run, null);
  ledger.update({ stage: 'ACTIVE_RECONCILING_TARGET' });
  await runTargetPhase(run, ledger.progress.cursor);
  await ledger.commitProgress([], { phase: 'cleanup', cursor: null, cursorSeq: null });
}

async function over(
  run: RunContext,
  state: RunState,
  error: string | null,
  errorCode: FailureCode | null = null,
): Promise<void> {
  const { ledger } = run;
  const stages = {
    SUCCESS: 'COMPLETED_SUCCESS',
    FAILED: 'COMPLETED_FAILED',
    CANCELED: 'COMPLETED_CANCELED',
    ACTIVE: 'ACTIVE_PROCESSING_RESULTS',
  } as const;
  if (state === 'SUCCESS' && !doCountsAddUp(ledger.progress)) {
    const warning = `the counts do not add up: ${JSON.stringify(ledger.progress.counts)} against ${ledger.progress.entries} entries`;
    ledger.warn(warning);
    run.world.log.write('error', warning);
  }
  await ledger.finish(state, { stage: stages[state], phase: 'over', error, errorCode });
}
