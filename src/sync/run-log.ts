import type { FailureCode } from '../base/failure.ts';
import type { AuditEvent } from '../model/audit.ts';
import type { CommitResult, CommitUnit } from '../model/repository.ts';
import type { EntryStatus, RunEntry } from '../model/run.ts';
import type { Outcome, PlannedChange } from './planned-change.ts';

/** What came of a planned change. */
export interface Settled {
  readonly change: PlannedChange;
  /** Null: not over yet (a delete that waits for the end of the scan). */
  readonly outcome: Outcome | null;
  readonly status: EntryStatus;
  readonly targetId: string | null;
  readonly message: string | null;
  /** Null when no entry is written about it. */
  readonly seq: number | null;
  /** How the target or the repository refused it. */
  readonly code?: FailureCode;
}

/** The record of a run, as far as applying a batch needs it. Counters and checkpoint are its own business. */
export interface RunLog {
  takeSeq(): number;
  toEntry(settled: Settled): RunEntry;
  /** Only the units, no progress: for intents that must be on disk before an external system is written. */
  commitIntents(units: readonly CommitUnit[]): Promise<CommitResult>;
  /** The units, and in the same transaction the run's counters and checkpoint, with `settled` counted. */
  commit(
    units: readonly CommitUnit[],
    settled: readonly Settled[],
    audit?: readonly AuditEvent[],
  ): Promise<CommitResult>;
  /** Changes the count of something that was settled already (a hook after the write failed). */
  correct(units: readonly CommitUnit[], from: Outcome, to: Outcome, count: number): Promise<CommitResult>;
}

/** A change that was planned and turns out to be refused. */
export function refused(settled: Settled, message: string, log: RunLog): Settled {
  return { ...settled, outcome: 'failed', status: 'failed', message, seq: settled.seq ?? log.takeSeq() };
}
