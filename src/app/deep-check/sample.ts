import { createHash } from 'node:crypto';
import type { ObjectSet, Query, ScanPage, StoredObject } from '../../model/object-set.ts';
import { forward } from '../../connector/forward.ts';

/** So many objects of a source are looked at to choose the sample from. */
const MAX_SCANNED = 100_000;
const PAGE = 500;

/**
 * Up to `count` objects of a collection, spread over it: those whose ids have the smallest hashes, so that the choice is the same
 * each time. Of a collection with more than 100,000 objects, the first are chosen from.
 */
export async function sampleOf(
  set: ObjectSet,
  query: Query | null,
  count: number,
  signal: AbortSignal,
): Promise<readonly StoredObject[]> {
  let chosen: { readonly rank: string; readonly stored: StoredObject }[] = [];
  let scanned = 0;
  const keepSmallest = (): void => {
    chosen = chosen.toSorted((a, b) => (a.rank < b.rank ? -1 : 1)).slice(0, count);
  };
  for await (const page of set.scan({ pageSize: PAGE, signal, ...(query === null ? {} : { query }) })) {
    signal.throwIfAborted();
    for (const stored of page.objects) chosen.push({ rank: rankOf(stored.id), stored });
    if (chosen.length > count + 10 * PAGE) keepSmallest();
    scanned += page.objects.length;
    if (scanned >= MAX_SCANNED) break;
  }
  keepSmallest();
  return chosen.map(({ stored }) => stored);
}

function rankOf(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 24);
}

/** The collection with nothing in it but these objects, as it has them when they are read. Nothing can be written. */
export function onlyThese(set: ObjectSet, ids: () => readonly string[]): ObjectSet {
  const refusal = { ok: false, code: 'denied', message: `${set.path} is read-only` } as const;
  return {
    ...forward(set),
    write: (writes) => Promise.resolve(writes.map(() => refusal)),
    async *scan(): AsyncIterable<ScanPage> {
      const all = ids();
      for (let i = 0; i < all.length || i === 0; i += PAGE) {
        const found = await set.readMany(all.slice(i, i + PAGE));
        const isLast = i + PAGE >= all.length;
        yield { objects: [...found.values()], faults: [], cursor: i, isLast };
        if (isLast) return;
      }
    },
  };
}
