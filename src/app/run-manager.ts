import { Failure, messageOf } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { MappingConfig } from '../mapping/mapping-config.ts';
import type { RunRecord } from '../model/run.ts';
import { isHolderDead } from '../recon/lease.ts';
import { fromJson, initialProgress, toJson } from '../recon/progress.ts';
import type { Lockstep } from './lockstep.ts';
import { RunJob, type RunSnapshot, type RunWork } from './run-job.ts';
import { requestJson } from './run-mapping.ts';
import { originOf, reconRequest, storedOrigin, type RunOrigin, type RunOverrides } from './run-request.ts';
import { openSlots, type Slots } from '../base/slots.ts';
import { giveUp, runToTakeUp, startRun } from './runs.ts';
import { undoIdOf } from './undo/undo-id.ts';
import { undoable, undoRun } from './undo/undo.ts';

export type RunStart = ReconStart | UndoStart;

/** A mapping by name, or one of its own (schedules have such). `overrides.ids` makes it a reconciliation by id. */
export interface ReconStart extends RunOrigin {
  readonly kind: 'recon';
  readonly mapping: string | MappingConfig;
  readonly overrides: RunOverrides;
}

/** Takes back what a run did. */
export interface UndoStart extends RunOrigin {
  readonly kind: 'undo';
  readonly runId: string;
  readonly overrides?: Pick<RunOverrides, 'guard'>;
}

/** The runs of one process, in the background. All of them are stored: what is over is read from the repository. */
export interface RunManager {
  /**
   * Answers the id as soon as the run is stored. Rejects with `locked` while the mapping is being run, with `bad-request`
   * for an unknown mapping or a query that cannot be understood, and as `undoRun` does.
   */
  start(request: RunStart): Promise<string>;
  /**
   * The run when it is over; `not-found` for an unknown one. One that another process carries out is given as it stands.
   * Rejects with `unreachable` as soon as `close` is called, with `{_id}` of the run as its detail.
   */
  wait(runId: string): Promise<RunSnapshot>;
  /** Nothing happens to a run that is over. Rejects with `not-found`, or `conflict` if another process carries it out. */
  cancel(runId: string): Promise<void>;
  read(runId: string): Promise<RunSnapshot | null>;
  /** Newest first. */
  list(request: { readonly mapping?: string; readonly limit: number }): Promise<readonly RunSnapshot[]>;
  /** Resolves when there may be news of a run, at the latest after a second for one that is not ours. */
  nextChange(runId: string, signal: AbortSignal): Promise<void>;
  /** Runs that are under way here, and that wait for their turn. */
  activity(): { readonly running: number; readonly waiting: number };
  /** Takes up what an earlier process left behind, or gives it up, as configured. Answers the ids of what goes on. */
  resumeInterrupted(): Promise<readonly string[]>;
  /**
   * Ends all waits at once, stops every run at its checkpoint (or cancels it, where nothing is resumed) and waits for that.
   * May be called more than once.
   */
  close(): Promise<void>;
}

export interface RunManagerOptions {
  /** Runs at once; default 10. */
  readonly concurrency?: number;
  /** Told of each run that is over, or was stopped. */
  readonly onEnd?: (snapshot: RunSnapshot) => void;
}

const POLL_MS = 1000;

export function openRunManager(lockstep: Lockstep, options: RunManagerOptions = {}): RunManager {
  return new BackgroundRuns(lockstep, openSlots(options.concurrency ?? 10), options.onEnd ?? (() => {}));
}

interface Admitted {
  readonly record: RunRecord;
  readonly isNew: boolean;
  readonly work: RunWork;
}

class BackgroundRuns implements RunManager {
  readonly #lockstep: Lockstep;
  readonly #slots: Slots;
  readonly #jobs = new Map<string, RunJob>();
  readonly #ends = new Map<RunJob, Promise<RunSnapshot>>();
  /** Mappings that are being run, or are about to be. */
  readonly #busy = new Set<string>();
  readonly #onEnd: (snapshot: RunSnapshot) => void;
  readonly #waits = new Set<() => void>();
  #isClosing = false;

  constructor(lockstep: Lockstep, slots: Slots, onEnd: (snapshot: RunSnapshot) => void) {
    this.#lockstep = lockstep;
    this.#slots = slots;
    this.#onEnd = onEnd;
  }

  start(request: RunStart): Promise<string> {
    return this.#begin(request, null);
  }

  async #begin(request: RunStart, unbegun: RunRecord | null): Promise<string> {
    if (this.#isClosing) throw new Failure('unreachable', 'the server is being stopped; start the run again later');
    const mapping = await mappingOf(this.#lockstep, request);
    if (this.#busy.has(mapping.name)) throw busy(mapping.name);
    this.#busy.add(mapping.name);
    try {
      await ensureFree(this.#lockstep, mapping.name);
      const admitted =
        request.kind === 'recon'
          ? await admitRecon(this.#lockstep, mapping, request, unbegun)
          : await admitUndo(this.#lockstep, request, mapping);
      if (admitted.isNew) await this.#lockstep.repository.commit({ units: [], run: admitted.record });
      return this.#launch(admitted);
    } catch (error) {
      this.#busy.delete(mapping.name);
      throw error;
    }
  }

  #launch({ record, work }: Admitted): string {
    const job = new RunJob(this.#lockstep, record);
    this.#jobs.set(record.id, job);
    const inTurn: RunWork = async (listeners) => {
      const release = await this.#slots.take(job.signal);
      return work(listeners).finally(release);
    };
    const end = job.carryOut(inTurn, (runId) => this.#jobs.set(runId, job)).finally(() => this.#forget(job));
    this.#ends.set(job, end);
    return record.id;
  }

  #forget(job: RunJob): void {
    this.#ends.delete(job);
    for (const [runId, one] of this.#jobs) if (one === job) this.#jobs.delete(runId);
    this.#busy.delete(job.mapping);
    this.#onEnd(job.snapshot());
  }

  async wait(runId: string): Promise<RunSnapshot> {
    const job = this.#jobs.get(runId);
    const over = job === undefined ? await this.read(runId) : await this.#endOf(job);
    if (over === null) throw notFound(runId);
    return over;
  }

  async #endOf(job: RunJob): Promise<RunSnapshot> {
    const stop = Promise.withResolvers<null>();
    const wake = (): void => stop.resolve(null);
    this.#waits.add(wake);
    if (this.#isClosing) wake();
    const over = await Promise.race([this.#ends.get(job)!, stop.promise]).finally(() => this.#waits.delete(wake));
    if (over === null) throw stopping(job.runId, this.#isResumed());
    return over;
  }

  async cancel(runId: string): Promise<void> {
    const job = this.#jobs.get(runId);
    if (job !== undefined) return job.cancel();
    const stored = await this.#lockstep.repository.runs.read(runId);
    if (stored === null) throw notFound(runId);
    if (stored.state === 'ACTIVE')
      throw new Failure('conflict', `run ${runId} is not carried out by this process; cancel it where it was started`);
  }

  async read(runId: string): Promise<RunSnapshot | null> {
    const job = this.#jobs.get(runId);
    if (job?.runId === runId) return job.snapshot();
    const record = await this.#lockstep.repository.runs.read(runId);
    return record === null ? null : snapshotOf(record);
  }

  async list(request: { readonly mapping?: string; readonly limit: number }): Promise<readonly RunSnapshot[]> {
    const records = await this.#lockstep.repository.runs.list(request);
    return records.map((record) => {
      const job = this.#jobs.get(record.id);
      return job?.runId === record.id ? job.snapshot() : snapshotOf(record);
    });
  }

  async nextChange(runId: string, signal: AbortSignal): Promise<void> {
    const job = this.#jobs.get(runId);
    if (job !== undefined) return job.nextChange(signal);
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (): void => resolve();
    const timer = setTimeout(done, POLL_MS);
    signal.addEventListener('abort', done, { once: true });
    await promise;
    clearTimeout(timer);
    signal.removeEventListener('abort', done);
  }

  activity(): { readonly running: number; readonly waiting: number } {
    const { waiting } = this.#slots;
    return { running: this.#ends.size - waiting, waiting };
  }

  async resumeInterrupted(): Promise<readonly string[]> {
    const left = await this.#lockstep.repository.runs.list({ state: 'ACTIVE', limit: 1000 });
    const resumed: string[] = [];
    for (const record of left.toReversed()) {
      if (this.#jobs.has(record.id) || (await isHeld(this.#lockstep, record.mapping))) continue;
      try {
        const runId = await this.#resume(record);
        if (runId !== null) resumed.push(runId);
      } catch (error) {
        this.#lockstep.log.write('error', `run ${record.id} of ${record.mapping}: ${messageOf(error)}`);
      }
    }
    return resumed;
  }

  async #resume(record: RunRecord): Promise<string | null> {
    const { config, log } = this.#lockstep;
    const inline = config.schedules.flatMap(({ mapping }) => mapping ?? []);
    const mapping = [...config.mappings, ...inline].find((one) => one.name === record.mapping);
    if (mapping === undefined || config.lockstep.resume.onCrash === 'fail') {
      const reason =
        mapping === undefined ? 'its mapping is no longer configured' : 'the process ended while it was running';
      log.write('warn', `giving up the interrupted run ${record.id} of ${record.mapping}: ${reason}`);
      await (mapping === undefined
        ? endLost(this.#lockstep, record, reason)
        : giveUp(this.#lockstep, mapping, record, reason));
      return null;
    }
    log.write('info', `taking up the interrupted run ${record.id} of ${record.mapping}`);
    const { undoes, overrides } = record.request;
    const more = storedOrigin(record.request);
    if (record.kind === 'undo') return this.#begin({ kind: 'undo', runId: String(undoes), ...more }, null);
    const unbegun = record.stage === 'ACTIVE_INITIALIZED' ? record : null;
    const asked = (overrides ?? {}) as unknown as RunOverrides;
    return this.#begin({ kind: 'recon', mapping, overrides: asked, ...more }, unbegun);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const wake of this.#waits) wake();
    for (const job of this.#ends.keys()) {
      if (this.#isResumed()) job.suspend();
      else job.cancel();
    }
    await Promise.all(this.#ends.values());
  }

  #isResumed(): boolean {
    return this.#lockstep.config.lockstep.resume.onCrash === 'resume';
  }
}

async function mappingOf(lockstep: Lockstep, request: RunStart): Promise<MappingConfig> {
  if (request.kind === 'undo') return lockstep.mappingConfig((await undoable(lockstep, request.runId)).undone.mapping);
  return typeof request.mapping === 'string' ? lockstep.mappingConfig(request.mapping) : request.mapping;
}

/** What is wrong with the request shows now, and not in a run that fails later. */
async function admitRecon(
  lockstep: Lockstep,
  mapping: MappingConfig,
  { overrides, ...start }: ReconStart,
  unbegun: RunRecord | null,
): Promise<Admitted> {
  const { kind } = reconRequest(lockstep.compile(mapping), overrides, lockstep.config.lockstep);
  const left = unbegun === null ? await runToTakeUp(lockstep, mapping, overrides) : null;
  const record =
    left ??
    unbegun ??
    newRecord(lockstep, lockstep.newId(), kind, mapping.name, requestJson(mapping, overrides, start));
  const more = {
    ...(left === null ? { runId: record.id } : {}),
    ...originOf(start),
  };
  const onInterrupted = (message: string): void => lockstep.log.write('info', `${mapping.name}: ${message}`);
  const work: RunWork = (listeners) => startRun(lockstep, mapping, { overrides, ...more, ...listeners, onInterrupted });
  return { record, isNew: left === null, work };
}

async function admitUndo(
  lockstep: Lockstep,
  { runId, overrides, ...start }: UndoStart,
  mapping: MappingConfig,
): Promise<Admitted> {
  const { earlier } = await undoable(lockstep, runId);
  const record = earlier ?? newRecord(lockstep, undoIdOf(runId), 'undo', mapping.name, { undoes: runId });
  const more = {
    ...(overrides === undefined ? {} : { overrides }),
    ...originOf(start),
  };
  const work: RunWork = (listeners) => undoRun(lockstep, runId, { mode: 'live', ...more, ...listeners });
  return { record: { ...record, state: 'ACTIVE', endedMs: null }, isNew: earlier === null, work };
}

function newRecord(
  { clock }: Lockstep,
  id: string,
  kind: RunRecord['kind'],
  mapping: string,
  request: JsonObject,
): RunRecord {
  const progress = toJson(initialProgress());
  const startedMs = clock.nowMs();
  return {
    id,
    kind,
    mapping,
    state: 'ACTIVE',
    stage: 'ACTIVE_INITIALIZED',
    startedMs,
    endedMs: null,
    request,
    progress,
  };
}

async function isHeld({ repository }: Lockstep, mapping: string): Promise<boolean> {
  const holder = await repository.leases.holder(`recon/${mapping}`);
  return holder !== null && !isHolderDead(holder);
}

async function ensureFree(lockstep: Lockstep, mapping: string): Promise<void> {
  if (await isHeld(lockstep, mapping)) throw busy(mapping);
}

async function endLost({ repository, clock }: Lockstep, record: RunRecord, error: string): Promise<void> {
  const progress = toJson({ ...fromJson(record.progress), stage: 'COMPLETED_FAILED', phase: 'over', error });
  const over = { ...record, state: 'FAILED', stage: 'COMPLETED_FAILED', endedMs: clock.nowMs(), progress } as const;
  await repository.commit({ units: [], run: over });
}

function snapshotOf(record: RunRecord): RunSnapshot {
  return { record, progress: fromJson(record.progress) };
}

function busy(mapping: string): Failure {
  return new Failure('locked', `mapping ${mapping} is being run already; wait for the end of that run, or cancel it`, {
    retryable: true,
  });
}

function stopping(runId: string, isResumed: boolean): Failure {
  const fate = isResumed ? 'goes on at the next start, where it stopped' : 'is cancelled';
  return new Failure('unreachable', `the server is being stopped; run ${runId} ${fate}`, { detail: { _id: runId } });
}

function notFound(runId: string): Failure {
  return new Failure('not-found', `Reconciliation with id ${runId} not found.`);
}
