import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { formatDiagnostic } from '../../base/diagnostic.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { Log } from '../../base/log.ts';
import { parseFilter } from '../../base/query-filter.ts';
import { connectorKinds } from '../../app/connector-kinds.ts';
import { tempProject, type TempProject } from '../../app/config/temp-project.ts';
import { loadProject } from '../../app/config/load-project.ts';
import { openLockstep, type Lockstep } from '../../app/lockstep.ts';
import type { StoredObject } from '../../model/object-set.ts';
import type { Caller, RequestContext } from '../../resource/context.ts';
import type { QueryRequest } from '../../resource/request.ts';
import { openTree, type Tree } from '../open-tree.ts';

/** A project with workflows on a tree, for tests. It can be opened again over the same repository. */
export interface WorkflowTree extends AsyncDisposable {
  readonly project: TempProject;
  readonly lockstep: Lockstep;
  readonly tree: Tree;
  readonly logged: readonly string[];
  /** Milliseconds since 1970; workflows see no other time. */
  nowMs: number;
  /** As if the process had ended and begun anew. */
  reopen(): Promise<void>;
  as(caller: Caller): Requests;
}

export interface Requests {
  read(path: string): Promise<JsonObject>;
  create(path: string, content: JsonObject): Promise<JsonObject>;
  update(path: string, content: JsonObject, rev?: string | null): Promise<JsonObject>;
  patch(path: string, operations: readonly JsonObject[]): Promise<JsonObject>;
  remove(path: string): Promise<JsonObject>;
  query(path: string, filter: string | JsonObject, more?: Partial<QueryRequest>): Promise<readonly JsonObject[]>;
  action(path: string, action: string, content?: Json, parameters?: Record<string, string>): Promise<Json>;
}

export const BOSS: Caller = {
  id: 'openidm-admin',
  component: 'internal/user',
  roles: ['openidm-admin'],
  isExternal: true,
};

export function person(id: string, ...roles: readonly string[]): Caller {
  return { id, component: 'managed/user', roles: ['openidm-authorized', ...roles], isExternal: true };
}

export async function openWorkflowTree(
  files: Readonly<Record<string, unknown>>,
  onOpen: (lockstep: Lockstep) => void = () => {},
): Promise<WorkflowTree> {
  const project = tempProject(files);
  const data = mkdtempSync(path.join(tmpdir(), 'lockstep-workflow-'));
  const logged: string[] = [];
  const log: Log = { write: (level, message) => void logged.push(`${level}: ${message}`) };
  const time = { nowMs: Date.UTC(2026, 0, 1) };
  const clock: Clock = { nowMs: () => time.nowMs };
  const open = async (): Promise<{ readonly lockstep: Lockstep; readonly tree: Tree }> => {
    const loadOptions = { env: {}, connectorKinds };
    const { config, diagnostics } = await loadProject(project.directory, loadOptions);
    if (config === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
    const lockstep = await openLockstep({ config, dataDirectory: data, log, clock });
    onOpen(lockstep);
    return { lockstep, tree: await openTree(lockstep, { loadOptions, isWatching: false }) };
  };
  let opened = await open();
  const close = async (): Promise<void> => {
    await opened.tree.close();
    await opened.lockstep.close();
  };
  return {
    project,
    logged,
    get lockstep() {
      return opened.lockstep;
    },
    get tree() {
      return opened.tree;
    },
    get nowMs() {
      return time.nowMs;
    },
    set nowMs(nowMs) {
      time.nowMs = nowMs;
    },
    reopen: async () => {
      await close();
      opened = await open();
    },
    as: (caller) => requests(() => opened.lockstep, caller),
    [Symbol.asyncDispose]: async () => {
      await close();
      project[Symbol.dispose]();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

function requests(lockstep: () => Lockstep, caller: Caller): Requests {
  const context: RequestContext = { caller, transactionId: 'tx-1', parentActionId: null, cause: 'rest', mode: 'live' };
  const base = (place: string) => ({ path: place, parameters: {}, fields: null });
  const object = async (answer: Promise<StoredObject>): Promise<JsonObject> => (await answer).object;
  const router = () => lockstep().router;
  return {
    read: (place) => object(router().object({ verb: 'read', ...base(place) }, context)),
    create: (place, content) =>
      object(router().object({ verb: 'create', ...base(place), newId: null, content }, context)),
    update: (place, content, rev = null) =>
      object(router().object({ verb: 'update', ...base(place), content, rev }, context)),
    patch: (place, operations) =>
      object(router().object({ verb: 'patch', ...base(place), operations: [...operations], rev: null }, context)),
    remove: (place) => object(router().object({ verb: 'delete', ...base(place), rev: null }, context)),
    query: async (place, filter, more = {}) => {
      const query =
        typeof filter === 'string'
          ? ({ kind: 'filter', filter: parseFilter(filter) } as const)
          : ({ kind: 'id', queryId: 'filtered-query', parameters: filter } as const);
      const paging = { sortKeys: [], pageSize: 0, cookie: null, offset: 0, totals: 'NONE' } as const;
      const answer = await router().handle({ verb: 'query', ...base(place), query, ...paging, ...more }, context);
      if (answer.kind !== 'page') throw new Error('a query gives a page');
      return answer.page.objects.map((one) => one.object);
    },
    action: async (place, action, content = null, parameters = {}) => {
      const answer = await router().handle({ verb: 'action', ...base(place), parameters, action, content }, context);
      return answer.kind === 'action' ? (answer.value ?? null) : null;
    },
  };
}
