import type { Filter } from '../../base/query-filter.ts';
import { ObjectTable } from './object-table.ts';
import { matchingRows } from './row-scan.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { sqliteFailure } from './sqlite-failure.ts';
import type { StoreCalls } from './sqlite-store.ts';
import { TypeLayouts } from './type-layout.ts';

const MAX_KEYS = 16;
const MAX_ROWS = 1001;

type NearMethod = 'readMany' | 'findByValue' | 'page';

/**
 * A second connection, for reading only, in the calling thread: a look-up of a few objects by id or by an indexed value takes
 * less time than the way to the database's thread and back, and does not wait behind what is being written there. It sees
 * every commit that was acknowledged before. Opened when it is first needed.
 */
export class NearReader {
  readonly #file: string;
  readonly #busyTimeoutMs: number;
  #db: SqliteDatabase | null = null;
  #objects: ObjectTable | null = null;

  constructor(file: string, busyTimeoutMs: number) {
    this.#file = file;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  /** Undefined: this call is for the thread. Throws what the thread would throw. */
  answer<M extends keyof StoreCalls>(
    method: M,
    args: Parameters<StoreCalls[M]>,
  ): ReturnType<StoreCalls[M]> | undefined {
    if (!isNear(method)) return undefined;
    try {
      const objects = (this.#objects ??= this.#open());
      return NEAR[method](objects, args as never) as ReturnType<StoreCalls[M]> | undefined;
    } catch (thrown) {
      throw sqliteFailure(this.#file, thrown);
    }
  }

  /** After types were declared: other indexes may be there. */
  renew(): void {
    this.#objects = null;
  }

  close(): void {
    this.#db?.close();
    this.#db = null;
    this.#objects = null;
  }

  #open(): ObjectTable {
    const { file, busyTimeoutMs } = { file: this.#file, busyTimeoutMs: this.#busyTimeoutMs };
    this.#db ??= new SqliteDatabase({ file, busyTimeoutMs, isDurable: true, isReadOnly: true });
    return new ObjectTable(this.#db, new TypeLayouts(this.#db));
  }
}

function isNear(method: keyof StoreCalls): method is NearMethod {
  return Object.hasOwn(NEAR, method);
}

const NEAR: {
  readonly [M in NearMethod]: (
    objects: ObjectTable,
    args: Parameters<StoreCalls[M]>,
  ) => ReturnType<StoreCalls[M]> | undefined;
} = {
  readMany: (objects, [type, ids]) => (ids.length > MAX_KEYS ? undefined : objects.readMany(type, ids)),
  findByValue: (objects, [type, attribute, values]) =>
    values.length > MAX_KEYS ? undefined : objects.findByValue(type, attribute, values),
  page: (objects, [type, filter, after, limit]) => {
    if (filter === null || limit > MAX_ROWS || !isEquality(filter) || !objects.hasIndex(type, filter)) return undefined;
    return matchingRows(objects.scan(type, filter), after, limit);
  },
};

/** `a eq "x"`: an index tells nearly exactly what matches. */
function isEquality(filter: Filter): boolean {
  return filter.kind === 'compare' && filter.operator === 'eq' && typeof filter.value === 'string';
}
