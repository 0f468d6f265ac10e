import { Failure, type FailureCode } from '../base/failure.ts';
import type { ObjectSet, ScanPage } from '../model/object-set.ts';

/** One operation on an external system. */
export interface ObservedOperation {
  readonly operation: 'scan' | 'readMany' | 'query' | 'write';
  readonly outcome: 'ok' | FailureCode;
  readonly seconds: number;
}

export type Observer = (operation: ObservedOperation) => void;

/** The same set, of whose operations the observer hears when they are over. */
export function observed(set: ObjectSet, observe: Observer): ObjectSet {
  const timed = async <T>(operation: ObservedOperation['operation'], work: Promise<T>): Promise<T> => {
    const started = performance.now();
    let outcome: ObservedOperation['outcome'] = 'ok';
    try {
      return await work;
    } catch (error) {
      outcome = error instanceof Failure ? error.code : 'internal';
      throw error;
    } finally {
      observe({ operation, outcome, seconds: (performance.now() - started) / 1000 });
    }
  };
  return {
    path: set.path,
    traits: set.traits,
    scan: (request) => scan(set.scan(request), observe),
    readMany: (ids, signal) => timed('readMany', set.readMany(ids, signal)),
    query: (queries, signal) => timed('query', set.query(queries, signal)),
    write: (writes, signal) => timed('write', set.write(writes, signal)),
    preferredWriteCount: () => set.preferredWriteCount(),
    close: () => set.close(),
  };
}

/** Only the time that the set takes counts, not that of whoever reads the pages. */
async function* scan(pages: AsyncIterable<ScanPage>, observe: Observer): AsyncIterable<ScanPage> {
  let seconds = 0;
  let outcome: ObservedOperation['outcome'] = 'ok';
  let started = performance.now();
  try {
    for await (const page of pages) {
      seconds += (performance.now() - started) / 1000;
      yield page;
      started = performance.now();
    }
    seconds += (performance.now() - started) / 1000;
  } catch (error) {
    outcome = error instanceof Failure ? error.code : 'internal';
    throw error;
  } finally {
    observe({ operation: 'scan', outcome, seconds });
  }
}
