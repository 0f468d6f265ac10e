import type { Json } from '../base/json.ts';
import type { ObjectSet, StoredObject } from '../model/object-set.ts';
import type { Page } from '../model/repository.ts';
import { readable, UnreadableObjects } from '../model/unreadable-objects.ts';

/** Reads objects by ids in the form in which links hold them; the result is keyed by what was asked for. */
export type ReadByKey = (keys: readonly string[]) => Promise<ReadonlyMap<string, StoredObject>>;

/**
 * Where the letter case of ids does not count, a link holds the lower-case form, while the set may know the object under
 * another one (specification §8). The ids that differ are found out once, by listing them.
 */
export function readByKey(set: ObjectSet, isCaseSensitive: boolean): ReadByKey {
  if (isCaseSensitive) return (keys) => set.readMany(keys);
  let spelled: Promise<ReadonlyMap<string, string>> | null = null;
  return async (keys) => {
    spelled ??= spellings(set);
    const known = await spelled;
    const ids = keys.map((key) => known.get(key) ?? key);
    const { found, unreadable } = await readable(set.readMany(ids));
    const byKey = <T>(byId: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
      new Map(keys.flatMap((key, i) => (byId.has(ids[i]!) ? [[key, byId.get(ids[i]!)!] as const] : [])));
    if (unreadable.size > 0) throw new UnreadableObjects(set.path, byKey(found), byKey(unreadable));
    return byKey(found);
  };
}

/** Lower-case form → id, for the ids that are not lower case. */
async function spellings(set: ObjectSet): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for await (const ids of idPages(set))
    for (const id of ids) if (id !== id.toLowerCase()) found.set(id.toLowerCase(), id);
  return found;
}

async function* idPages(set: ObjectSet): AsyncIterable<readonly string[]> {
  if (!listsIds(set)) {
    for await (const page of set.scan({ pageSize: 1000 })) yield page.objects.map((stored) => stored.id);
    return;
  }
  let after: Json = null;
  do {
    const page: Page<string> = await set.pageIds(after, 5000);
    yield page.rows;
    after = page.next;
  } while (after !== null);
}

/** Sets that can list their ids without reading the objects. */
interface ListsIds {
  pageIds(after: Json, limit: number): Promise<Page<string>>;
}

export function listsIds(set: ObjectSet): set is ObjectSet & ListsIds {
  return 'pageIds' in set;
}
