import type { Json, JsonObject } from '../../base/json.ts';
import { parseFilter } from '../../base/query-filter.ts';
import type { Lockstep } from '../../app/lockstep.ts';
import { openRunManager, type RunManager } from '../../app/run-manager.ts';
import type { AuditEvent } from '../../model/audit.ts';
import type { StoredObject } from '../../model/object-set.ts';
import type { RequestContext } from '../../resource/context.ts';
import type { QueryRequest, ResourceRequest } from '../../resource/request.ts';
import type { QueryResult } from '../../resource/resource.ts';
import { Router } from '../../resource/router.ts';
import { reconResource } from '../recon-resource.ts';
import { syncResource } from '../sync-resource.ts';
import { systemResource } from '../system-resource.ts';

/** `recon`, `sync` and `system` of a project on a tree, for tests. */
export interface RunTree {
  readonly runs: RunManager;
  readonly recorded: readonly AuditEvent[];
  read(path: string): Promise<JsonObject>;
  create(path: string, newId: string | null, content: JsonObject): Promise<StoredObject>;
  update(path: string, content: JsonObject, rev?: string | null): Promise<JsonObject>;
  patch(path: string, operations: Json): Promise<JsonObject>;
  remove(path: string, rev?: string | null): Promise<JsonObject>;
  query(path: string, filter: string | null, more?: Partial<QueryRequest>): Promise<QueryResult>;
  action(path: string, action: string, parameters?: Record<string, string>, content?: Json): Promise<Json>;
}

const CONTEXT: RequestContext = {
  caller: { id: 'openidm-admin', component: 'internal/user', roles: ['openidm-admin'], isExternal: true },
  transactionId: 'tx-1',
  parentActionId: null,
  cause: 'rest',
  mode: 'live',
};

export function openRunTree(lockstep: Lockstep, more: Partial<RequestContext> = {}): RunTree {
  const runs = openRunManager(lockstep);
  const recorded: AuditEvent[] = [];
  const router = new Router();
  const record = (events: readonly AuditEvent[]): Promise<void> => Promise.resolve(void recorded.push(...events));
  router.mount('recon', reconResource({ lockstep, runs }));
  router.mount('sync', syncResource({ lockstep, runs }));
  router.mount('system', systemResource({ lockstep, record }));
  const context = { ...CONTEXT, ...more };
  const base = { parameters: {}, fields: null };
  const object = async (request: ResourceRequest): Promise<JsonObject> =>
    (await router.object(request, context)).object;
  return {
    runs,
    recorded,
    read: (path) => object({ verb: 'read', path, ...base }),
    create: (path, newId, content) => router.object({ verb: 'create', path, newId, content, ...base }, context),
    update: (path, content, rev = null) => object({ verb: 'update', path, content, rev, ...base }),
    patch: (path, operations) => object({ verb: 'patch', path, operations, rev: null, ...base }),
    remove: (path, rev = null) => object({ verb: 'delete', path, rev, ...base }),
    query: async (path, filter, given = {}) => {
      const query =
        filter === null
          ? ({ kind: 'id', queryId: 'query-all-ids', parameters: {} } as const)
          : ({ kind: 'filter', filter: parseFilter(filter) } as const);
      const paging = { sortKeys: [], pageSize: 0, cookie: null, offset: 0, totals: 'NONE' } as const;
      const answer = await router.handle({ verb: 'query', path, query, ...paging, ...base, ...given }, context);
      if (answer.kind !== 'page') throw new Error('a query gives a page');
      return answer.page;
    },
    action: async (path, action, parameters = {}, content = null) => {
      const request = { verb: 'action', path, action, content, parameters, fields: null } as const;
      const answer = await router.handle(request, context);
      return answer.kind === 'action' ? (answer.value ?? null) : null;
    },
  };
}
