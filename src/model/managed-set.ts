import type { ObjectSet, ObjectWrite, StoredObject } from './object-set.ts';
import type { Json } from '../base/json.ts';
import type { ObjectRow, Page, RowWrite } from './repository.ts';

/** A collection that lives in the repository itself: written in the same transaction as links and entries. */
export interface ManagedSet extends ObjectSet {
  /** Name of the managed type, as the repository knows it. */
  readonly type: string;
  /** The row that a write comes to. The id of a create must be chosen by now. */
  toRowWrite(write: ObjectWrite & { readonly id: string }): RowWrite;
  toStored(row: ObjectRow): StoredObject;
  newId(): string;
  pageIds(after: Json, limit: number): Promise<Page<string>>;
  count(): Promise<number>;
}

export function isManagedSet(set: ObjectSet): set is ManagedSet {
  return set.traits.isTransactional;
}
