import { Failure } from '../base/failure.ts';

/** What `read` gives; `empty` for a collection that nothing was ever written to. */
export async function orEmpty<T>(read: () => Promise<T>, empty: T): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === 'not-found') return empty;
    throw thrown;
  }
}
