import type { FailureCode } from '../base/failure.ts';
import type { Filter } from '../base/query-filter.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { AuditEvent, AuditReads } from './audit.ts';
import type { Link } from './link.ts';
import type { EntryStatus, RunEntry, RunRecord } from './run.ts';

/**
 * Where managed objects, links and runs are kept. One contract, several implementations (memory, SQLite, later
 * PostgreSQL), one conformance suite. Every method is asynchronous and takes or gives a batch.
 *
 * What reads return may be shared with the store and other readers: callers never change it. Documents, links, runs and
 * entries handed to `commit` belong to the repository from then on: callers no longer change them either.
 * Reading or writing a type that was not declared is refused with `Failure('not-found')`. Ids that cannot be told apart
 * in every store (longer than 4096, lone surrogates) are refused with the code `invalid-data`.
 *
 * An implementation guarantees: a resolved `commit` is durable (it survives a power cut); a rejected one left nothing
 * behind; reads see every earlier commit.
 */
export interface Repository {
  readonly objects: ObjectReads;
  readonly links: LinkReads;
  readonly runs: RunReads;
  readonly leases: Leases;
  readonly audit: AuditReads;
  /**
   * Writes everything in `batch`, or nothing. Units that cannot be written are all reported together; the caller takes
   * them out and commits the rest. Rejects with `Failure('locked')` if `fence` no longer holds.
   */
  commit(batch: CommitBatch): Promise<CommitResult>;
  close(): Promise<void>;
}

/** What is declared about one managed type: which attributes are looked up by value and so need an index. */
export interface ObjectTypeSpec {
  readonly name: string;
  readonly searchable: readonly string[];
}

/** A stored managed object. `doc` has neither `_id` nor `_rev`. */
export interface ObjectRow {
  readonly id: string;
  readonly rev: number;
  readonly doc: JsonObject;
}

export interface ObjectReads {
  /** Creates or extends what is stored for these types. Never drops anything. */
  declareTypes(types: readonly ObjectTypeSpec[]): Promise<void>;
  /** How many objects the type has, or how many of them match. With a filter it costs as much as reading what `page` gives. */
  count(type: string, filter?: Filter): Promise<number>;
  readMany(type: string, ids: readonly string[]): Promise<readonly ObjectRow[]>;
  /** Objects whose `attribute` equals one of `values` (exact case; a multi-valued attribute matches by any element). */
  findByValue(type: string, attribute: string, values: readonly string[]): Promise<readonly ObjectRow[]>;
  /**
   * Pages in creation order, or in the order of `sort`, by keyset: no object that stays (and keeps its sort values) is lost or
   * doubled while others come and go. Refuses an `after` that is no cursor of such a page with `Failure('bad-request')`.
   */
  page(type: string, request: PageRequest): Promise<Page<ObjectRow>>;
  /** The same walk without the documents: an order of magnitude cheaper. */
  pageIds(type: string, after: Json, limit: number): Promise<Page<string>>;
}

export interface PageRequest {
  /** Evaluated exactly as `matches(filter, object, { caseSensitive: true })` over the object with `_id` and `_rev`. */
  readonly filter?: Filter;
  /** Objects with equal values stay in creation order. None, or an empty list: creation order. */
  readonly sort?: readonly SortKey[];
  readonly after?: Json;
  readonly limit: number;
  /** Only ids and revisions are wanted: `doc` may be empty. */
  readonly idsOnly?: boolean;
}

/**
 * Orders objects (with `_id` and `_rev`, which is text) by the value at `pointer`: missing and null first, then false, true,
 * numbers, texts by code point, lists, objects (both by their JSON text). Of a text only the first 256 code points count.
 */
export interface SortKey {
  readonly pointer: readonly string[];
  readonly isDescending: boolean;
}

export interface Page<T> {
  readonly rows: readonly T[];
  /** Give it as `after` for the next page; null when this was the last. */
  readonly next: Json;
}

export interface LinkReads {
  readonly count: (linkType: string) => Promise<number>;
  /** Links of a type whose `firstId` (or `secondId`) is one of `ids`; all qualifiers. */
  findByFirst(linkType: string, ids: readonly string[]): Promise<readonly Link[]>;
  findBySecond(linkType: string, ids: readonly string[]): Promise<readonly Link[]>;
  /**
   * The same, together with the managed object at the other end, in one round trip: for each link found, the object of
   * `objectType` whose id is the link's other id, or null if there is none.
   */
  findWithObjects(
    linkType: string,
    by: 'first' | 'second',
    ids: readonly string[],
    objectType: string,
  ): Promise<readonly LinkWithObject[]>;
  page(linkType: string, after: Json, limit: number): Promise<Page<Link>>;
  /** Links of every type, as `ObjectReads.page` gives objects. Filter and sort see a link as `linkObject` shows it. */
  query(request: PageRequest): Promise<Page<Link>>;
  /** How many links of any type match. */
  countMatching(filter: Filter): Promise<number>;
}

export interface LinkWithObject {
  readonly link: Link;
  readonly object: ObjectRow | null;
}

export interface RunReads {
  read(runId: string): Promise<RunRecord | null>;
  /** Newest first. */
  list(request: {
    readonly mapping?: string;
    readonly state?: string;
    /** Only runs after this one in the list. */
    readonly after?: { readonly startedMs: number; readonly id: string };
    readonly limit: number;
  }): Promise<readonly RunRecord[]>;
  /** Entries in `seq` order. */
  entries(
    runId: string,
    request: { readonly status?: EntryStatus; readonly afterSeq?: number; readonly limit: number },
  ): Promise<readonly RunEntry[]>;
  countEntries(runId: string, status: EntryStatus): Promise<number>;
  /** Runs that have at least one entry with this status, newest first. */
  withEntries(
    status: EntryStatus,
  ): Promise<readonly { readonly runId: string; readonly mapping: string; readonly count: number }[]>;
  /**
   * Removes runs with all their entries. One that is active, or that has changes waiting for approval (`held`) or an
   * intent whose outcome is open (`applying`), stays. Answers what was removed and what stays; unknown ids are in neither.
   */
  remove(runIds: readonly string[]): Promise<RunRemoval>;
}

export interface RunRemoval {
  readonly removed: readonly string[];
  readonly kept: readonly { readonly runId: string; readonly reason: 'active' | 'held' | 'applying' }[];
}

/** A named lock held by one owner for a time, with a token that grows with every new holder. */
export interface Leases {
  /**
   * The fencing token, or null while another owner holds the lease.
   * `displacing`: take it from this owner even though it has not expired (its process is known to be dead).
   */
  acquire(name: string, owner: string, ttlMs: number, displacing?: string): Promise<number | null>;
  /** Who holds it now; null if nobody does. */
  holder(name: string): Promise<string | null>;
  /** False if it was lost meanwhile: released, or taken over after it ran out. */
  renew(name: string, token: number, ttlMs: number): Promise<boolean>;
  release(name: string, token: number): Promise<void>;
}

/** All of it in one transaction. */
export interface CommitBatch {
  readonly units: readonly CommitUnit[];
  /** Inserted or replaced as a whole, before the units. */
  readonly run?: RunRecord;
  /**
   * The commit is refused unless this lease is still held with this token. Time alone does not end it: a lease that ran
   * out and that nobody else took is still held.
   */
  readonly fence?: { readonly name: string; readonly token: number };
  /** Appended to the audit chain, in this order, if the rest is committed. */
  readonly audit?: readonly AuditEvent[];
}

/** What belongs together: an object, its links, the entry that tells about it. */
export interface CommitUnit {
  readonly object?: RowWrite;
  readonly links?: readonly LinkWrite[];
  readonly entry?: EntryWrite;
}

export type RowWrite =
  /** New revision is 0. Fails with `exists` if the id is taken. */
  | { readonly kind: 'create'; readonly type: string; readonly id: string; readonly doc: JsonObject }
  /** New revision is `rev` + 1. Fails with `not-found` or `revision`. */
  | {
      readonly kind: 'update';
      readonly type: string;
      readonly id: string;
      readonly rev: number;
      readonly doc: JsonObject;
    }
  | { readonly kind: 'delete'; readonly type: string; readonly id: string; readonly rev: number };

export type LinkWrite =
  /** Fails with `exists` if either end is already linked under this type and qualifier. */
  | { readonly kind: 'create'; readonly link: Link }
  /** New revision is `rev` + 1. */
  | {
      readonly kind: 'update';
      readonly id: string;
      readonly rev: number;
      readonly firstId: string;
      readonly secondId: string;
    }
  /** A link that is gone already counts as deleted; one with another revision fails with `revision`. */
  | { readonly kind: 'delete'; readonly id: string; readonly rev: number };

export type EntryWrite =
  /** Fails with `exists` if the number is taken, with `not-found` if the run is not stored. */
  | { readonly kind: 'insert'; readonly entry: RunEntry }
  /** Changes the status of a stored entry. Fails with `revision` unless its status is `from`. */
  | {
      readonly kind: 'settle';
      readonly runId: string;
      readonly seq: number;
      readonly from: EntryStatus;
      readonly status: EntryStatus;
      readonly message?: string | null;
      readonly targetId?: string;
      readonly timestampMs: number;
    };

export type CommitResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly conflicts: readonly CommitConflict[] };

export interface CommitConflict {
  /** Index into `units`. */
  readonly unit: number;
  readonly code: FailureCode;
  /** Names the thing: `managed/user/bjensen was changed meanwhile (expected revision 3)`. */
  readonly message: string;
}
