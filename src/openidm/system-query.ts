import { Failure } from '../base/failure.ts';
import { getAt } from '../base/json-pointer.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { formatFilter } from '../base/query-filter.ts';
import type { Query, ScanPage, StoredObject } from '../model/object-set.ts';
import type { QueryRequest, SortKey } from '../resource/request.ts';
import type { QueryResult } from '../resource/resource.ts';
import { decodeCookie, encodeCookie } from '../resource/page-cookie.ts';
import type { SystemCollection } from './system-place.ts';

/** Objects of an answer without paging. */
const MAX_UNPAGED = 100_000;
/** Objects that are sorted in memory. */
const MAX_SORTED = 20_000;
const SCAN_PAGE = 1000;

/**
 * A query over an external system: `_queryId=query-all-ids` (ids only) or `_queryFilter`. Pages follow the order of the
 * system, by its own cursor, so that a page may have fewer objects than asked for and the cookie tells whether there are
 * more; a sorted answer is sorted in memory, up to 20,000 objects. Rejects with `bad-request` for what cannot be asked.
 */
export async function querySystem(
  collection: SystemCollection,
  request: QueryRequest,
  signal?: AbortSignal,
): Promise<QueryResult> {
  if (request.cookie !== null && request.offset > 0)
    throw new Failure(
      'bad-request',
      'The parameters _pagedResultsCookie and _pagedResultsOffset are mutually exclusive',
    );
  checkQuery(request.query);
  if (request.query.kind === 'filter' && isNever(request.query)) return { objects: [], cookie: null, total: 0 };
  try {
    if (request.sortKeys.length > 0) return await sortedPage(collection, request, signal);
    return request.pageSize === 0
      ? await everything(collection, request, signal)
      : await nextPage(collection, request, signal);
  } catch (error) {
    if (error instanceof Failure && error.code === 'unsupported')
      throw new Failure('bad-request', error.message, { cause: error });
    throw error;
  }
}

function checkQuery(query: Query): void {
  if (query.kind !== 'id' || query.queryId === 'query-all-ids') return;
  const asked = query.queryId === '_queryExpression' ? '_queryExpression' : `_queryId=${query.queryId}`;
  throw new Failure(
    'bad-request',
    `${asked} is not supported: system objects know _queryId=query-all-ids and _queryFilter`,
  );
}

function isNever({ filter }: Extract<Query, { readonly kind: 'filter' }>): boolean {
  return filter.kind === 'always' && !filter.value;
}

/** The query as a scan takes it; none where everything is asked for, which some systems do at less expense. */
function scanQuery(query: Query): { readonly query?: Query } {
  return query.kind === 'filter' && query.filter.kind === 'always' ? {} : { query };
}

function pagesOf(
  { set }: SystemCollection,
  { query }: QueryRequest,
  pageSize: number,
  after: Json,
  signal: AbortSignal | undefined,
): AsyncIterable<ScanPage> {
  const from = after === null ? {} : { after };
  return set.scan({ ...scanQuery(query), ...from, pageSize, ...(signal === undefined ? {} : { signal }) });
}

async function everything(
  collection: SystemCollection,
  request: QueryRequest,
  signal: AbortSignal | undefined,
): Promise<QueryResult> {
  const objects = await collect(collection, request, MAX_UNPAGED, 'use _pageSize and the cookie', signal);
  return { objects: objects.slice(request.offset), cookie: null, total: objects.length };
}

async function collect(
  collection: SystemCollection,
  request: QueryRequest,
  limit: number,
  remedy: string,
  signal: AbortSignal | undefined,
): Promise<readonly StoredObject[]> {
  const objects: StoredObject[] = [];
  for await (const page of pagesOf(collection, request, SCAN_PAGE, null, signal)) {
    for (const one of page.objects) objects.push(one);
    if (objects.length > limit)
      throw new Failure('bad-request', `the query on ${collection.path} gives more than ${limit} objects; ${remedy}`);
    if (page.isLast) break;
  }
  return objects;
}

async function nextPage(
  collection: SystemCollection,
  request: QueryRequest,
  signal: AbortSignal | undefined,
): Promise<QueryResult> {
  const identity = identityOf(collection, request);
  const place = request.cookie === null ? null : decodeCookie(request.cookie, identity);
  let skip = request.offset;
  for await (const page of pagesOf(collection, request, request.pageSize, cursorIn(place), signal)) {
    const objects = page.objects.slice(skip);
    skip = Math.max(0, skip - page.objects.length);
    if (objects.length === 0 && !page.isLast) continue;
    const cookie = page.isLast ? null : encodeCookie({ cursor: page.cursor }, identity);
    return { objects, cookie, total: await totalOf(collection, request, page.total, signal) };
  }
  throw new Failure('incomplete-read', `${collection.path}: the scan ended without its last page`);
}

function cursorIn(place: Json): Json {
  return place !== null && typeof place === 'object' && !Array.isArray(place) ? (place['cursor'] ?? null) : null;
}

/** Counted only if exactly that was asked for, or if the system knows it without extra work. */
async function totalOf(
  collection: SystemCollection,
  request: QueryRequest,
  known: number | undefined,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (request.totals === 'NONE') return -1;
  const isAll = request.query.kind === 'id' || request.query.filter.kind === 'always';
  if (isAll && known !== undefined) return known;
  if (request.totals === 'ESTIMATE') return -1;
  let count = 0;
  for await (const page of pagesOf(collection, request, SCAN_PAGE, null, signal)) {
    count += page.objects.length;
    if (page.isLast) break;
  }
  return count;
}

async function sortedPage(
  collection: SystemCollection,
  request: QueryRequest,
  signal: AbortSignal | undefined,
): Promise<QueryResult> {
  const identity = identityOf(collection, request);
  const place = request.cookie === null ? null : decodeCookie(request.cookie, identity);
  const start = place === null ? request.offset : Number(cursorIn(place));
  if (!Number.isSafeInteger(start) || start < 0)
    throw new Failure('bad-request', "The value of '_pagedResultsCookie' is not a cookie of this server");
  const found = await collect(collection, request, MAX_SORTED, 'ask for less, or without _sortKeys', signal);
  const objects = found.toSorted((a, b) => compareObjects(a.object, b.object, request.sortKeys));
  const end = request.pageSize === 0 ? objects.length : start + request.pageSize;
  const cookie = end >= objects.length ? null : encodeCookie({ cursor: end }, identity);
  return { objects: objects.slice(start, end), cookie, total: objects.length };
}

function identityOf({ path }: SystemCollection, { query, sortKeys }: QueryRequest): Json {
  const asked = query.kind === 'filter' ? formatFilter(query.filter) : query.queryId;
  return [path, asked, ...sortKeys.map(({ pointer, isDescending }) => [...pointer, isDescending])];
}

/** Missing and null before everything else; of different kinds booleans, numbers, texts, then the rest. */
function compareObjects(a: JsonObject, b: JsonObject, sortKeys: readonly SortKey[]): number {
  for (const { pointer, isDescending } of sortKeys) {
    const order = compareValues(getAt(a, pointer) ?? null, getAt(b, pointer) ?? null);
    if (order !== 0) return isDescending ? -order : order;
  }
  return 0;
}

function compareValues(a: Json, b: Json): number {
  const [rankA, rankB] = [rankOf(a), rankOf(b)];
  if (rankA !== rankB) return rankA - rankB;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [x, y] = typeof a === 'string' ? [a, b as string] : [JSON.stringify(a), JSON.stringify(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function rankOf(value: Json): number {
  if (value === null) return 0;
  const ranks: Readonly<Record<string, number>> = { boolean: 1, number: 2, string: 3 };
  return ranks[typeof value] ?? 4;
}
