import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Filter } from '../base/query-filter.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { ObjectRow, Page, PageRequest } from '../model/repository.ts';
import { decodeCookie, encodeCookie } from './page-cookie.ts';
import type { QueryRequest, SortKey } from './request.ts';
import type { QueryResult } from './resource.ts';

/** What a query reads: `ObjectReads`, or anything else that gives rows in pages. */
export interface QueriedReads {
  page(type: string, request: PageRequest): Promise<Page<ObjectRow>>;
  count(type: string, filter?: Filter): Promise<number>;
}

export interface QueryPageOptions {
  /** The filter behind a `_queryId`; throws `Failure('bad-request')` for an unknown one. */
  readonly resolve: (queryId: string, parameters: JsonObject) => Filter;
  /** What is answered for a row; without it `{_id, _rev, …document}` less what is hidden. */
  readonly toStored?: (row: ObjectRow) => StoredObject;
  /** Top-level attributes that the caller may neither see nor search nor sort by. */
  readonly hidden?: ReadonlySet<string>;
  /** Objects that one answer may have; default 100,000. */
  readonly maxObjects?: number;
}

/** Names of the predefined queries that answer `_id` and `_rev` only. */
const IDS_ONLY = 'query-all-ids';
const MAX_OBJECTS = 100_000;
const MAX_SORT_KEYS = 8;
const WALK_ROWS = 1000;

/**
 * One page of a collection of the repository (specification §1.3, §1.5, §1.6): filter or predefined query, sort keys, page size,
 * cookie, offset, total. Everything is asked of the store, so an equality on an indexed attribute is a look-up.
 *
 * Page size 0 gives everything; more than `maxObjects` is refused, and a larger page size is cut down to it. A cookie belongs to
 * its query and order. Fails with `bad-request` for a cookie, offset or sort key that cannot be, `denied` for a hidden attribute.
 */
export async function queryPage(
  reads: QueriedReads,
  type: string,
  request: QueryRequest,
  options: QueryPageOptions,
): Promise<QueryResult> {
  const walk = walkOf(type, request, options);
  const after = request.cookie === null ? null : decodeCookie(request.cookie, walk.identity);
  const start = await skip(reads, walk, after, request.offset);
  const { rows, next } = start.isOver ? NOTHING : await take(reads, walk, start.after, request.pageSize);
  const isWhole = next === null && after === null && request.offset === 0;
  return {
    objects: rows.map(walk.toStored),
    cookie: next === null ? null : encodeCookie(next, walk.identity),
    total: await total(reads, walk, request, isWhole ? rows.length : null),
  };
}

/** `{_id, _rev, …document}` without the attributes in `hidden`. */
export function storedRow({ id, rev, doc }: ObjectRow, hidden: ReadonlySet<string> = NONE): StoredObject {
  const object: JsonObject = { _id: id, _rev: String(rev), ...doc };
  for (const name of hidden) delete object[name];
  return { id, rev: String(rev), object };
}

const NONE: ReadonlySet<string> = new Set();
const NOTHING: Page<ObjectRow> = { rows: [], next: null };

/** A query as the store is asked, the same for each page of it. */
interface Walk {
  readonly type: string;
  readonly filter: Filter | null;
  readonly sort: readonly SortKey[];
  readonly idsOnly: boolean;
  readonly maxObjects: number;
  readonly toStored: (row: ObjectRow) => StoredObject;
  /** What tells its cookies from those of other queries. */
  readonly identity: Json;
}

function walkOf(type: string, request: QueryRequest, options: QueryPageOptions): Walk {
  const { query, sortKeys } = request;
  const { hidden = NONE, toStored = (row) => storedRow(row, hidden), maxObjects = MAX_OBJECTS } = options;
  const asked = query.kind === 'filter' ? query.filter : options.resolve(query.queryId, query.parameters);
  checkNumbers(request);
  checkSortKeys(type, sortKeys);
  checkHidden(type, asked, sortKeys, hidden);
  const idsOnly = wantsIdsOnly(request);
  return {
    type,
    filter: asked.kind === 'always' && asked.value ? null : asked,
    sort: sortKeys,
    idsOnly,
    maxObjects,
    toStored: idsOnly ? ({ id, rev }) => storedRow({ id, rev, doc: {} }) : toStored,
    identity: [type, asked as unknown as Json, sortKeys as unknown as Json],
  };
}

function wantsIdsOnly({ query, fields }: QueryRequest): boolean {
  if (query.kind === 'id' && query.queryId === IDS_ONLY) return true;
  return fields !== null && fields.length > 0 && fields.every((field) => /^\/?_(?:id|rev)$/.test(field));
}

async function take(reads: QueriedReads, walk: Walk, after: Json, pageSize: number): Promise<Page<ObjectRow>> {
  const { type, maxObjects, sort } = walk;
  if (pageSize > 0) return ask(reads, walk, after, Math.min(pageSize, maxObjects));
  const rows: ObjectRow[] = [];
  let from = after;
  do {
    // sorting looks at everything for each page: better all at once
    const page = await ask(reads, walk, from, sort.length > 0 ? maxObjects : WALK_ROWS);
    for (const row of page.rows) rows.push(row);
    if (rows.length > maxObjects || (page.next !== null && rows.length === maxObjects)) throw tooMany(type, maxObjects);
    from = page.next;
  } while (from !== null);
  return { rows, next: null };
}

/** Where a page with an offset begins. */
async function skip(
  reads: QueriedReads,
  walk: Walk,
  after: Json,
  offset: number,
): Promise<{ readonly after: Json; readonly isOver: boolean }> {
  if (offset > walk.maxObjects) throw tooFar(offset, walk.maxObjects);
  let from = after;
  for (let left = offset; left > 0;) {
    const rows = walk.sort.length > 0 ? left : Math.min(left, WALK_ROWS);
    const page = await ask(reads, { ...walk, idsOnly: true }, from, rows);
    if (page.next === null) return { after: null, isOver: true };
    left -= rows;
    from = page.next;
  }
  return { after: from, isOver: false };
}

function ask(reads: QueriedReads, walk: Walk, after: Json, limit: number): Promise<Page<ObjectRow>> {
  const { type, filter, sort, idsOnly } = walk;
  return reads.page(type, { ...(filter && { filter }), sort, after, limit, idsOnly });
}

/** -1: not asked for. A count that is asked for is exact under either policy. */
async function total(
  reads: QueriedReads,
  { type, filter }: Walk,
  { totals }: QueryRequest,
  known: number | null,
): Promise<number> {
  if (totals === 'NONE') return -1;
  if (known !== null) return known;
  return filter ? reads.count(type, filter) : reads.count(type);
}

function checkNumbers({ pageSize, offset, cookie }: QueryRequest): void {
  for (const [name, value] of Object.entries({ _pageSize: pageSize, _pagedResultsOffset: offset }))
    if (!Number.isSafeInteger(value) || value < 0)
      throw new Failure('bad-request', `The parameter '${name}' must be a whole number that is not negative: ${value}`);
  if (cookie !== null && offset > 0)
    throw new Failure(
      'bad-request',
      'The parameters _pagedResultsCookie and _pagedResultsOffset are mutually exclusive',
    );
}

function checkSortKeys(type: string, sortKeys: readonly SortKey[]): void {
  if (sortKeys.length > MAX_SORT_KEYS)
    throw new Failure('bad-request', `_sortKeys of a query on ${type} names more than ${MAX_SORT_KEYS} attributes`);
  if (sortKeys.some(({ pointer }) => pointer.length === 0))
    throw new Failure('bad-request', `_sortKeys of a query on ${type} names the whole object: name an attribute`);
}

/** Throws `denied` for a filter or an order that would tell something of a hidden attribute. */
export function checkHidden(type: string, filter: Filter, sort: readonly SortKey[], hidden: ReadonlySet<string>): void {
  if (hidden.size === 0) return;
  const names = [...sort.map(({ pointer }) => pointer[0]), ...attributesOf(filter)];
  const secret = names.find((name) => name !== undefined && hidden.has(name));
  if (secret !== undefined) throw new Failure('denied', `the attribute ${secret} of ${type} cannot be searched`);
}

function attributesOf(filter: Filter): readonly (string | undefined)[] {
  switch (filter.kind) {
    case 'always':
      return [];
    case 'not':
      return attributesOf(filter.part);
    case 'and':
    case 'or':
      return filter.parts.flatMap(attributesOf);
    default:
      return [filter.pointer[0]];
  }
}

function tooMany(type: string, maxObjects: number): Failure {
  return new Failure(
    'bad-request',
    `the query on ${type} gives more than ${maxObjects} objects: read it in pages with _pageSize and _pagedResultsCookie`,
  );
}

function tooFar(offset: number, maxObjects: number): Failure {
  return new Failure(
    'bad-request',
    `_pagedResultsOffset ${offset} is beyond ${maxObjects}: read on with _pagedResultsCookie instead`,
  );
}
