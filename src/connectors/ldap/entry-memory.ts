import { deepEqual, type Json } from '../../base/json.ts';

/** An entry that was told: its UUID in hexadecimal, and its id; null: it is gone. */
export interface ToldEntry {
  readonly uuid: string;
  readonly id: string | null;
  /** It is told because others are below it: its name. */
  readonly place?: string;
}

/**
 * Which id each entry had when it was last told. A directory names deleted entries by UUID, and does not say that one was renamed; where
 * names are ids this is how that is found out.
 */
export class EntryMemory {
  readonly ids = new Map<string, string>();
  /** Names of entries that others are below, by UUID. */
  readonly places = new Map<string, string>();
  #isComplete = false;
  #token: Json = null;
  #pending: { readonly token: Json; readonly entries: readonly ToldEntry[] } | null = null;

  /** Every entry up to its token is there. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Forgets everything; what is told from now on is all there is, once `complete` was called. */
  clear(): void {
    this.ids.clear();
    this.places.clear();
    this.#isComplete = false;
    this.#pending = null;
  }

  complete(token: Json): void {
    this.#isComplete = true;
    this.#token = token;
  }

  /** Somebody goes on behind this token. If that is not where the memory stands, it does not count. */
  goOn(token: Json): void {
    if (this.#pending !== null && deepEqual(this.#pending.token, token)) this.handled();
    this.#pending = null;
    if (!deepEqual(this.#token, token)) this.clear();
  }

  /** What a page is about to tell, and where it leads. */
  telling(entries: readonly ToldEntry[], token: Json): void {
    this.#pending = { token, entries };
  }

  /** That page is handled. */
  handled(): void {
    if (this.#pending === null) return;
    this.put(this.#pending.entries);
    this.#token = this.#pending.token;
    this.#pending = null;
  }

  put(entries: readonly ToldEntry[]): void {
    for (const { uuid, id, place } of entries) {
      if (place !== undefined) this.places.set(uuid, place);
      else if (id === null) this.ids.delete(uuid);
      else this.ids.set(uuid, id);
    }
  }
}
