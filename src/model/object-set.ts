import type { FailureCode } from '../base/failure.ts';
import type { Filter } from '../base/query-filter.ts';
import type { Json, JsonObject } from '../base/json.ts';

/**
 * One collection of objects: `managed/user`, `system/hr/account`. What a mapping reads from and writes to.
 * Implemented by the repository (managed objects) and by every connector (system objects).
 *
 * Everything comes and goes in batches; there is deliberately no way to read or write a single object.
 */
export interface ObjectSet {
  /** Collection path, e.g. `system/hr/account`. */
  readonly path: string;
  readonly traits: ObjectSetTraits;

  /**
   * Reads every object that matches, in pages, each object once. The last page has `isLast: true`, and only a scan that
   * delivered it has seen everything. A scan that cannot deliver everything throws `Failure('incomplete-read')` (or a
   * more exact code); it never ends quietly. Rows that cannot be read are reported as `faults`, and the scan goes on.
   */
  scan(request: ScanRequest): AsyncIterable<ScanPage>;

  /**
   * The objects with these ids, in any order; ids that do not exist are absent from the map. Keys are the ids asked for. Where some
   * exist and cannot be read, it rejects: with `UnreadableObjects` if it is known which.
   */
  readMany(ids: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, StoredObject>>;

  /** One answer per query, in order. A query that cannot be run is a `Failure` in its place; the others are answered. */
  query(queries: readonly Query[], signal?: AbortSignal): Promise<readonly QueryAnswer[]>;

  /**
   * Performs the writes; outcome `i` belongs to write `i`. Resolves when everything that succeeded is durable.
   * One refused object does not stop the others. Rejects only when the set as a whole cannot be written.
   */
  write(writes: readonly ObjectWrite[], signal?: AbortSignal): Promise<readonly WriteOutcome[]>;

  /** How many writes to collect before `write` is worth calling, given what is stored now. Asked before each batch. */
  preferredWriteCount(): number;

  close(): Promise<void>;
}

export interface ObjectSetTraits {
  /**
   * `direct`: readMany and query cost in proportion to what they return.
   * `scan`: they read the whole collection, so a run stages it once instead.
   */
  readonly lookup: 'direct' | 'scan';
  /** Objects live in the repository: object, link, entry and checkpoint are written in one transaction. */
  readonly isTransactional: boolean;
  /** False: an attribute is either there with a value or absent; a null is written as absence. */
  readonly storesNull: boolean;
  /** The caller may choose `_id` on create. */
  readonly acceptsIds: boolean;
}

export interface ScanRequest {
  readonly query?: Query;
  /** Continue after the page that carried this cursor. Refused with `Failure('conflict')` if the set cannot honour it. */
  readonly after?: Json;
  /** Objects per page; a hint. */
  readonly pageSize: number;
  readonly signal?: AbortSignal;
}

export interface ScanPage {
  readonly objects: readonly StoredObject[];
  readonly faults: readonly RowFault[];
  /** Where this page ended: what `after` takes. JSON, small, valid as long as the collection is not rewritten. */
  readonly cursor: Json;
  readonly isLast: boolean;
  /** Total number of objects, when the set knows it without extra work. */
  readonly total?: number;
}

/** An object with its id. `object` carries `_id` too, and `_rev` where the set has revisions. It may be frozen: who changes it, copies it. */
export interface StoredObject {
  readonly id: string;
  readonly rev: string | null;
  readonly object: JsonObject;
}

/** A row that exists but cannot be read. `id` is null when not even the identifier could be made out. */
export interface RowFault {
  readonly id: string | null;
  /** The row is cut up wrongly (too few cells, a stray quote), so that `id` may be another row's value. */
  readonly isIdUncertain?: boolean;
  /** Where, in words: `people.csv line 17`. */
  readonly place: string;
  readonly message: string;
}

export type Query =
  | { readonly kind: 'filter'; readonly filter: Filter }
  | { readonly kind: 'id'; readonly queryId: string; readonly parameters: JsonObject };

export type QueryAnswer =
  | { readonly ok: true; readonly objects: readonly StoredObject[] }
  | { readonly ok: false; readonly code: FailureCode; readonly message: string };

export type ObjectWrite =
  /** `id` null: the set assigns it. `object` has no `_id`. */
  | { readonly kind: 'create'; readonly id: string | null; readonly object: JsonObject }
  /**
   * `object` is the complete wanted state (without `_id`), `changed` the top-level attributes that differ from what was
   * read; a set that can, writes only those. A changed attribute that is absent from `object` is removed.
   * `rev` is the revision that was read; a set that has revisions refuses another one with code `revision`.
   */
  | {
      readonly kind: 'update';
      readonly id: string;
      readonly rev: string | null;
      readonly object: JsonObject;
      readonly changed: readonly string[];
    }
  | { readonly kind: 'delete'; readonly id: string; readonly rev: string | null };

export type WriteOutcome =
  /** The id after the write: assigned on create, changed by a rename. */
  | { readonly ok: true; readonly id: string; readonly rev: string | null }
  | {
      readonly ok: false;
      readonly code: FailureCode;
      readonly message: string;
      /** It may have been carried out all the same. False: it was certainly not. Absent: nobody knows. */
      readonly isUncertain?: boolean | undefined;
    };

/** The longest id that can be kept, in UTF-16 code units. */
export const MAX_ID_LENGTH = 4096;

/** Whether an id can be linked and stored. Stores keep UTF-8, where two ids with lone surrogates would become one. */
export function isStorableId(id: string): boolean {
  return id.length <= MAX_ID_LENGTH && id.isWellFormed();
}

/** For messages: `the id "xxx…" has 5000 characters; …` */
export function unstorableId(id: string): string {
  const shown = JSON.stringify(id.slice(0, 40)).replace(/"$/, '…"');
  return `the id ${shown} (${id.length} characters) cannot be kept: ids have at most ${MAX_ID_LENGTH} characters and no lone surrogates`;
}
