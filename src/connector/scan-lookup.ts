import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { ObjectSet, Query, QueryAnswer, RowFault, StoredObject } from '../model/object-set.ts';
import { compileQueries, failedAnswer } from './compile-query.ts';
import type { ObjectType } from './object-type.ts';

const PAGE_SIZE = 1000;

type Scannable = Pick<ObjectSet, 'path' | 'scan'>;

/**
 * `readMany` of a set that can only be read from end to end. An id is reported as absent only if that is proven: when a
 * row that cannot be read may be the one asked for, the read fails.
 */
export async function readManyByScan(
  set: Scannable,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, StoredObject>> {
  const wanted = new Set(ids);
  const found = new Map<string, StoredObject>();
  const suspects: RowFault[] = [];
  if (wanted.size === 0) return found;
  for await (const page of set.scan(scanRequest(signal))) {
    for (const stored of page.objects) if (wanted.has(stored.id)) found.set(stored.id, stored);
    for (const fault of page.faults) if (fault.id === null || wanted.has(fault.id)) remember(suspects, fault);
  }
  const suspect = suspects.find((fault) => (fault.id === null ? found.size < wanted.size : !found.has(fault.id)));
  if (suspect === undefined) return found;
  throw new Failure(
    'incomplete-read',
    `${set.path}: ${suspect.place} cannot be read (${suspect.message}), so it is unknown whether an object that was ` +
      `asked for exists; correct that row`,
  );
}

/** `query` of such a set: one scan answers all. Rows that cannot be read are logged, not answered. */
export async function queryByScan(
  set: Scannable,
  type: ObjectType,
  queries: readonly Query[],
  log: Log,
  signal?: AbortSignal,
): Promise<readonly QueryAnswer[]> {
  const compiled = compileQueries(queries, type);
  const results: StoredObject[][] = queries.map(() => []);
  if (compiled.some((query) => !(query instanceof Failure))) {
    let faults = 0;
    for await (const page of set.scan(scanRequest(signal))) {
      faults += page.faults.length;
      for (const stored of page.objects)
        for (const [i, query] of compiled.entries())
          if (!(query instanceof Failure) && query.matches(stored.object)) results[i]!.push(query.view(stored));
    }
    if (faults > 0) log.write('warn', `${set.path}: query left out ${faults} rows that cannot be read`);
  }
  return compiled.map((query, i) =>
    query instanceof Failure ? failedAnswer(query) : { ok: true, objects: results[i]! },
  );
}

function remember(faults: RowFault[], fault: RowFault): void {
  if (faults.length < 1000) faults.push(fault);
}

function scanRequest(signal: AbortSignal | undefined): Parameters<ObjectSet['scan']>[0] {
  return signal === undefined ? { pageSize: PAGE_SIZE } : { pageSize: PAGE_SIZE, signal };
}
