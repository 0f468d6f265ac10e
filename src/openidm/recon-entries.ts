import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import { compileFilter, type Filter } from '../base/query-filter.ts';
import { entryJson, harmless } from '../app/entry-json.ts';
import { secretsOf } from '../app/secrets.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { EntryStatus, RunEntry } from '../model/run.ts';
import type { QueryRequest } from '../resource/request.ts';
import type { QueryResult } from '../resource/resource.ts';

const PAGE = 500;
/** Entries of an answer for a query without paging; more need `_pageSize`. */
const MAX_UNPAGED = 10_000;
/** Entries that one request looks at; with paging the next request goes on from there. */
const MAX_SCANNED = 200_000;

const STATUSES: readonly EntryStatus[] = ['planned', 'held', 'applying', 'done', 'failed', 'rejected', 'skipped'];

/** `recon/<id>/entries/<seq>` */
export async function readEntry({ repository, config }: Lockstep, runId: string, seq: string): Promise<StoredObject> {
  const number = /^\d{1,10}$/.test(seq) ? Number(seq) : 0;
  const [entry] = number === 0 ? [] : await repository.runs.entries(runId, { afterSeq: number - 1, limit: 1 });
  if (entry?.seq !== number) throw new Failure('not-found', `Reconciliation ${runId} has no entry ${seq}`);
  return toStored(harmless(entry, secretsOf(config)));
}

/**
 * `recon/<id>/entries?_queryFilter=…` in the order in which they were decided: filters over the members of `entryJson`
 * (`situation`, `action`, `status`, `change`, `sourceId`, `targetId` …). Paging by `_pageSize` and cookie.
 */
export async function queryEntries(lockstep: Lockstep, runId: string, request: QueryRequest): Promise<QueryResult> {
  const { runs } = lockstep.repository;
  if ((await runs.read(runId)) === null) throw new Failure('not-found', `Reconciliation with id ${runId} not found.`);
  if (request.sortKeys.length > 0)
    throw new Failure('bad-request', 'entries come in the order of their seq; no _sortKeys');
  if (request.cookie !== null && request.offset > 0)
    throw new Failure(
      'bad-request',
      'The parameters _pagedResultsCookie and _pagedResultsOffset are mutually exclusive',
    );
  const filter = filterOf(request);
  const matches = compileFilter(filter, { caseSensitive: true });
  const status = statusOf(filter);
  const objects: StoredObject[] = [];
  const wanted = request.pageSize === 0 ? MAX_UNPAGED : request.pageSize;
  let afterSeq = afterCookie(request.cookie);
  let left = request.offset;
  for (let scanned = 0; scanned < MAX_SCANNED; scanned += PAGE) {
    const page = await runs.entries(runId, { afterSeq, limit: PAGE, ...(status === null ? {} : { status }) });
    for (const entry of page) {
      const stored = toStored(harmless(entry, secretsOf(lockstep.config)));
      if (!matches(stored.object)) continue;
      if (objects.length === wanted) return more(objects, afterSeq, request);
      if (left > 0) left--;
      else objects.push(stored);
      afterSeq = entry.seq;
    }
    if (page.length < PAGE) return { objects, cookie: null, total: request.pageSize === 0 ? objects.length : -1 };
    afterSeq = page[page.length - 1]!.seq;
  }
  return more(objects, afterSeq, request);
}

function more(objects: readonly StoredObject[], afterSeq: number, { pageSize }: QueryRequest): QueryResult {
  if (pageSize === 0)
    throw new Failure('bad-request', `the query gives more than ${MAX_UNPAGED} entries; use _pageSize and the cookie`);
  return { objects, cookie: String(afterSeq), total: -1 };
}

function toStored(entry: RunEntry): StoredObject {
  const id = String(entry.seq);
  const object: JsonObject = { _id: id, reconId: entry.runId, timestamp: new Date(entry.timestampMs).toISOString() };
  return { id, rev: null, object: { ...object, ...entryJson(entry) } };
}

function filterOf({ query }: QueryRequest): Filter {
  if (query.kind === 'filter') return query.filter;
  if (query.queryId === 'query-all' || query.queryId === 'query-all-ids') return { kind: 'always', value: true };
  throw new Failure('bad-request', `entries are queried by _queryFilter, not by ${query.queryId}`);
}

/** A status that every match has, for which the repository has an index. */
function statusOf(filter: Filter): EntryStatus | null {
  if (filter.kind === 'and') return filter.parts.map(statusOf).find((status) => status !== null) ?? null;
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || filter.pointer.join('/') !== 'status') return null;
  return STATUSES.find((status) => status === filter.value) ?? null;
}

function afterCookie(cookie: string | null): number {
  if (cookie === null || cookie === '') return 0;
  if (!/^\d{1,15}$/.test(cookie))
    throw new Failure('bad-request', `_pagedResultsCookie ${cookie.slice(0, 40)} is not one of ours`);
  return Number(cookie);
}
