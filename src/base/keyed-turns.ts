/** Lets pieces of work about the same thing go one after the other, in the order in which they came. */
export interface KeyedTurns {
  take<T>(key: string, work: () => Promise<T>): Promise<T>;
}

export function keyedTurns(): KeyedTurns {
  const last = new Map<string, Promise<unknown>>();
  return {
    take: async (key, work) => {
      const before = last.get(key) ?? Promise.resolve();
      const mine = before.then(work, work);
      const settled = mine.catch(() => {});
      last.set(key, settled);
      try {
        return await mine;
      } finally {
        if (last.get(key) === settled) last.delete(key);
      }
    },
  };
}
