import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import { formatFilter } from '../base/query-filter.ts';
import type { Query, ScanPage, StoredObject } from '../model/object-set.ts';
import type { QueryRequest } from '../resource/request.ts';
import type { QueryResult } from '../resource/resource.ts';
import { decodeCookie, encodeCookie } from '../resource/page-cookie.ts';
import type { SystemCollection } from './system-place.ts';
import { firstRows, readPosition } from './system-rows.ts';

/** Objects of an answer without paging. */
const MAX_UNPAGED = 100_000;
/** Objects of a sorted answer: it is sorted in memory. */
const MAX_SORTED = 20_000;
const SCAN_PAGE = 1000;

/**
 * A query over an external system: `_queryId=query-all-ids` (ids only) or `_queryFilter`. Pages go on behind the last object
 * of the one before, in the order of the sort keys and ids (without sort keys by id), so that what stays is told once whatever
 * comes and goes, a rewritten file included. Systems that find objects by themselves are walked by their own cursor if there
 * are no sort keys: a page may then have fewer objects than asked for, and the cookie tells whether there are more. A sorted
 * answer has at most 20,000 objects; a larger page is cut down to that. Rejects with `bad-request` for what cannot be asked.
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
    return await answer(collection, request, signal);
  } catch (error) {
    if (error instanceof Failure && error.code === 'unsupported')
      throw new Failure('bad-request', error.message, { cause: error });
    throw error;
  }
}

function answer(
  collection: SystemCollection,
  request: QueryRequest,
  signal: AbortSignal | undefined,
): Promise<QueryResult> {
  const { sortKeys, pageSize } = request;
  if (sortKeys.length === 0 && pageSize === 0) return everything(collection, request, signal);
  return sortKeys.length > 0 || collection.set.traits.lookup === 'scan'
    ? sortedPage(collection, request, signal)
    : nextPage(collection, request, signal);
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
  const objects: StoredObject[] = [];
  for await (const page of pagesOf(collection, request, SCAN_PAGE, null, signal)) {
    for (const one of page.objects) objects.push(one);
    if (objects.length > MAX_UNPAGED) throw tooMany(collection, MAX_UNPAGED, 'use _pageSize and the cookie');
    if (page.isLast) break;
  }
  return { objects: objects.slice(request.offset), cookie: null, total: objects.length };
}

function tooMany({ path }: SystemCollection, limit: number, remedy: string): Failure {
  return new Failure('bad-request', `the query on ${path} gives more than ${limit} objects; ${remedy}`);
}

/** Reads everything, and keeps no more than the page needs. */
async function sortedPage(
  collection: SystemCollection,
  request: QueryRequest,
  signal: AbortSignal | undefined,
): Promise<QueryResult> {
  const { sortKeys, pageSize, offset } = request;
  const identity = identityOf(collection, request);
  const place = request.cookie === null ? null : decodeCookie(request.cookie, identity);
  const most = sortKeys.length > 0 ? MAX_SORTED : MAX_UNPAGED;
  if (offset > most)
    throw new Failure('bad-request', `_pagedResultsOffset is at most ${most} here; go on by the cookie`);
  const wanted = offset + (pageSize === 0 ? most : Math.min(pageSize, most));
  const rows = firstRows(sortKeys, readPosition(cursorIn(place), sortKeys), wanted + 1);
  let total = 0;
  for await (const page of pagesOf(collection, request, SCAN_PAGE, null, signal)) {
    for (const one of page.objects) rows.add(one);
    total += page.objects.length;
    if (page.isLast) break;
  }
  const found = rows.taken();
  if (pageSize === 0 && found.length > wanted) throw tooMany(collection, most, 'use _pageSize and the cookie');
  const last = found.length > wanted ? found[wanted - 1]! : null;
  const cookie = last === null ? null : encodeCookie({ cursor: [...last.position] }, identity);
  return { objects: found.slice(offset, wanted).map(({ stored }) => stored), cookie, total };
}

async function nextPage(
  collection: SystemCollection,
  request: QueryRequest,
  signal: AbortSignal | undefined,
): Promise<QueryResult> {
  const identity = identityOf(collection, request);
  const place = request.cookie === null ? null : decodeCookie(request.cookie, identity);
  let skip = request.offset;
  const size = Math.min(request.pageSize, MAX_UNPAGED);
  for await (const page of pagesOf(collection, request, size, cursorIn(place), signal)) {
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

function identityOf({ path }: SystemCollection, { query, sortKeys }: QueryRequest): Json {
  const asked = query.kind === 'filter' ? formatFilter(query.filter) : query.queryId;
  return [path, asked, ...sortKeys.map(({ pointer, isDescending }) => [...pointer, isDescending])];
}
