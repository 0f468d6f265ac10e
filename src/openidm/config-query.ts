import { Failure } from '../base/failure.ts';
import { deepEqual, isJsonObject, type Json } from '../base/json.ts';
import { getAt } from '../base/json-pointer.ts';
import { compileFilter } from '../base/query-filter.ts';
import type { Query, StoredObject } from '../model/object-set.ts';
import type { QueryRequest, SortKey } from '../resource/request.ts';
import type { QueryResult } from '../resource/resource.ts';

/**
 * Answers a query over a few objects in memory: letter case does not count (specification §1.4), `null` and what is missing
 * sort first, the cookie is the position of the next object.
 */
export function queryInMemory(all: readonly StoredObject[], request: QueryRequest): QueryResult {
  const test = testOf(request.query);
  const found = all.filter(({ object }) => test(object));
  const sorted = request.sortKeys.length === 0 ? found : found.toSorted((a, b) => compare(a, b, request.sortKeys));
  const from = request.cookie === null ? request.offset : position(request.cookie);
  const size = request.pageSize === 0 ? sorted.length : request.pageSize;
  const objects = sorted.slice(from, from + size).map((one) => (isIdsOnly(request.query) ? idOnly(one) : one));
  return {
    objects,
    cookie: from + size < sorted.length ? String(from + size) : null,
    total: request.totals === 'NONE' ? -1 : sorted.length,
  };
}

function testOf(query: Query): (object: Json) => boolean {
  if (query.kind === 'filter') return compileFilter(query.filter, { caseSensitive: false });
  if (query.queryId === 'query-all' || query.queryId === 'query-all-ids') return () => true;
  throw new Failure(
    'bad-request',
    `config knows the queries query-all and query-all-ids, and _queryFilter; not ${JSON.stringify(query.queryId)}`,
  );
}

function isIdsOnly(query: Query): boolean {
  return query.kind === 'id' && query.queryId === 'query-all-ids';
}

function idOnly(stored: StoredObject): StoredObject {
  return { ...stored, object: { _id: stored.id } };
}

function position(cookie: string): number {
  if (/^\d{1,9}$/.test(cookie)) return Number(cookie);
  throw new Failure('bad-request', '_pagedResultsCookie is none that an earlier answer gave');
}

function compare(a: StoredObject, b: StoredObject, keys: readonly SortKey[]): number {
  for (const { pointer, isDescending } of keys) {
    const [left, right] = [getAt(a.object, pointer) ?? null, getAt(b.object, pointer) ?? null];
    if (deepEqual(left, right)) continue;
    return (isDescending ? -1 : 1) * (rank(left) - rank(right) || (sortText(left) < sortText(right) ? -1 : 1));
  }
  return 0;
}

function rank(value: Json): number {
  if (value === null) return 0;
  return ['boolean', 'number', 'string'].indexOf(typeof value) + 1 || 4;
}

function sortText(value: Json): string | number {
  if (typeof value === 'number' || typeof value === 'string') return value;
  return isJsonObject(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
}
