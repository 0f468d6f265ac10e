import type { ObjectSet } from '../model/object-set.ts';

/** Passes every call on. What a wrapper spreads and then overrides. */
export function forward(set: ObjectSet): ObjectSet {
  return {
    path: set.path,
    traits: set.traits,
    scan: (request) => set.scan(request),
    readMany: (ids, signal) => set.readMany(ids, signal),
    query: (queries, signal) => set.query(queries, signal),
    write: (writes, signal) => set.write(writes, signal),
    preferredWriteCount: () => set.preferredWriteCount(),
    close: () => set.close(),
  };
}
