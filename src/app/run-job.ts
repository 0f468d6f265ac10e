import { messageOf, Failure } from '../base/failure.ts';
import type { RunRecord, RunState } from '../model/run.ts';
import { fromJson, toJson, type Progress } from '../recon/progress.ts';
import type { ReconResult } from '../recon/recon.ts';
import { SUSPENDED } from '../recon/suspension.ts';
import type { Lockstep } from './lockstep.ts';
import type { RunListeners } from './run-mapping.ts';

/** A run as it stands: what is stored, or for one that is under way what it has told last. */
export interface RunSnapshot {
  readonly record: RunRecord;
  readonly progress: Progress;
}

/** Does the work of a run. `onRun` is told the id of the run that is actually made, should it become another one. */
export type RunWork = (
  listeners: RunListeners & { readonly signal: AbortSignal; readonly onRun: (runId: string) => void },
) => Promise<ReconResult>;

/** One run of this process, waiting or under way. */
export class RunJob {
  readonly mapping: string;
  readonly #lockstep: Lockstep;
  readonly #abort = new AbortController();
  readonly #watchers = new Set<() => void>();
  #snapshot: RunSnapshot;
  #isCanceling = false;

  constructor(lockstep: Lockstep, record: RunRecord) {
    this.#lockstep = lockstep;
    this.mapping = record.mapping;
    this.#snapshot = { record, progress: fromJson(record.progress) };
  }

  get runId(): string {
    return this.#snapshot.record.id;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  snapshot(): RunSnapshot {
    const { record, progress } = this.#snapshot;
    const isActive = record.state === 'ACTIVE' && this.#isCanceling;
    return isActive ? { record: { ...record, stage: 'ACTIVE_CANCELING' }, progress } : this.#snapshot;
  }

  cancel(): void {
    this.#isCanceling = true;
    this.#abort.abort(new Failure('canceled', 'the run was cancelled'));
    this.#changed();
  }

  /** Stops it at its checkpoint, to be taken up by the next start. */
  suspend(): void {
    this.#abort.abort(SUSPENDED);
  }

  /** Resolves at the next change, and when the signal is aborted. */
  async nextChange(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (): void => resolve();
    this.#watchers.add(done);
    signal.addEventListener('abort', done, { once: true });
    try {
      await promise;
    } finally {
      this.#watchers.delete(done);
      signal.removeEventListener('abort', done);
    }
  }

  /** Never rejects: what goes wrong is in the record. `onRun`: the run got another id. */
  async carryOut(work: RunWork, onRun: (runId: string) => void): Promise<RunSnapshot> {
    try {
      this.#snapshot = await work({
        signal: this.signal,
        onProgress: (progress) => this.#progressed(progress),
        onRun: (runId) => {
          if (runId === this.runId) return;
          this.#snapshot = { ...this.#snapshot, record: { ...this.#snapshot.record, id: runId } };
          onRun(runId);
        },
      });
    } catch (error) {
      if (this.signal.reason !== SUSPENDED) this.#snapshot = await this.#failed(error);
    }
    this.#changed();
    return this.#snapshot;
  }

  #progressed(progress: Progress): void {
    const { record } = this.#snapshot;
    this.#snapshot = { record: { ...record, stage: progress.stage }, progress };
    this.#changed();
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** A run that could not even begin (its target is out of reach, its mapping is being run elsewhere) is over, too. */
  async #failed(error: unknown): Promise<RunSnapshot> {
    const { repository, clock, log } = this.#lockstep;
    if (!(error instanceof Failure)) log.write('error', `run ${this.runId}: ${messageOf(error)}`);
    const state: RunState = this.#isCanceling ? 'CANCELED' : 'FAILED';
    const stored = (await repository.runs.read(this.runId)) ?? this.#snapshot.record;
    const isTheirs = error instanceof Failure && error.code === 'locked' && stored.stage !== 'ACTIVE_INITIALIZED';
    if (stored.state !== 'ACTIVE' || isTheirs) return { record: stored, progress: fromJson(stored.progress) };
    const stage = state === 'CANCELED' ? 'COMPLETED_CANCELED' : 'COMPLETED_FAILED';
    const progress: Progress = {
      ...fromJson(stored.progress),
      stage,
      phase: 'over',
      error: state === 'CANCELED' ? null : messageOf(error),
      errorCode: error instanceof Failure && state === 'FAILED' ? error.code : null,
    };
    const record: RunRecord = { ...stored, state, stage, endedMs: clock.nowMs(), progress: toJson(progress) };
    await repository.commit({ units: [], run: record }).catch((fault: unknown) => {
      log.write('error', `run ${this.runId}: its end could not be recorded: ${messageOf(fault)}`);
    });
    return { record, progress };
  }
}
