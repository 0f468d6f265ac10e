import type { JsonObject } from '../../base/json.ts';
import { parseFilter } from '../../base/query-filter.ts';
import type { Log } from '../../base/log.ts';
import type { Repository } from '../../model/repository.ts';
import type { RunEntry, RunRecord } from '../../model/run.ts';
import { openMemoryRepository } from '../../repo/memory/memory-repository.ts';
import type { RequestContext } from '../../resource/context.ts';
import type { QueryRequest } from '../../resource/request.ts';
import { Router } from '../../resource/router.ts';
import { auditResource, type AuditResourceOptions } from '../audit-resource.ts';
import { openAuditService, type AuditService, type AuditServiceOptions } from '../audit-service.ts';

/** An audit service over a repository in memory, with a clock that stands still and ids `id1`, `id2` … */
export interface AuditFixture {
  readonly repository: Repository;
  readonly service: AuditService;
  readonly router: Router;
  readonly logged: string[];
  readonly clock: { ms: number; nowMs(): number };
  get(path: string, parameters?: Record<string, string>): Promise<JsonObject>;
  query(path: string, how: Partial<QueryRequest> | string, parameters?: Record<string, string>): Promise<Answer>;
}

export interface Answer {
  readonly objects: readonly JsonObject[];
  readonly cookie: string | null;
  readonly total: number;
}

export const CONTEXT: RequestContext = {
  caller: { id: 'openidm-admin', component: 'internal/user', roles: ['openidm-admin'], isExternal: true },
  transactionId: 'tx1',
  parentActionId: null,
  cause: 'rest',
  mode: 'live',
};

/** As much of a run summary as audit entries look at. */
export const summaryOf = (record: RunRecord): JsonObject => ({
  mapping: record.mapping,
  state: record.state,
  situationSummary: { ABSENT: 2, CONFIRMED: 1 },
});

export function auditFixture(
  service: Partial<AuditServiceOptions> = {},
  resource: Partial<AuditResourceOptions> = {},
): AuditFixture {
  const clock = { ms: 1_000_000, nowMs: () => clock.ms };
  const repository = (service.repository as Repository | undefined) ?? openMemoryRepository(clock);
  let ids = 0;
  const newId = () => `id${++ids}`;
  const logged: string[] = [];
  const log: Log = { write: (level, message) => void logged.push(`${level}: ${message}`) };
  const recon = {
    mappingEnds: (name: string) => (name === 'gone' ? null : { source: 'system/hr/account', target: 'managed/user' }),
    runSummary: summaryOf,
  };
  const roots = { projectDirectory: '/nowhere', dataDirectory: null };
  const common = { repository, recon, clock, newId };
  const opened = openAuditService({ ...common, config: null, roots, log, delayMs: 1, ...service });
  const router = new Router();
  router.mount('audit', auditResource({ ...common, service: opened, ...resource }));
  return {
    repository,
    service: opened,
    router,
    logged,
    clock,
    get: async (path, parameters = {}) =>
      (await router.object({ verb: 'read', path, parameters, fields: null }, CONTEXT)).object,
    query: async (path, how, parameters = {}) => {
      const query = typeof how === 'string' ? queryOf(how, parameters) : {};
      const request = { ...EVERYTHING, path, parameters, ...query, ...(typeof how === 'string' ? {} : how) };
      const answer = await router.handle(request, CONTEXT);
      if (answer.kind !== 'page') throw new Error('no page');
      const { objects, cookie, total } = answer.page;
      return { objects: objects.map(({ object }) => object), cookie, total };
    },
  };
}

/** A text with blanks is a filter, else the id of a query. */
export function queryOf(text: string, parameters: JsonObject = {}): Pick<QueryRequest, 'query'> {
  if (text === 'true' || text.includes(' ')) return { query: { kind: 'filter', filter: parseFilter(text) } };
  return { query: { kind: 'id', queryId: text, parameters } };
}

const EVERYTHING: QueryRequest = {
  verb: 'query',
  path: 'audit/recon',
  parameters: {},
  fields: null,
  query: { kind: 'filter', filter: { kind: 'always', value: true } },
  sortKeys: [],
  pageSize: 0,
  cookie: null,
  offset: 0,
  totals: 'NONE',
};

export function runOf(id: string, change: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    kind: 'recon',
    mapping: 'hr_user',
    state: 'SUCCESS',
    stage: 'COMPLETED_SUCCESS',
    startedMs: 1000,
    endedMs: 2000,
    request: { initiatedBy: 'openidm-admin' },
    progress: {},
    ...change,
  };
}

export function entryOfRun(runId: string, seq: number, change: Partial<RunEntry> = {}): RunEntry {
  return {
    runId,
    seq,
    timestampMs: 1000 + seq,
    phase: 'source',
    situation: 'ABSENT',
    action: 'CREATE',
    changeClass: 'create',
    status: 'done',
    linkQualifier: 'default',
    sourceId: `s${seq}`,
    targetId: `t${seq}`,
    ambiguousTargetIds: null,
    before: null,
    after: null,
    message: null,
    detail: null,
    ...change,
  };
}

export async function storeRun(repository: Repository, run: RunRecord, entries: readonly RunEntry[]): Promise<void> {
  const units = entries.map((entry) => ({ entry: { kind: 'insert' as const, entry } }));
  await repository.commit({ run, units });
}

/** POST or PUT of an entry. */
export async function create(
  router: Router,
  topic: string,
  content: JsonObject,
  newId: string | null = null,
): Promise<void> {
  const request = { verb: 'create', path: `audit/${topic}`, newId, content, parameters: {}, fields: null } as const;
  await router.handle(request, CONTEXT);
}
