import { Failure } from '../base/failure.ts';
import { getAt } from '../base/json-pointer.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { AuditTopic } from '../model/audit.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { QueryRequest, SortKey } from '../resource/request.ts';
import type { QueryResult } from '../resource/resource.ts';
import { auditCursor, auditRows, type AuditSource } from './audit-rows.ts';
import { namedAuditQuery, type NamedAuditQuery } from './named-audit-query.ts';

/** How many entries one answer may have, and how many rows one request may look at. */
export interface AuditLimits {
  readonly maxEntries: number;
  readonly maxScanned: number;
}

export interface AuditQuery {
  readonly source: AuditSource;
  readonly topic: AuditTopic;
  readonly request: QueryRequest;
  readonly limits: AuditLimits;
  /** Gives an entry its final members. */
  readonly shape: (entry: JsonObject) => JsonObject;
  readonly signal: AbortSignal | undefined;
}

/** Where a walk stopped. */
interface Found {
  readonly entries: readonly JsonObject[];
  /** Null: there is no more. */
  readonly next: Json;
}

/**
 * Entries that match, newest first, or in the order of `_sortKeys`. A page may be short although more follow: then so many
 * rows had to be looked at that the caller had better ask again with the cookie.
 */
export async function auditQuery(query: AuditQuery): Promise<QueryResult> {
  const { request } = query;
  const named = namedQuery(request);
  const after = request.cookie === null ? null : cookieValue(request.cookie);
  const found = request.sortKeys.length > 0 ? await sorted(query, named, after) : await walked(query, named, after);
  const render = named.render ?? query.shape;
  return {
    objects: found.entries.map((entry) => storedOf(render(entry))),
    cookie: found.next === null ? null : Buffer.from(JSON.stringify(found.next)).toString('base64url'),
    total: request.totals === 'NONE' ? -1 : await count(query, named),
  };
}

function namedQuery({ query, parameters }: QueryRequest): NamedAuditQuery {
  if (query.kind === 'filter') return { filter: query.filter };
  return namedAuditQuery(query.queryId, { ...parameters, ...query.parameters });
}

async function walked(query: AuditQuery, named: NamedAuditQuery, after: Json): Promise<Found> {
  const { pageSize, offset } = query.request;
  const wanted = Math.min(pageSize === 0 ? Infinity : pageSize, named.limit ?? Infinity);
  const cap = Math.min(wanted, query.limits.maxEntries);
  const entries: JsonObject[] = [];
  let [skipped, scanned] = [0, 0];
  let next: Json = null;
  for await (const { entry, cursor } of rowsOf(query, named, after)) {
    if (++scanned > query.limits.maxScanned) {
      if (pageSize > 0) return { entries, next: [...cursor] };
      throw tooMuch(query);
    }
    if (entry === null) {
      if (entries.length < cap) next = [...cursor];
      continue;
    }
    if (skipped++ < offset) continue;
    if (entries.length === cap) {
      if (cap < wanted && pageSize === 0) throw tooMuch(query);
      return { entries, next };
    }
    entries.push(entry);
    if (entries.length === named.limit) return { entries, next: null };
    next = [...cursor];
  }
  return { entries, next: null };
}

/** All that match, if they are not too many, put in order; the cookie is a position. */
async function sorted(query: AuditQuery, named: NamedAuditQuery, after: Json): Promise<Found> {
  const { pageSize, offset, sortKeys } = query.request;
  const all: JsonObject[] = [];
  let scanned = 0;
  for await (const { entry } of rowsOf(query, named, null)) {
    if (++scanned > query.limits.maxScanned || all.length > query.limits.maxEntries) throw tooMuch(query);
    if (entry !== null) all.push(entry);
  }
  all.sort((a, b) => compareBy(sortKeys, a, b));
  const start = after === null ? offset : position(after);
  const end = pageSize === 0 ? all.length : start + pageSize;
  return { entries: all.slice(start, end), next: end < all.length ? ['at', end] : null };
}

async function* rowsOf(
  { source, topic, signal }: AuditQuery,
  named: NamedAuditQuery,
  after: Json,
): ReturnType<typeof auditRows> {
  for await (const row of auditRows(source, topic, named.filter, after === null ? null : auditCursor(after))) {
    signal?.throwIfAborted();
    yield row.entry !== null && named.test?.(row.entry) === false ? { ...row, entry: null } : row;
  }
}

/** -1: too many to count. */
async function count(query: AuditQuery, named: NamedAuditQuery): Promise<number> {
  let [total, scanned] = [0, 0];
  for await (const { entry } of rowsOf(query, named, null)) {
    if (++scanned > query.limits.maxScanned) return -1;
    if (entry !== null) total++;
  }
  return Math.min(total, named.limit ?? Infinity);
}

function tooMuch({ topic, limits }: AuditQuery): Failure {
  return new Failure(
    'bad-request',
    `audit/${topic} has too much for one answer (at most ${limits.maxEntries} entries): ` +
      'narrow the query, or ask page by page with _pageSize and _pagedResultsCookie, without _sortKeys',
  );
}

function cookieValue(cookie: string): Json {
  try {
    return JSON.parse(Buffer.from(cookie, 'base64url').toString('utf8')) as Json;
  } catch {
    throw new Failure('bad-request', 'the _pagedResultsCookie is not one that this query gave');
  }
}

function position(value: Json): number {
  const at = Array.isArray(value) && value.length === 2 && value[0] === 'at' ? value[1] : null;
  if (typeof at === 'number' && Number.isSafeInteger(at) && at >= 0) return at;
  throw new Failure('bad-request', 'the _pagedResultsCookie is not one that this query gave');
}

function compareBy(keys: readonly SortKey[], a: JsonObject, b: JsonObject): number {
  for (const { pointer, isDescending } of keys) {
    const order = compare(getAt(a, pointer), getAt(b, pointer));
    if (order !== 0) return isDescending ? -order : order;
  }
  return 0;
}

/** Null and missing first, then numbers, then everything else as text. */
function compare(a: Json | undefined, b: Json | undefined): number {
  const [left, right] = [rankOf(a), rankOf(b)];
  if (left !== right) return left - right;
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [first, second] = [textOf(a), textOf(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function rankOf(value: Json | undefined): number {
  if (value === null || value === undefined) return 0;
  return typeof value === 'number' ? 1 : 2;
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : isJsonObject(value) ? JSON.stringify(value) : String(value);
}

function storedOf(object: JsonObject): StoredObject {
  return { id: String(object['_id']), rev: null, object };
}
