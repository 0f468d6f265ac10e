import { Failure } from '../../base/failure.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { ScriptMode } from '../../mapping/script-host.ts';
import type { RunRecord } from '../../model/run.ts';
import { holdLease, ownerName } from '../../recon/lease.ts';
import { Ledger } from '../../recon/ledger.ts';
import { initialProgress, toJson } from '../../recon/progress.ts';
import { carryThrough, resumedProgress, type ReconResult } from '../../recon/recon.ts';
import { runContext, type RunContext } from '../../recon/run-context.ts';
import type { World } from '../../sync/world.ts';
import type { Lockstep } from '../lockstep.ts';
import { harmlessListeners, openWorld, type RunListeners } from '../run-mapping.ts';
import { originOf, reconRequest, type RunOrigin, type RunOverrides } from '../run-request.ts';
import { rejectHeld, tellAuditFiles } from '../runs.ts';
import { hasLeftovers } from './undo-attempts.ts';
import { unreadableAttributes } from './undo-facts.ts';
import { undoIdOf } from './undo-id.ts';
import { undoPhases, type Undoing } from './undo-phases.ts';

export interface UndoOptions extends RunListeners, RunOrigin {
  /** `plan` tells what would be taken back, and writes nothing anywhere. */
  readonly mode: ScriptMode;
  readonly signal?: AbortSignal;
  /** Limits of the guard for this undo. */
  readonly overrides?: Pick<RunOverrides, 'guard'>;
}

/**
 * Takes back what a finished run did, from the before-images of its entries, newest first: a run of its own (kind `undo`)
 * with entries, guard, and deletes that may be held for approval. What has changed since is left alone and told. Asked for
 * again, an undo goes on with what is not taken back yet: it was interrupted, cancelled or failed, or some of its changes
 * were held and turned down, were left alone when they were approved, or failed.
 * Rejects with `not-found` for an unknown run, with `conflict` for one that cannot be undone (active, an undo itself, of a
 * mapping that goes elsewhere now), was undone already, or whose undo waits for approval; with `locked` while the mapping is
 * being run.
 */
export async function undoRun(lockstep: Lockstep, runId: string, options: UndoOptions): Promise<ReconResult> {
  const { undone, earlier } = await undoable(lockstep, runId);
  const mapping = lockstep.mappingConfig(undone.mapping);
  const isPlan = options.mode === 'plan';
  const id = isPlan ? lockstep.newId() : undoIdOf(runId);
  const opened = await openWorld(lockstep, mapping, options.mode, id);
  try {
    const lease = await holdLease(
      opened.repository.leases,
      `recon/${mapping.name}`,
      ownerName(`${id}/${lockstep.newId()}`),
    );
    try {
      const { compiled } = opened.mapping;
      const links = compiled.links.isEnabled ? await opened.repository.links.count(compiled.links.linkType) : 0;
      const run = await begin(lockstep, withoutPostMapping(opened), {
        options: harmlessListeners(lockstep, options),
        undone,
        earlier: isPlan ? null : earlier,
        links,
        fence: lease.fence,
        id,
      });
      const undoing: Undoing = {
        undone,
        isContinued: earlier !== null,
        links,
        unreadable: unreadableAttributes(lockstep, compiled.target),
      };
      await carryThrough(run, (active) => undoPhases(lockstep, active, undoing));
      const { record, progress } = run.ledger;
      if (!isPlan) await tellAuditFiles(lockstep, record);
      if (!isPlan && record.state === 'SUCCESS') await rejectHeld(lockstep, runId, `undone by run ${record.id}`);
      return { record, progress };
    } finally {
      await lease.release();
    }
  } finally {
    await opened.close();
  }
}

/** The run that is to be undone, and the undo of it that left something to do. */
export async function undoable(
  lockstep: Lockstep,
  runId: string,
): Promise<{ readonly undone: RunRecord; readonly earlier: RunRecord | null }> {
  const undone = await lockstep.repository.runs.read(runId);
  if (undone === null) throw new Failure('not-found', `Reconciliation with id ${runId} not found.`);
  if (undone.state === 'ACTIVE')
    throw new Failure('conflict', `run ${runId} is not over yet; cancel it, or wait for its end`);
  if (undone.kind === 'undo')
    throw new Failure('conflict', `run ${runId} is an undo itself; reconcile again to repeat what it took back`);
  const mapping = lockstep.mappingConfig(undone.mapping);
  const { source, target } = undone.request;
  if ((source ?? mapping.source) !== mapping.source || (target ?? mapping.target) !== mapping.target)
    throw new Failure(
      'conflict',
      `run ${runId} cannot be undone: mapping ${mapping.name} went from ${String(source)} to ${String(target)} then`,
    );
  const earlier = await lockstep.repository.runs.read(undoIdOf(runId));
  if (earlier?.state === 'SUCCESS') await ensureUnfinished(lockstep, runId, earlier.id);
  return { undone, earlier };
}

async function ensureUnfinished({ repository }: Lockstep, runId: string, undoId: string): Promise<void> {
  const held = await repository.runs.countEntries(undoId, 'held');
  if (held > 0)
    throw new Failure(
      'conflict',
      `run ${runId} was undone already, by ${undoId}, which holds ${held} changes: approve them, or reject them to undo again`,
    );
  if (!(await hasLeftovers(repository.runs, undoId)))
    throw new Failure('conflict', `run ${runId} was undone already, by ${undoId}`);
}

interface Beginning {
  readonly options: UndoOptions;
  readonly undone: RunRecord;
  readonly earlier: RunRecord | null;
  readonly links: number;
  readonly fence: { readonly name: string; readonly token: number };
  readonly id: string;
}

async function begin(lockstep: Lockstep, world: World, beginning: Beginning): Promise<RunContext> {
  const { options, undone, earlier, links, fence, id } = beginning;
  const progress = {
    ...(earlier === null ? initialProgress() : await resumedProgress(lockstep.repository, earlier)),
    ...({ phase: 'source', stage: 'ACTIVE_RECONCILING_TARGET', held: [], error: null, errorCode: null } as const),
    links: { processed: 0, total: links },
  };
  const { source, target, sourceQuery, targetQuery } = undone.request;
  const record: RunRecord = {
    id,
    kind: 'undo',
    mapping: undone.mapping,
    state: 'ACTIVE',
    stage: progress.stage,
    startedMs: earlier?.startedMs ?? world.clock.nowMs(),
    endedMs: null,
    request: {
      undoes: undone.id,
      ...definedOnly({ source, target, sourceQuery, targetQuery }),
      ...originOf(options),
    },
    progress: toJson(progress),
  };
  const noop = (): void => {};
  const ledger = new Ledger({
    repository: world.repository,
    clock: world.clock,
    record,
    progress,
    fence,
    storesCreates: options.mode === 'plan',
    onEntry: options.onEntry ?? null,
    onProgress: options.onProgress ?? noop,
  });
  const { compiled } = world.mapping;
  const request = reconRequest(compiled, options.overrides ?? {}, lockstep.config.lockstep);
  return runContext(world, ledger, request, options.signal ?? new AbortController().signal);
}

function definedOnly(values: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as JsonObject;
}

/** Deletes and unlinks call their hooks as in a run; `postMapping` belongs to mapping, and nothing is mapped here. */
function withoutPostMapping(opened: Awaited<ReturnType<typeof openWorld>>): World {
  const { compiled } = opened.mapping;
  const hooks = { ...compiled.payload.hooks, postMapping: null };
  const mapping = { ...opened.mapping, compiled: { ...compiled, payload: { ...compiled.payload, hooks } } };
  return { ...opened, mapping, skipsCorrelation: true, isTracing: false };
}
