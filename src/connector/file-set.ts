import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type {
  ObjectSet,
  ObjectSetTraits,
  ObjectWrite,
  ScanPage,
  ScanRequest,
  WriteOutcome,
} from '../model/object-set.ts';
import type { ConnectorConfig } from './contract.ts';
import { compileObjectType, type ObjectType } from './object-type.ts';
import { rewriteSize } from './rewrite-size.ts';
import { queryByScan, readManyByScan } from './scan-lookup.ts';

/** What a set over a file needs besides its format. */
export interface FileSetOptions {
  /** `system/hr/account` */
  readonly path: string;
  readonly type: ObjectType;
  readonly log: Log;
}

/** What differs from format to format. */
export interface FileFormat {
  /** As `ObjectSet.scan`; the last page has the total. */
  scan(request: ScanRequest): AsyncIterable<ScanPage>;
  /** At least one write, as one replacement of the file. `count`: objects in the file afterwards. */
  write(
    writes: readonly ObjectWrite[],
    signal?: AbortSignal,
  ): Promise<{ readonly outcomes: readonly WriteOutcome[]; readonly count: number }>;
}

const TRAITS: ObjectSetTraits = { lookup: 'scan', isTransactional: false, storesNull: false, acceptsIds: false };

/** Objects in a file that can only be read from end to end and written as a whole. */
export function fileSet({ path, type, log }: FileSetOptions, format: FileFormat): ObjectSet {
  let count = 0;
  const set: ObjectSet = {
    path,
    traits: TRAITS,
    scan: async function* (request) {
      for await (const page of format.scan(request)) {
        if (page.isLast) count = page.total ?? 0;
        yield page;
      }
    },
    readMany: (ids, signal) => readManyByScan(set, ids, signal),
    query: (queries, signal) => queryByScan(set, type, queries, log, signal),
    write: async (writes, signal) => {
      if (writes.length === 0) return [];
      const written = await format.write(writes, signal);
      ({ count } = written);
      return written.outcomes;
    },
    preferredWriteCount: () => rewriteSize(count),
    close: () => Promise.resolve(),
  };
  return set;
}

/** Makes the set of each object type when it is first asked for; `make` gets the path and the type. */
export function setsByType(
  { name, objectTypes }: ConnectorConfig,
  make: (path: string, type: ObjectType) => ObjectSet,
): (type: string) => ObjectSet {
  const sets = new Map<string, ObjectSet>();
  return (type) => {
    const config = Object.hasOwn(objectTypes, type) ? objectTypes[type] : undefined;
    if (config === undefined) throw new Failure('not-found', `system/${name} has no object type ${type}`);
    const set = sets.get(type) ?? make(`system/${name}/${type}`, compileObjectType(config));
    sets.set(type, set);
    return set;
  };
}
