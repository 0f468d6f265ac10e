import type { Json } from '../../../base/json.ts';
import type { FeedChange, FeedPage } from '../../../model/change-feed.ts';
import {
  lastId,
  noteAhead,
  notesOf,
  previousId,
  type EntryMemory,
  type Former,
  type ToldEntry,
} from './entry-memory.ts';

/** One thing to tell, and what has to be remembered then. */
export interface ReadChange {
  /** Null: there is nothing to tell, only to remember. */
  readonly change: Omit<FeedChange, 'token'> | null;
  readonly entries: readonly ToldEntry[];
}

/** A page that leads to the token when all of it is handled; after that the memory has what it told. */
export function* feedPage(
  memory: EntryMemory,
  taken: readonly ReadChange[],
  token: Json,
): Generator<FeedPage, void, undefined> {
  const notes = notesOf(taken.flatMap(({ entries }) => entries));
  const changes = taken.flatMap(({ change }) => (change === null ? [] : [{ ...change, token }]));
  yield { changes, token, isResumable: false, notes };
  memory.handled(notes);
}

/** An entry that is known, or is to be from now on. */
export interface KnownEntry {
  readonly uuid: string;
  readonly id: string;
  readonly former: Former | undefined;
}

/** An object as it is now, which may have had another id. */
export function updated(entry: KnownEntry, object: FeedChange['object']): ReadChange {
  const { uuid, id, former } = entry;
  const note = noteAhead(uuid, id, former);
  const change = { kind: 'createOrUpdate', id, previousId: previousId(former, id), object } as const;
  return { change: note === undefined ? change : { ...change, note }, entries: remembered(entry) };
}

export function remembered({ uuid, id, former }: KnownEntry): readonly ToldEntry[] {
  const wasMoved = former !== undefined && (former.moved !== null || former.told !== id);
  return [{ uuid, id, wasMoved }];
}

/** `isOutOfView`: the entry is still there, but is none of the scope. */
export function gone(uuid: string, former: Former | string, isOutOfView = false): ReadChange {
  const id = typeof former === 'string' ? former : lastId(former);
  const wasMoved = typeof former !== 'string' && former.moved !== null;
  const view = isOutOfView ? { isOutOfView } : {};
  return {
    change: { kind: 'delete', id, previousId: null, object: null, ...view },
    entries: [{ uuid, id: null, wasMoved }],
  };
}
