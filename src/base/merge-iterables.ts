/**
 * What several sources give, as it comes. The next item of a source is asked for when its last one was taken, and none waits for long
 * while others have much. Rejects with the first that rejects. `open` gives the sources; its signal is aborted, and their ends are
 * waited for, as soon as this ends in any way.
 */
export async function* mergeIterables<T>(
  open: (signal: AbortSignal) => readonly AsyncIterable<T>[],
  signal: AbortSignal,
): AsyncGenerator<T, void, undefined> {
  const ending = new AbortController();
  const iterators = open(AbortSignal.any([signal, ending.signal])).map((source) => source[Symbol.asyncIterator]());
  const asked = new Map<AsyncIterator<T>, Promise<Answer<T>>>();
  const ask = (iterator: AsyncIterator<T>): void => {
    const answer = iterator.next().then((result) => ({ iterator, result }));
    answer.catch(() => {});
    asked.set(iterator, answer);
  };
  try {
    for (const iterator of iterators) ask(iterator);
    while (asked.size > 0) {
      const { iterator, result } = await Promise.race(asked.values());
      asked.delete(iterator);
      if (result.done === true) continue;
      yield result.value;
      ask(iterator);
    }
  } finally {
    ending.abort();
    await Promise.allSettled(iterators.map((iterator) => iterator.return?.()));
  }
}

interface Answer<T> {
  readonly iterator: AsyncIterator<T>;
  readonly result: IteratorResult<T, unknown>;
}
