import type { Json, JsonObject } from '../base/json.ts';
import type { Action } from './action.ts';
import type { Situation } from './situation.ts';

/** `undo`: takes back what another run did; `request.undoes` names that one. */
export type RunKind = 'recon' | 'reconById' | 'undo';
export type RunState = 'ACTIVE' | 'SUCCESS' | 'FAILED' | 'CANCELED';
export type RunStage =
  | 'ACTIVE_INITIALIZED'
  | 'ACTIVE_QUERY_ENTRIES'
  | 'ACTIVE_RECONCILING_SOURCE'
  | 'ACTIVE_RECONCILING_TARGET'
  | 'ACTIVE_LINK_CLEANUP'
  | 'ACTIVE_PROCESSING_RESULTS'
  | 'ACTIVE_CANCELING'
  | 'COMPLETED_SUCCESS'
  | 'COMPLETED_CANCELED'
  | 'COMPLETED_FAILED';

/** A run as stored. Committed with each batch, so that no other memory of it is needed. */
export interface RunRecord {
  readonly id: string;
  readonly kind: RunKind;
  readonly mapping: string;
  readonly state: RunState;
  readonly stage: RunStage;
  readonly startedMs: number;
  readonly endedMs: number | null;
  /** What was asked for: queries, ids, limits, the mapping's text if it was given inline. */
  readonly request: JsonObject;
  /** Cursor, counters, warnings, guard: the run's own business, opaque to the repository. */
  readonly progress: JsonObject;
}

/** What kind of change an entry makes, and so which guard counts it. */
export type ChangeClass = 'create' | 'update' | 'delete' | 'ambiguousDelete' | 'link' | 'unlink' | 'none';

/**
 * `planned`  decided, not yet tried (deletes wait for the end of the scan).
 * `held`     decided, held by the guard, waits for approval.
 * `applying` an external target is being written; after a crash its state is looked up.
 * `done`     applied, or nothing was to be done.
 * `failed`   tried and refused, or the object's own evaluation failed.
 * `rejected` held, and turned down by an operator.
 * `skipped`  held and approved, but the object had changed since: not applied.
 */
export type EntryStatus = 'planned' | 'held' | 'applying' | 'done' | 'failed' | 'rejected' | 'skipped';

/**
 * What was decided about one object under one link qualifier, and what came of it. One row serves three readers:
 * the reconciliation audit, the guard (planned and held changes), and undo (before-images).
 * Source: specification §12.1 (recon entry), design §1.
 */
export interface RunEntry {
  readonly runId: string;
  /** 1, 2, 3 … within the run, in the order in which they were decided. */
  readonly seq: number;
  readonly timestampMs: number;
  readonly phase: 'source' | 'target' | 'cleanup';
  readonly situation: Situation | null;
  readonly action: Action;
  readonly changeClass: ChangeClass;
  readonly status: EntryStatus;
  readonly linkQualifier: string;
  readonly sourceId: string | null;
  readonly targetId: string | null;
  readonly ambiguousTargetIds: readonly string[] | null;
  /** Target object before the change (undo, held deletes); null for creates and when nothing is written. */
  readonly before: JsonObject | null;
  /** What is written: for an update `{attribute: newValue | absent}` as a list of patch operations; for a create on an external target the object. */
  readonly after: Json;
  /** Why it failed, was held or skipped; null when all went well. */
  readonly message: string | null;
  /** Anything else worth keeping: link id, rule that decided, would-be action of REPORT, error detail. */
  readonly detail: JsonObject | null;
}
