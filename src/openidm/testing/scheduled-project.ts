import { formatDiagnostic } from '../../base/diagnostic.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { Log } from '../../base/log.ts';
import { parseFilter } from '../../base/query-filter.ts';
import { loadProject } from '../../app/config/load-project.ts';
import { tempProject, type TempProject } from '../../app/config/temp-project.ts';
import { connectorKinds } from '../../app/connector-kinds.ts';
import { openLockstep, type Lockstep } from '../../app/lockstep.ts';
import type { QueryRequest } from '../../resource/request.ts';
import type { QueryResult } from '../../resource/resource.ts';
import { openTree, type Tree } from '../open-tree.ts';
import { ADMIN } from './open-config-tree.ts';

/** A project on its whole resource tree, asked as an administrator over the network. */
export interface ScheduledProject extends AsyncDisposable {
  readonly lockstep: Lockstep;
  readonly tree: Tree;
  readonly project: TempProject;
  readonly logged: readonly string[];
  read(path: string): Promise<JsonObject>;
  create(path: string, newId: string | null, content: JsonObject): Promise<JsonObject>;
  update(path: string, content: JsonObject, rev?: string | null): Promise<JsonObject>;
  remove(path: string): Promise<JsonObject>;
  query(path: string, filter?: string, more?: Partial<QueryRequest>): Promise<QueryResult>;
  action(path: string, action: string, content?: Json, parameters?: Record<string, string>): Promise<Json>;
  /** Events of `audit/access`, oldest first, as soon as there are so many. */
  firings(count: number): Promise<readonly JsonObject[]>;
}

export const BASE: Readonly<Record<string, unknown>> = {
  'conf/managed.json': { objects: [{ name: 'user' }] },
  'conf/sync.json': { mappings: [] },
};

/** `dataDirectory` null: in memory. Several may share one. */
export async function openScheduledProject(
  files: Readonly<Record<string, unknown>>,
  dataDirectory: string | null = null,
): Promise<ScheduledProject> {
  const project = tempProject({ ...BASE, ...files });
  const loadOptions = { env: {}, connectorKinds };
  const { config, diagnostics } = await loadProject(project.directory, loadOptions);
  if (config === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const logged: string[] = [];
  const log: Log = { write: (level, message) => void logged.push(`${level}: ${message}`) };
  const lockstep = await openLockstep({ config, dataDirectory, log });
  const tree = await openTree(lockstep, { loadOptions, isWatching: false });
  return {
    lockstep,
    tree,
    project,
    logged,
    ...requests(lockstep),
    [Symbol.asyncDispose]: async () => {
      await tree.close();
      await lockstep.close();
      project[Symbol.dispose]();
    },
  };
}

type Requests = Pick<ScheduledProject, 'read' | 'create' | 'update' | 'remove' | 'query' | 'action' | 'firings'>;

function requests({ router, repository }: Lockstep): Requests {
  const base = { parameters: {}, fields: null };
  const query: ScheduledProject['query'] = async (path, filter = 'true', more = {}) => {
    const asked = { kind: 'filter', filter: parseFilter(filter) } as const;
    const paging = { sortKeys: [], pageSize: 0, cookie: null, offset: 0, totals: 'EXACT' } as const;
    const answer = await router.handle({ verb: 'query', path, query: asked, ...paging, ...base, ...more }, ADMIN);
    if (answer.kind !== 'page') throw new Error('no page');
    return answer.page;
  };
  return {
    query,
    read: async (path) => (await router.object({ verb: 'read', path, ...base }, ADMIN)).object,
    create: async (path, newId, content) =>
      (await router.object({ verb: 'create', path, newId, content, ...base }, ADMIN)).object,
    update: async (path, content, rev = null) =>
      (await router.object({ verb: 'update', path, content, rev, ...base }, ADMIN)).object,
    remove: async (path) => (await router.object({ verb: 'delete', path, rev: null, ...base }, ADMIN)).object,
    action: async (path, action, content = null, parameters = {}) => {
      const answer = await router.handle({ verb: 'action', path, action, content, fields: null, parameters }, ADMIN);
      return answer.kind === 'action' ? (answer.value ?? null) : null;
    },
    firings: async (count) => {
      for (let turn = 0; turn < 100; turn++) {
        const { rows } = await repository.audit.page('access', { limit: 1000 });
        if (rows.length >= count) return rows.map(({ event }) => event);
        await new Promise((resolve) => void setTimeout(resolve, 50));
      }
      throw new Error(`there are no ${count} events`);
    },
  };
}

/** A job that runs a script at once, and only once. */
export function once(source: string, more: JsonObject = {}): JsonObject {
  return {
    type: 'simple',
    invokeService: 'script',
    invokeContext: { script: { type: 'text/javascript', source } },
    ...more,
  };
}
