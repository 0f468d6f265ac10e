import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import type { ObjectSet, ScanPage, ScanRequest, StoredObject } from '../model/object-set.ts';

/** The collection that every system has besides its own types (specification §10.2). */
export const ALL_TYPES = '__ALL__';

/**
 * The objects of all types of a system, one type after the other. It can be read only: what is written has a type. Of an id
 * that two types have, a read gives the object of the first.
 */
export function allTypes(path: string, sets: readonly ObjectSet[]): ObjectSet {
  return {
    path,
    traits: { lookup: 'scan', isTransactional: false, storesNull: false, acceptsIds: true },
    scan: (request) => scanAll(sets, request),
    readMany: async (ids, signal) => {
      const found = new Map<string, StoredObject>();
      for (const set of sets)
        for (const [id, one] of await set.readMany(ids, signal)) if (!found.has(id)) found.set(id, one);
      return found;
    },
    query: () => Promise.reject(new Failure('unsupported', `${path} is no source or target of a mapping`)),
    write: () => Promise.reject(new Failure('bad-request', `${path} cannot be written: name the type of the object`)),
    preferredWriteCount: () => 1,
    close: () => Promise.resolve(),
  };
}

async function* scanAll(sets: readonly ObjectSet[], request: ScanRequest): AsyncGenerator<ScanPage> {
  const [first, inner] = placeOf(request.after ?? null);
  const { after: _, ...plain } = request;
  for (const [at, set] of sets.entries()) {
    if (at < first) continue;
    const asked = at === first && inner !== null ? { ...plain, after: inner } : plain;
    for await (const { total: _total, ...page } of set.scan(asked)) {
      const cursor: Json = page.isLast ? [at + 1, null] : [at, page.cursor];
      yield { ...page, cursor, isLast: page.isLast && at === sets.length - 1 };
      if (page.isLast) break;
    }
  }
  if (first >= sets.length) yield { objects: [], faults: [], cursor: null, isLast: true };
}

/** Which set, and where in it. */
function placeOf(cursor: Json): readonly [number, Json] {
  if (!Array.isArray(cursor)) return [0, null];
  const [at, inner = null] = cursor;
  return [typeof at === 'number' ? at : 0, inner];
}
