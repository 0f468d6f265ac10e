import type { FailureCode } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { AuditEvent } from './audit.ts';
import type { ObjectSet, ObjectWrite, StoredObject } from './object-set.ts';
import type { ObjectRow, Page, RowWrite } from './repository.ts';

/** A write whose id is known. */
export type IdentifiedWrite = ObjectWrite & { readonly id: string };

/** A collection that lives in the repository itself: written in the same transaction as links and entries. */
export interface ManagedSet extends ObjectSet {
  /** Name of the managed type, as the repository knows it. */
  readonly type: string;
  /**
   * The row that a write comes to, without hooks and policies; values that are kept encrypted or hashed are closed. The id of a
   * create must be chosen by now.
   */
  toRowWrite(write: IdentifiedWrite): RowWrite;
  toStored(row: ObjectRow): StoredObject;
  /** What has to happen to writes before they are committed, and after; null: nothing, and `toRowWrite` will do. */
  readonly preparation: WritePreparation | null;
  newId(): string;
  pageIds(after: Json, limit: number): Promise<Page<string>>;
  count(): Promise<number>;
}

/** Hooks, policies, encryption and hashing of a managed type, for those who commit its rows themselves. */
export interface WritePreparation {
  /** Scripts take part: they may look at, and change, whatever they like. */
  readonly hasScripts: boolean;
  /**
   * Prepares a batch; the scripts of all its objects run together. Result `i` belongs to write `i`: a write that is refused is
   * refused alone. In mode `plan` only what computes runs. The batch must be released.
   */
  prepare(writes: readonly IdentifiedWrite[], purpose: WritePurpose): Promise<PreparedBatch>;
  /** The object as an entry may show it: nothing in plain text that is stored closed. */
  close(object: JsonObject): JsonObject;
  /**
   * Of the attributes that seem to differ, those that do: a plain value and the hash that is stored of it are the same.
   */
  changed(stored: JsonObject, object: JsonObject, changed: readonly string[]): readonly string[];
}

export interface WritePurpose {
  readonly mode: 'live' | 'plan';
  /** Ties activity entries to the run. */
  readonly transactionId: string;
}

export interface PreparedBatch {
  readonly results: readonly PreparedRow[];
  /**
   * To be called after the commit with the positions of the writes that it wrote: runs the hooks after the write and tells who
   * listens. Gives what to say about writes whose hook failed, by position.
   */
  committed(positions: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** Lets go of what was reserved for the commit. May be called twice. */
  release(): void;
}

export type PreparedRow =
  | {
      readonly ok: true;
      readonly row: RowWrite;
      /** As stored, without `_id` and `_rev`; null where there is none. */
      readonly before: JsonObject | null;
      readonly after: JsonObject | null;
      /** Belongs into the same commit. */
      readonly audit: readonly AuditEvent[];
      /** The same: what makes sure that the change is passed on. */
      readonly announced: readonly RowWrite[];
    }
  | { readonly ok: false; readonly code: FailureCode; readonly message: string; readonly detail: Json };

export function isManagedSet(set: ObjectSet): set is ManagedSet {
  return set.traits.isTransactional;
}
