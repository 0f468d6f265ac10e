import { Failure } from '../base/failure.ts';
import type { Clock } from '../base/clock.ts';
import { deepEqual, type Json } from '../base/json.ts';
import type { AuditEvent } from '../model/audit.ts';
import type { CommitBatch, CommitResult, CommitUnit, Repository } from '../model/repository.ts';
import type { EntryStatus, RunEntry, RunRecord, RunState } from '../model/run.ts';
import type { Outcome } from '../sync/planned-change.ts';
import type { RunLog, Settled } from '../sync/run-log.ts';
import { entryOf } from './entry-of.ts';
import { toJson, withSettled, type Progress } from './progress.ts';

export interface LedgerOptions {
  readonly repository: Repository;
  readonly clock: Clock;
  readonly record: RunRecord;
  readonly progress: Progress;
  readonly fence: CommitBatch['fence'] | undefined;
  /** Keep what a create wrote in its entry, too; otherwise it is only in the object itself. */
  readonly storesCreates: boolean;
  /** Null: nobody wants to know. */
  readonly onEntry: ((entry: RunEntry) => void) | null;
  readonly onProgress: (progress: Progress) => void;
}

/** The run's own book: numbers its entries, counts what came of them, and commits both together with the checkpoint. */
export class Ledger implements RunLog {
  readonly #options: LedgerOptions;
  #record: RunRecord;
  #progress: Progress;
  #seq: number;
  /** What `update` said since the last commit began: it must outlive that commit. */
  #late: Partial<Progress> = {};

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.#record = options.record;
    this.#progress = options.progress;
    this.#seq = options.progress.lastSeq;
  }

  get progress(): Progress {
    return this.#progress;
  }

  get record(): RunRecord {
    return this.#record;
  }

  takeSeq(): number {
    return ++this.#seq;
  }

  toEntry(settled: Settled): RunEntry {
    return entryOf(settled, this.#record.id, this.#options.clock.nowMs());
  }

  /** Changes what the next commit says about the run, without a commit of its own. */
  update(change: Partial<Progress>): void {
    this.#progress = { ...this.#progress, ...change };
    this.#late = { ...this.#late, ...change };
    if (change.stage !== undefined) this.#options.onProgress(this.#progress);
  }

  /** The next commit moves the checkpoint here; entries from then on belong to what comes after it. */
  moveTo(cursor: Json): void {
    if (!deepEqual(cursor, this.#progress.cursor)) this.update({ cursor, cursorSeq: null });
  }

  warn(warning: string): void {
    if (!this.#progress.warnings.includes(warning)) this.update({ warnings: [...this.#progress.warnings, warning] });
  }

  async commitIntents(units: readonly CommitUnit[]): Promise<CommitResult> {
    return this.#write({ units });
  }

  async commit(
    units: readonly CommitUnit[],
    settled: readonly Settled[],
    audit: readonly AuditEvent[] = [],
  ): Promise<CommitResult> {
    const result = await this.#commitWith(units, withSettled(this.#progress, settled), false, audit);
    if (result.ok && this.#options.onEntry !== null)
      for (const one of settled) if (one.seq !== null && one.status !== 'planned') this.tell(this.toEntry(one));
    return result;
  }

  async correct(units: readonly CommitUnit[], from: Outcome, to: Outcome, count: number): Promise<CommitResult> {
    const counts = { ...this.#progress.counts };
    counts[from] -= count;
    counts[to] += count;
    const isFailure = to === 'failed' ? count : 0;
    const { success, failure } = this.#progress;
    return this.#commitWith(units, {
      ...this.#progress,
      counts,
      success: success - isFailure,
      failure: failure + isFailure,
    });
  }

  /** Commits units with a progress of the caller's making. */
  async commitProgress(
    units: readonly CommitUnit[],
    change: Partial<Progress>,
    audit: readonly AuditEvent[] = [],
  ): Promise<CommitResult> {
    return this.#commitWith(units, { ...this.#progress, ...change }, true, audit);
  }

  /** What came of an entry, for those who watch the run. One that is only planned is told when it is settled. */
  tell(entry: RunEntry): void {
    this.#options.onEntry?.(entry);
  }

  async finish(state: RunState, change: Partial<Progress>): Promise<RunRecord> {
    const endedMs = this.#options.clock.nowMs();
    this.#record = { ...this.#record, state, endedMs };
    const result = await this.#commitWith([], { ...this.#progress, ...change });
    if (!result.ok) throw new Failure('internal', 'the end of the run could not be recorded');
    return this.#record;
  }

  async #commitWith(
    units: readonly CommitUnit[],
    wanted: Progress,
    isTold = true,
    audit: readonly AuditEvent[] = [],
  ): Promise<CommitResult> {
    this.#late = {};
    const progress = { ...wanted, lastSeq: this.#seq, cursorSeq: wanted.cursorSeq ?? this.#seq };
    const record: RunRecord = { ...this.#record, stage: progress.stage, progress: toJson(progress) };
    const stored = this.#options.storesCreates ? units : units.map(withoutCreated);
    const result = await this.#write({ units: stored, run: record, ...(audit.length === 0 ? {} : { audit }) });
    if (!result.ok) return result;
    this.#progress = { ...progress, ...this.#late };
    this.#record = record;
    this.#options.onProgress(progress);
    if (isTold)
      for (const { entry } of units)
        if (entry?.kind === 'insert' && entry.entry.status !== 'planned') this.tell(entry.entry);
    return result;
  }

  #write(batch: CommitBatch): Promise<CommitResult> {
    const { repository, fence } = this.#options;
    return repository.commit(fence === undefined ? batch : { ...batch, fence });
  }
}

function withoutCreated(unit: CommitUnit): CommitUnit {
  const { entry } = unit;
  if (entry?.kind !== 'insert' || entry.entry.changeClass !== 'create' || entry.entry.status !== 'done') return unit;
  return { ...unit, entry: { kind: 'insert', entry: { ...entry.entry, after: null } } };
}

/** A status change of a stored entry. */
export function settleUnit(
  entry: RunEntry,
  status: EntryStatus,
  message: string | null,
  timestampMs: number,
): CommitUnit {
  const { runId, seq } = entry;
  return { entry: { kind: 'settle', runId, seq, from: entry.status, status, message, timestampMs } };
}
