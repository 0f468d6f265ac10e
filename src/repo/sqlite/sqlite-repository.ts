import type { Clock } from '../../base/clock.ts';
import type { Filter } from '../../base/query-filter.ts';
import type {
  CommitBatch,
  CommitResult,
  Leases,
  LinkReads,
  ObjectReads,
  Repository,
  RunReads,
} from '../../model/repository.ts';
import type { RunRecord } from '../../model/run.ts';
import { cursorNumber } from '../page-cursor.ts';
import { repositoryClosed } from '../refusal.ts';
import { auditReads } from './audit-reads.ts';
import { writeTape } from './commit-tape.ts';
import { cutPage, filledPage, MAX_LIMIT } from './filled-page.ts';
import { NearReader } from './near-reader.ts';
import { entryRows, linkRows, linkWithObjectRows, objectRows, typedLinkRows } from './raw-rows.ts';
import { countAll, sortedLinks, sortedObjects } from './sorted-rows.ts';
import { SqliteStore, type Ask } from './sqlite-store.ts';
import { WorkerCalls } from './worker-calls.ts';

const BUSY_TIMEOUT_MS = 5000;

export interface SqliteOptions {
  /** Created, with its directory, if it does not exist. */
  readonly file: string;
  readonly clock: Clock;
  /** How long to wait for another process that is writing, before a call fails with `locked`. */
  readonly busyTimeoutMs?: number;
  /** False for a repository that is thrown away with the process: commits do not wait for the disk. */
  readonly isDurable?: boolean;
}

/** The embedded repository: one SQLite file, in a thread of its own, so that the engine goes on while it writes. */
export async function openSqliteRepository(options: SqliteOptions): Promise<Repository> {
  const { file, clock, busyTimeoutMs = BUSY_TIMEOUT_MS, isDurable = true } = options;
  // this very file is .ts in development and .js once built, and so is its neighbour
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const url = new URL(`./sqlite-worker${extension}`, import.meta.url);
  const worker = new WorkerCalls(url, { file, busyTimeoutMs, isDurable }, `the thread of repository ${file}`);
  const near = isDurable ? new NearReader(file, busyTimeoutMs) : null;
  const far = ((method: string, ...args: unknown[]) => worker.call(method, ...args)) as unknown as Ask;
  const ask: Ask = async (method, ...args) => {
    const answer = near?.answer(method, args);
    if (answer !== undefined) return answer;
    if (method === 'declareTypes') return far(method, ...args).finally(() => near?.renew());
    return far(method, ...args);
  };
  try {
    await worker.call('open', clock.nowMs());
  } catch (thrown) {
    await worker.terminate(repositoryClosed());
    throw thrown;
  }
  return repositoryOver(ask, clock, async () => {
    near?.close();
    await worker.call('close');
    await worker.ended(repositoryClosed());
  });
}

/** The same in the calling thread: for tools that do nothing else meanwhile. */
export function openSqliteRepositoryInThread(options: SqliteOptions): Repository {
  const { file, clock, busyTimeoutMs = BUSY_TIMEOUT_MS, isDurable = true } = options;
  const store = new SqliteStore({ file, busyTimeoutMs, isDurable }, clock.nowMs());
  const ask: Ask = async (method, ...args) => {
    const call = store.calls[method] as (...args: readonly unknown[]) => never;
    return call(...args);
  };
  return repositoryOver(ask, clock, async () => store.close());
}

function repositoryOver(open: Ask, clock: Clock, close: () => Promise<void>): Repository {
  const searchable = new Map<string, readonly string[]>();
  let closing: Promise<void> | null = null;
  const ask: Ask = (method, ...args) => (closing ? Promise.reject(repositoryClosed()) : open(method, ...args));
  const commit: Repository['commit'] = (batch) => commitInParts(ask, batch, (type) => searchable.get(type) ?? []);
  return {
    objects: objectReads(ask, searchable),
    links: linkReads(ask),
    runs: runReads(ask),
    leases: leases(ask, clock),
    audit: auditReads(ask, commit),
    commit,
    close: () => (closing ??= close()),
  };
}

const PART_UNITS = 100;

/**
 * All parts are sent without a pause, so that no other call comes between them; the thread writes one while the next is made.
 * What is wrong with a part is the answer to the last one.
 */
async function commitInParts(
  ask: Ask,
  batch: CommitBatch,
  searchable: (type: string) => readonly string[],
): Promise<CommitResult> {
  const { units, fence, run, audit } = batch;
  let from = 0;
  try {
    for (; from + PART_UNITS < units.length; from += PART_UNITS) {
      const part = { units: units.slice(from, from + PART_UNITS) };
      const head = from > 0 ? {} : { ...(fence === undefined ? {} : { fence }), ...(run === undefined ? {} : { run }) };
      ask('commitPart', writeTape({ ...part, ...head }, searchable)).catch(() => {});
    }
    const last = from === 0 ? batch : { units: units.slice(from), ...(audit === undefined ? {} : { audit }) };
    return ask('commit', writeTape(last, searchable));
  } catch (thrown) {
    if (from > 0) ask('dropCommit').catch(() => {});
    throw thrown;
  }
}

function objectReads(ask: Ask, searchable: Map<string, readonly string[]>): ObjectReads {
  const page: ObjectReads['page'] = async (type, request) => {
    const { filter = null, sort = [], after, limit, idsOnly = false } = request;
    if (sort.length > 0) return sortedObjects(ask, type, request);
    const part = await filledPage(4, after, limit, (from, rows) => ask('page', type, filter, from, rows, idsOnly));
    return { rows: objectRows(part.cells, 1), next: part.next };
  };
  return {
    declareTypes: async (types) => {
      for (const type of await ask('declareTypes', types)) searchable.set(type.name, type.searchable);
    },
    count: (type, filter) => (filter ? countAll(ask, type, filter) : ask('countObjects', type)),
    readMany: async (type, ids) => objectRows(await ask('readMany', type, ids)),
    findByValue: async (type, attribute, values) => {
      const cells = await ask('findByValue', type, attribute, values);
      if (cells) return objectRows(cells);
      const parts = values.map((value): Filter => ({ kind: 'compare', operator: 'eq', pointer: [attribute], value }));
      return (await page(type, { filter: { kind: 'or', parts }, limit: Infinity })).rows;
    },
    page,
    pageIds: async (type, after, limit) => {
      const part = await ask('pageIds', type, cursorNumber(after), Math.min(limit, MAX_LIMIT) + 1);
      const { cells, next } = cutPage(part.cells, 2, limit);
      return { rows: cells.filter((_, i) => i % 2 === 1) as readonly string[], next };
    },
  };
}

function linkReads(ask: Ask): LinkReads {
  return {
    count: (linkType) => ask('countLinks', linkType),
    findByFirst: async (linkType, ids) => linkRows(linkType, await ask('findLinks', linkType, 'first', ids)),
    findBySecond: async (linkType, ids) => linkRows(linkType, await ask('findLinks', linkType, 'second', ids)),
    findWithObjects: async (linkType, by, ids, objectType) =>
      linkWithObjectRows(linkType, by, await ask('findWithObjects', linkType, by, ids, objectType)),
    page: async (linkType, after, limit) => {
      const part = await ask('pageLinks', linkType, cursorNumber(after), Math.min(limit, MAX_LIMIT) + 1);
      const { cells, next } = cutPage(part.cells, 6, limit);
      return { rows: linkRows(linkType, cells, 1), next };
    },
    query: async (request) => {
      const { filter = null, sort = [], after, limit } = request;
      if (sort.length > 0) return sortedLinks(ask, request);
      const part = await filledPage(7, after, limit, (from, rows) => ask('queryLinks', filter, from, rows));
      return { rows: typedLinkRows(part.cells), next: part.next };
    },
    countMatching: (filter) => countAll(ask, null, filter),
  };
}

function runReads(ask: Ask): RunReads {
  return {
    read: async (runId) => {
      const record = await ask('readRun', runId);
      return record === null ? null : runRecord(record);
    },
    list: async ({ mapping, state, after, limit }) =>
      (await ask('listRuns', mapping ?? null, state ?? null, after ?? null, limit)).map((record) =>
        runRecord(record as string),
      ),
    entries: async (runId, { status, afterSeq, limit }) =>
      entryRows(runId, await ask('entries', runId, status ?? null, afterSeq ?? 0, limit)),
    countEntries: (runId, status) => ask('countEntries', runId, status),
    remove: async (runIds) => {
      const removal = await ask('removeRuns', runIds);
      while (await ask('sweepEntries'));
      return removal;
    },
    withEntries: async (status) => {
      const cells = await ask('withEntries', status);
      return Array.from({ length: cells.length / 3 }, (_, i) => ({
        runId: cells[i * 3] as string,
        mapping: cells[i * 3 + 1] as string,
        count: cells[i * 3 + 2] as number,
      }));
    },
  };
}

function leases(ask: Ask, clock: Clock): Leases {
  return {
    acquire: (name, owner, ttlMs, displacing) => ask('acquire', name, owner, clock.nowMs(), ttlMs, displacing ?? null),
    holder: (name) => ask('holder', name, clock.nowMs()),
    renew: (name, token, ttlMs) => ask('renew', name, token, clock.nowMs(), ttlMs),
    release: (name, token) => ask('release', name, token),
  };
}

function runRecord(text: string): RunRecord {
  return JSON.parse(text) as RunRecord;
}
