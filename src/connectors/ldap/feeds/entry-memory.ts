import { formatFilter } from '../../../ldap/filter/format-filter.ts';
import type { FeedMemory, FeedNote, Remember } from '../../../model/change-feed.ts';
import type { FeedScope } from './feed-scope.ts';

/** An entry that was told: its UUID, and its id; null: it is gone. */
export interface ToldEntry {
  readonly uuid: string;
  readonly id: string | null;
  /** It is told because others are below it: its name; null: it is gone. */
  readonly place?: string | null;
  /** It had another id before, or that is not known for certain. */
  readonly wasMoved?: boolean;
}

/** Which id an entry had when it was last told. */
export interface Former {
  readonly told: string;
  /** It was about to be told with this one, and it is not known whether that was handled: it may have either. Null: it was handled. */
  readonly moved: string | null;
}

/** The id to say that an object had before; null: none, or the same. */
export function previousId(former: Former | undefined, id: string): string | null {
  if (former === undefined) return null;
  const { told, moved } = former;
  const previous = moved === null || moved === id ? told : moved;
  return previous === id ? null : previous;
}

/** The id under which an entry is known that is gone. */
export function lastId(former: Former): string {
  return former.moved ?? former.told;
}

const SCOPE = 'scope';
const ENTRY = 'entry/';
const MOVED = 'moved/';
const PLACE = 'place/';
const NOTES = 1000;

/**
 * Which id each entry had when it was last told. A directory names deleted entries by UUID, and does not say that one was renamed; where
 * names are ids this is how that is found out. It is kept with the token; what a walk has told and what is not handled yet is laid over it.
 */
export class EntryMemory {
  /** Every entry that was ever told is there, by the rules of now. */
  readonly isComplete: boolean;
  readonly #kept: FeedMemory;
  readonly #told = new Map<string, string | null>();

  private constructor(kept: FeedMemory, isComplete: boolean) {
    this.#kept = kept;
    this.isComplete = isComplete;
  }

  /** For one walk. */
  static async open(scope: FeedScope, kept: FeedMemory | undefined): Promise<EntryMemory> {
    if (kept === undefined) return new EntryMemory(NOTHING, false);
    const stored = await kept.read([SCOPE]);
    return new EntryMemory(kept, stored.get(SCOPE) === scopeText(scope));
  }

  /** The ids that entries have here; those that are not known are left out. */
  async ids(uuids: readonly string[]): Promise<ReadonlyMap<string, Former>> {
    const [told, moved] = [await this.#read(ENTRY, uuids), await this.#read(MOVED, uuids)];
    return new Map([...told].map(([uuid, id]) => [uuid, { told: id, moved: moved.get(uuid) ?? null }]));
  }

  places(uuids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.#read(PLACE, uuids);
  }

  /** The entries that have these ids here. */
  async holders(ids: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>> {
    const holders = new Map<string, string[]>();
    if (ids.length === 0) return holders;
    const wanted = new Set(ids);
    const add = (key: string, value: string | null): void => {
      const prefix = [ENTRY, MOVED].find((one) => key.startsWith(one));
      if (value === null || !wanted.has(value) || prefix === undefined) return;
      holders.set(value, [...(holders.get(value) ?? []), key.slice(prefix.length)]);
    };
    for (const { key, value } of await this.#kept.keysOf(ids)) if (!this.#told.has(key)) add(key, value);
    for (const [key, value] of this.#told) add(key, value);
    return holders;
  }

  /** Every entry, in pages: UUID and id. */
  async *all(): AsyncGenerator<readonly (readonly [uuid: string, id: string])[], void, undefined> {
    for await (const notes of this.#kept.all())
      yield notes.flatMap(({ key, value }) => {
        const now = this.#told.has(key) ? this.#told.get(key)! : value;
        return now === null || !key.startsWith(ENTRY) ? [] : [[key.slice(ENTRY.length), now] as const];
      });
  }

  /** What is about to be told. */
  tell(entries: readonly ToldEntry[]): void {
    for (const { key, value } of notesOf(entries)) this.#told.set(key, value);
  }

  /** These notes are kept. */
  handled(notes: readonly FeedNote[]): void {
    for (const { key, value } of notes) if (this.#told.get(key) === value) this.#told.delete(key);
  }

  async #read(prefix: string, uuids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    if (uuids.length === 0) return found;
    const keys = uuids.map((uuid) => `${prefix}${uuid}`);
    const kept = await this.#kept.read(keys.filter((key) => !this.#told.has(key)));
    for (const [i, key] of keys.entries()) {
      const value = this.#told.has(key) ? this.#told.get(key) : kept.get(key);
      if (value !== undefined && value !== null) found.set(uuids[i]!, value);
    }
    return found;
  }
}

export function notesOf(entries: readonly ToldEntry[]): readonly FeedNote[] {
  return entries.flatMap(({ uuid, id, place, wasMoved }) => [
    place === undefined ? { key: `${ENTRY}${uuid}`, value: id } : { key: `${PLACE}${uuid}`, value: place },
    ...(wasMoved === true ? [{ key: `${MOVED}${uuid}`, value: null }] : []),
  ]);
}

/** What has to be kept before an entry is told with an id: it is new, or has another one. Undefined: nothing. */
export function noteAhead(uuid: string, id: string, former: Former | undefined): FeedNote | undefined {
  if (former === undefined) return { key: `${ENTRY}${uuid}`, value: id };
  return previousId(former, id) === null ? undefined : { key: `${MOVED}${uuid}`, value: id };
}

/** Takes down everything that there is now, as `take` is given it. What is kept counts once `complete` was called. */
export function newMemory(
  scope: FeedScope,
  remember: Remember = async () => {},
): { readonly take: (entries: readonly ToldEntry[]) => Promise<void>; readonly complete: () => Promise<void> } {
  let waiting: FeedNote[] = [];
  const flush = async (): Promise<void> => {
    const notes = waiting;
    waiting = [];
    if (notes.length > 0) await remember(notes);
  };
  return {
    take: async (entries) => {
      for (const note of notesOf(entries)) waiting.push(note);
      if (waiting.length >= NOTES) await flush();
    },
    complete: async () => {
      waiting.push({ key: SCOPE, value: scopeText(scope) });
      await flush();
    },
  };
}

/** By other rules other entries count, or have other ids: what was kept by these says nothing then. */
function scopeText({ uidAttribute, bases, filter }: FeedScope): string {
  return JSON.stringify([uidAttribute, bases, formatFilter(filter)]);
}

const NOTHING: FeedMemory = {
  read: async () => new Map(),
  keysOf: async () => [],
  all: async function* () {},
};
