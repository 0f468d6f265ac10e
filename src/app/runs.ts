import { Failure } from '../base/failure.ts';
import type { MappingConfig } from '../mapping/mapping-config.ts';
import type { RunEntry, RunRecord } from '../model/run.ts';
import { isHolderDead } from '../recon/lease.ts';
import { fromJson, toJson } from '../recon/progress.ts';
import type { ReconResult } from '../recon/recon.ts';
import { storedEntries } from '../recon/stored-entries.ts';
import type { Lockstep } from './lockstep.ts';
import { mappingHash, runMapping, type RunListeners, type RunMappingOptions } from './run-mapping.ts';
import { originOf, type RunOrigin, type RunOverrides } from './run-request.ts';

export interface StartOptions extends RunListeners, RunOrigin {
  readonly overrides: RunOverrides;
  readonly signal?: AbortSignal;
  /** Of the new run, if there is one. */
  readonly runId?: string;
  /** Told the id of each run before it begins or goes on. */
  readonly onRun?: (runId: string) => void;
  /** Told before an interrupted run is taken up or given up. */
  readonly onInterrupted?: (message: string) => void;
}

/**
 * Runs a mapping. A run of it that a killed process left behind is taken up where it stopped (or given up, as
 * configured, or when its mapping or its source has changed since; then a new one starts).
 */
export async function startRun(
  lockstep: Lockstep,
  mapping: MappingConfig,
  options: StartOptions,
): Promise<ReconResult> {
  await healFailedRuns(lockstep, mapping, options);
  const left = await interruptedRun(lockstep, mapping.name, options.runId);
  if (left !== null) {
    const obstacle = obstacleTo(lockstep, left, mapping, options.overrides);
    if (obstacle === null) {
      options.onInterrupted?.(`taking up the interrupted run ${left.id}`);
      options.onRun?.(left.id);
      const result = await runMapping(lockstep, mapping, liveOptions(options, left));
      if (result.progress.errorCode !== 'conflict') return concluded(lockstep, result);
      options.onInterrupted?.(`the source has changed since the interruption; starting anew`);
    } else {
      options.onInterrupted?.(`giving up the interrupted run ${left.id}: ${obstacle}`);
      await giveUp(lockstep, mapping, left, obstacle);
    }
  }
  const runId = options.runId ?? lockstep.newId();
  options.onRun?.(runId);
  return concluded(lockstep, await runMapping(lockstep, mapping, { ...liveOptions(options), runId }));
}

/** Ends an interrupted run as failed. What it had written to an external target gets its links all the same. */
export async function giveUp(
  lockstep: Lockstep,
  mapping: MappingConfig,
  left: RunRecord,
  reason: string,
): Promise<void> {
  await runMapping(lockstep, mapping, { ...liveOptions({ overrides: {} }, left), abandon: reason });
}

/** The interrupted run that `startRun` would take up, if it were called now; null: it would begin a new one. */
export async function runToTakeUp(
  lockstep: Lockstep,
  mapping: MappingConfig,
  overrides: RunOverrides,
): Promise<RunRecord | null> {
  const left = await interruptedRun(lockstep, mapping.name);
  return left !== null && obstacleTo(lockstep, left, mapping, overrides) === null ? left : null;
}

/** A run that failed between the answer of an external target and the link: what it had written gets its links now. */
async function healFailedRuns(lockstep: Lockstep, mapping: MappingConfig, { overrides }: StartOptions): Promise<void> {
  for (const { runId, mapping: name } of await lockstep.repository.runs.withEntries('applying')) {
    const record = name === mapping.name ? await lockstep.repository.runs.read(runId) : null;
    if (record === null || record.state === 'ACTIVE') continue;
    const reason = typeof record.progress['error'] === 'string' ? record.progress['error'] : 'the run failed';
    await runMapping(lockstep, mapping, { ...liveOptions({ overrides }, record), abandon: reason });
  }
}

async function concluded(lockstep: Lockstep, result: ReconResult): Promise<ReconResult> {
  await tellAuditFiles(lockstep, result.record);
  if (result.record.state === 'SUCCESS' && result.record.kind === 'recon') await supersede(lockstep, result.record);
  return result;
}

/** A run that is over goes to the audit files, where there are any: start, entries, summary. */
export async function tellAuditFiles({ audit, repository }: Lockstep, record: RunRecord): Promise<void> {
  if (!audit.hasFiles('recon') || record.state === 'ACTIVE') return;
  await audit.runStarted(record);
  for await (const entry of storedEntries(repository.runs, record.id)) await audit.runEntry(record, entry);
  await audit.runEnded(record);
}

/**
 * What an older run of the mapping still held was planned anew by this one: approving it twice would be a mistake. What an undo
 * held, this one has found in place and left there; whoever still wants it gone asks for the undo again.
 */
async function supersede(lockstep: Lockstep, newer: RunRecord): Promise<void> {
  for (const { runId, mapping } of await lockstep.repository.runs.withEntries('held'))
    if (mapping === newer.mapping && runId !== newer.id)
      await rejectHeld(lockstep, runId, `superseded by run ${newer.id}`);
}

/** Turns down what a run holds, and counts it as ignored. */
export async function rejectHeld(lockstep: Lockstep, runId: string, reason: string): Promise<number> {
  const count = await rejectEntries(lockstep, runId, 'held', reason);
  const record = count === 0 ? null : await lockstep.repository.runs.read(runId);
  if (record === null) return count;
  const progress = fromJson(record.progress);
  const counts = { ...progress.counts, held: progress.counts.held - count, ignored: progress.counts.ignored + count };
  await lockstep.repository.commit({ units: [], run: { ...record, progress: toJson({ ...progress, counts }) } });
  return count;
}

function liveOptions(options: StartOptions, resume?: RunRecord): RunMappingOptions {
  const { overrides, signal, onEntry, onProgress } = options;
  return {
    mode: 'live',
    overrides,
    ...(resume === undefined ? {} : { resume }),
    ...(signal === undefined ? {} : { signal }),
    ...originOf(options),
    ...(onEntry === undefined ? {} : { onEntry }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
}

/** The run of this mapping that is marked active although no process works on it; null if there is none. */
async function interruptedRun(lockstep: Lockstep, mapping: string, except?: string): Promise<RunRecord | null> {
  const found = await lockstep.repository.runs.list({ mapping, state: 'ACTIVE', limit: 2 });
  const active = found.find((record) => record.id !== except);
  if (active === undefined) return null;
  const holder = await lockstep.repository.leases.holder(`recon/${mapping}`);
  return holder === null || isHolderDead(holder) ? active : null;
}

function obstacleTo(
  lockstep: Lockstep,
  left: RunRecord,
  mapping: MappingConfig,
  overrides: RunOverrides,
): string | null {
  if (left.stage === 'ACTIVE_INITIALIZED') return 'the process ended before it began';
  if (left.kind === 'undo') return 'asked for again, the undo goes on with what is left';
  if (lockstep.config.lockstep.resume.onCrash === 'fail') return 'the process ended while it was running';
  if (left.request['mappingHash'] !== mappingHash(mapping)) return 'its mapping was changed meanwhile';
  if (JSON.stringify(left.request['overrides']) !== JSON.stringify(overrides))
    return 'it was started with other options';
  return null;
}

/** Commits in which somebody else was faster: what is left is looked up again. */
const MAX_REFUSALS = 100;

export async function rejectEntries(
  lockstep: Lockstep,
  runId: string,
  from: RunEntry['status'],
  message: string,
): Promise<number> {
  let count = 0;
  let refusals = 0;
  for (;;) {
    const entries = await lockstep.repository.runs.entries(runId, { status: from, limit: 500 });
    if (entries.length === 0) return count;
    const timestampMs = lockstep.clock.nowMs();
    const units = entries.map(({ seq }) => ({
      entry: { kind: 'settle', runId, seq, from, status: 'rejected', message, timestampMs } as const,
    }));
    const result = await lockstep.repository.commit({ units });
    if (result.ok) count += entries.length;
    else if (++refusals > MAX_REFUSALS)
      throw new Failure('conflict', `entries of run ${runId} were changed meanwhile: ${result.conflicts[0]?.message}`);
  }
}
