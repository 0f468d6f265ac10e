import type { Lockstep } from '../../src/app/lockstep.ts';
import type { ObjectSet } from '../../src/model/object-set.ts';

/** A project whose scans of one collection wait, before their first page, until the gate is opened. */
export interface Gated {
  readonly lockstep: Lockstep;
  /** How many scans have come to the gate. */
  readonly arrivals: () => number;
  /** Resolves when so many have. */
  arrived(count: number): Promise<void>;
  open(): void;
}

export function gated(lockstep: Lockstep, isGated: (collection: string) => boolean): Gated {
  const gate = Promise.withResolvers<void>();
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  let arrivals = 0;
  const arrive = (): void => {
    arrivals++;
    for (const one of waiting) if (arrivals >= one.count) one.resolve();
  };
  const objectSet: Lockstep['objectSet'] = (collection, repository, pin, context) => {
    const set = lockstep.objectSet(collection, repository, pin, context);
    return isGated(collection) ? withGate(set, gate.promise, arrive) : set;
  };
  const config = (): Lockstep['config'] => lockstep.config;
  return {
    lockstep: {
      ...lockstep,
      objectSet,
      get config() {
        return config();
      },
    },
    arrivals: () => arrivals,
    arrived: (count) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ count, resolve });
      if (arrivals >= count) resolve();
      return promise;
    },
    open: () => gate.resolve(),
  };
}

function withGate(set: ObjectSet, gate: Promise<void>, arrive: () => void): ObjectSet {
  const { path, traits } = set;
  return {
    path,
    traits,
    readMany: (...parts) => set.readMany(...parts),
    query: (...parts) => set.query(...parts),
    write: (...parts) => set.write(...parts),
    preferredWriteCount: () => set.preferredWriteCount(),
    close: () => set.close(),
    async *scan(request) {
      arrive();
      const aborted = Promise.withResolvers<void>();
      request.signal?.addEventListener('abort', () => aborted.resolve());
      if (request.signal?.aborted === true) aborted.resolve();
      await Promise.race([gate, aborted.promise]);
      request.signal?.throwIfAborted();
      yield* set.scan(request);
    },
  };
}
