/** Lets pieces of work about the same thing go one after the other, in the order in which they came. */
export interface KeyedTurns {
  take<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** The same for work about several things at once. It cannot be locked out by work about the same things in another order. */
  takeAll<T>(keys: readonly string[], work: () => Promise<T>): Promise<T>;
}

export function keyedTurns(): KeyedTurns {
  const last = new Map<string, Promise<unknown>>();
  const takeAll = async <T>(keys: readonly string[], work: () => Promise<T>): Promise<T> => {
    const before = Promise.all(keys.map((key) => last.get(key)));
    const mine = before.then(work);
    const settled = mine.then(
      () => {},
      () => {},
    );
    for (const key of keys) last.set(key, settled);
    try {
      return await mine;
    } finally {
      for (const key of keys) if (last.get(key) === settled) last.delete(key);
    }
  };
  return { take: (key, work) => takeAll([key], work), takeAll };
}
