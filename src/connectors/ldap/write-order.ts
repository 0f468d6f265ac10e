/** What a write is about: keys that only one write may have at a time, and the names of entries that it touches. */
export interface WritePlace {
  readonly keys: readonly string[];
  /** Of each touched entry: its key, then those of its parents, the nearest first. */
  readonly paths: readonly (readonly string[])[];
}

/**
 * For each write the earlier ones that it has to wait for: those about the same entry, about one above it, or about one below it.
 * Servers carry out what comes together in any order.
 */
export function writeOrder(places: readonly WritePlace[]): readonly (readonly number[])[] {
  const last = new Map<string, number>();
  const below = new Map<string, number[]>();
  return places.map(({ keys, paths }, i) => {
    const before = new Set<number>();
    for (const key of keys) {
      const one = last.get(`key ${key}`);
      if (one !== undefined) before.add(one);
      last.set(`key ${key}`, i);
    }
    for (const path of paths) {
      for (const name of path) {
        const one = last.get(name);
        if (one !== undefined) before.add(one);
      }
      for (const one of below.get(path[0]!) ?? []) before.add(one);
    }
    for (const path of paths) {
      last.set(path[0]!, i);
      below.delete(path[0]!);
      for (const name of path.slice(1)) put(below, name, i);
    }
    before.delete(i);
    return [...before];
  });
}

function put(below: Map<string, number[]>, name: string, i: number): void {
  const list = below.get(name);
  if (list === undefined) below.set(name, [i]);
  else list.push(i);
}

/** Carries the pieces of work out, each when those before it (by `writeOrder`) are over. Never rejects if they do not. */
export async function inOrder<T>(
  order: readonly (readonly number[])[],
  work: (index: number) => Promise<T>,
): Promise<readonly T[]> {
  const results: Promise<T>[] = [];
  for (const [i, before] of order.entries()) {
    const waiting = before.map((k) => results[k]!);
    results.push(waiting.length === 0 ? work(i) : Promise.all(waiting).then(() => work(i)));
  }
  return Promise.all(results);
}
