import type { Json, JsonObject } from '../base/json.ts';

/**
 * What an external system tells about its own changes: the change log of a directory, the rows newer than a time, a file
 * compared with what it was. One for each object type, or one for all of them.
 *
 * An implementation guarantees:
 * - **Nothing is lost.** Whoever goes on with a token is told of every change after it, at least once. A change may come
 *   again; it may come with a newer state than it had.
 * - **Order.** Changes of one object come in the order in which they happened. Between objects the order is the system's own.
 * - **Ids.** Where one object gave up an id and another took it, the change that says so of the first comes before. A feed that knows
 *   objects only as they are now leaves out what a later change of the page takes the place of (`withoutSuperseded`).
 * - **Tokens** are JSON, small, and valid for as long as the system remembers. One that it does not know (any more) is refused
 *   with `Failure('expired')` before the first page; nothing is guessed.
 * - **Errors** are told by type: `unreachable`, `denied`, `timeout`, `incomplete-read` … A walk that cannot tell everything rejects;
 *   it never ends quietly.
 * - A change that the configuration leaves out (other base contexts, own writes) is passed over, and the token moves past it all the
 *   same. One of an object that cannot be read is told without it, so that reading it fails for whoever handles the change.
 *
 * A caller handles a page before it asks for the next one, and stores no token of what it has not handled.
 */
export interface ChangeFeed {
  /** What kind of value the tokens are, by OpenIDM's names: `integer`, `string`, `JAVA_TYPE_LONG`, `object` … Kept with them. */
  readonly nativeType: string;
  /**
   * Where the system is now: changes after this instant have later tokens. Null: it has none yet. Costs no walk through the
   * changes. A feed with a memory gives all of it to `remember`, piece by piece, as of that instant; what was kept before is void.
   */
  latest(signal?: AbortSignal, remember?: Remember): Promise<Json>;
  /**
   * What happened after a token, up to now; then it ends. `after` null: from the beginning, as far as the system knows; refused
   * with `expired` where it cannot tell. A walk with nothing to tell gives at least no page, at most one without changes.
   */
  changes(after: Json, request: FeedRequest): AsyncIterable<FeedPage>;
  /**
   * The same, but it does not end: it first tells what happened since, and then each change as it happens, until the signal is
   * aborted (then it ends) or the connection is lost (then it rejects). Absent: the system cannot push.
   */
  watch?(after: Json, request: FeedRequest & { readonly signal: AbortSignal }): AsyncIterable<FeedPage>;
}

export interface FeedRequest {
  /** Changes per page, at most. */
  readonly pageSize: number;
  readonly signal?: AbortSignal;
  /** What the pages that were handled told to keep. Absent: nothing is known. */
  readonly memory?: FeedMemory;
}

/**
 * What a feed keeps from walk to walk: texts under keys, of its own making. Whoever handles the pages keeps it, in one commit with the
 * token, so that it never is ahead of what was handled, nor behind it.
 */
export interface FeedMemory {
  /** Those of the keys that something is kept under. */
  read(keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The keys under which one of these texts is kept. */
  keysOf(values: readonly string[]): Promise<readonly FeedNote[]>;
  /** Everything, in pages. */
  all(): AsyncIterable<readonly FeedNote[]>;
}

/** Null: nothing is kept under the key any more. */
export interface FeedNote {
  readonly key: string;
  readonly value: string | null;
}

export type Remember = (notes: readonly FeedNote[]) => Promise<void>;

export interface FeedPage {
  readonly changes: readonly FeedChange[];
  /** Everything up to here is told: what `after` takes when the page is handled. */
  readonly token: Json;
  /**
   * The tokens of single changes can be gone on with, too: what came before them in this walk is told. False: only the
   * page's can, and those of the changes just name them. Such a page may be told again as a whole, so it tells of each
   * object at most once, as it is now.
   */
  readonly isResumable: boolean;
  /** What is to be kept when the page is handled. */
  readonly notes?: readonly FeedNote[];
}

export interface FeedChange {
  /** `createOrUpdate`: the system does not say which. */
  readonly kind: 'create' | 'update' | 'createOrUpdate' | 'delete';
  /** As the object set has it: what links and `readMany` know it by. After a rename the new one. */
  readonly id: string;
  /** Before a rename; null: the id did not change, or nobody says so. */
  readonly previousId: string | null;
  /**
   * The object as mappings see it, as of the change or later, with `_id`. Null: deleted, or not known here; the present
   * state is then read from the object set.
   */
  readonly object: JsonObject | null;
  readonly token: Json;
  /**
   * To be kept before anything is done with the object, together with the links that follow a rename: what is done and not yet kept with
   * the token is then known to the next walk, whatever has become of the object meanwhile.
   */
  readonly note?: FeedNote;
  /**
   * Of a delete: the system still has the object, it only is none of these any more, as far as can be seen. Many of that kind may mean that
   * a right was lost: they are left to a reconciliation and its guard.
   */
  readonly isOutOfView?: boolean;
  /** In a feed of all types (`__ALL__`): whose object it is. */
  readonly objectType?: string;
}

/** The object type that stands for all of a system. */
export const ALL_OBJECT_TYPES = '__ALL__';
