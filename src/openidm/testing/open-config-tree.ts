import { formatDiagnostic } from '../../base/diagnostic.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { Log } from '../../base/log.ts';
import { parseFilter } from '../../base/query-filter.ts';
import { loadProject, type LoadOptions } from '../../app/config/load-project.ts';
import { tempProject, type TempProject } from '../../app/config/temp-project.ts';
import { connectorKinds } from '../../app/connector-kinds.ts';
import { openLockstep, type Lockstep } from '../../app/lockstep.ts';
import { openProjectHolder, type ProjectHolder } from '../../app/project-holder.ts';
import { treeCalls } from '../../app/tree-calls.ts';
import type { Crypto } from '../../crypto/crypto.ts';
import type { StoredObject } from '../../model/object-set.ts';
import type { RequestContext } from '../../resource/context.ts';
import type { QueryRequest, ResourceRequest } from '../../resource/request.ts';
import type { QueryResult } from '../../resource/resource.ts';
import { Router } from '../../resource/router.ts';
import { configResource } from '../config-resource.ts';
import type { ConfigChange } from '../config-shown.ts';
import { endpointCheck } from '../endpoint-check.ts';
import { endpointResource } from '../endpoint-resource.ts';
import { scriptResource } from '../script-resource.ts';
import { scriptRunner, type ScriptRunner } from '../script-runner.ts';

/** A project with `config`, `script` and `endpoint` on a tree, for tests. */
export interface ConfigTree extends AsyncDisposable {
  readonly project: TempProject;
  readonly lockstep: Lockstep;
  readonly holder: ProjectHolder;
  readonly router: Router;
  readonly runner: ScriptRunner;
  readonly logged: readonly string[];
  readonly recorded: readonly ConfigChange[];
  read(path: string, context?: RequestContext): Promise<StoredObject>;
  create(path: string, newId: string | null, content: JsonObject): Promise<StoredObject>;
  update(path: string, content: JsonObject, rev?: string | null): Promise<StoredObject>;
  patch(path: string, operations: Json, rev?: string | null): Promise<StoredObject>;
  remove(path: string, rev?: string | null): Promise<StoredObject>;
  query(path: string, filter: string, more?: Partial<QueryRequest>): Promise<QueryResult>;
  action(path: string, action: string, content?: Json, parameters?: Record<string, string>): Promise<Json | undefined>;
}

export const ADMIN: RequestContext = {
  caller: { id: 'openidm-admin', component: 'internal/user', roles: ['openidm-admin'], isExternal: true },
  transactionId: 'tx-1',
  parentActionId: null,
  cause: 'rest',
  mode: 'live',
};

/** Reversed text for a cipher. */
export const TEST_CRYPTO: Crypto = {
  encrypt: (value, key, cipher) => ({ $crypto: { type: 'test', value: { key, cipher, data: JSON.stringify(value) } } }),
  decrypt: (value) => {
    const data = (value as { $crypto?: { value: { data: string } } } | null)?.$crypto?.value.data;
    return data === undefined ? value : (JSON.parse(data) as Json);
  },
  isEncrypted: (value) => JSON.stringify(value).includes('$crypto'),
  hash: (value, algorithm) => ({ $crypto: { type: 'salted-hash', value: { algorithm, data: String(value) } } }),
  isHashed: (value) => JSON.stringify(value).includes('salted-hash'),
  matches: (plain, hashed) => JSON.stringify(hashed).includes(`"data":"${String(plain)}"`),
};

export interface TreeOptions {
  readonly isWatching?: boolean;
  readonly env?: LoadOptions['env'];
  readonly settleMs?: number;
}

export async function openConfigTree(
  files: Readonly<Record<string, unknown>>,
  { isWatching = false, env = {}, settleMs = 20 }: TreeOptions = {},
): Promise<ConfigTree> {
  const project = tempProject(files);
  const loadOptions = { env, connectorKinds };
  const { config, diagnostics } = await loadProject(project.directory, loadOptions);
  if (config === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const logged: string[] = [];
  const log: Log = { write: (level, message) => void logged.push(`${level}: ${message}`) };
  const lockstep = await openLockstep({ config, dataDirectory: null, log });
  const holder = await openProjectHolder({ lockstep, loadOptions, isWatching, settleMs });
  const router = new Router();
  const runner = scriptRunner(lockstep, (context) => treeCalls({ router, lockstep, crypto: TEST_CRYPTO }, context));
  const recorded: ConfigChange[] = [];
  const record = async (change: ConfigChange): Promise<void> => void recorded.push(change);
  router.mount('config', configResource({ lockstep, holder, checks: [endpointCheck(runner)], record }));
  router.mount('script', scriptResource(runner));
  router.mount(
    'endpoint',
    endpointResource(() => lockstep.config, runner, log),
  );
  return {
    project,
    lockstep,
    holder,
    router,
    runner,
    logged,
    recorded,
    ...requests(router),
    [Symbol.asyncDispose]: async () => {
      await holder.close();
      await runner.close();
      await lockstep.close();
      project[Symbol.dispose]();
    },
  };
}

function requests(
  router: Router,
): Pick<ConfigTree, 'read' | 'create' | 'update' | 'patch' | 'remove' | 'query' | 'action'> {
  const base = (path: string) => ({ path, parameters: {}, fields: null });
  const object = (request: ResourceRequest, context = ADMIN): Promise<StoredObject> => router.object(request, context);
  return {
    read: (path, context) => object({ verb: 'read', ...base(path) }, context),
    create: (path, newId, content) => object({ verb: 'create', ...base(path), newId, content }),
    update: (path, content, rev = null) => object({ verb: 'update', ...base(path), content, rev }),
    patch: (path, operations, rev = null) => object({ verb: 'patch', ...base(path), operations, rev }),
    remove: (path, rev = null) => object({ verb: 'delete', ...base(path), rev }),
    query: async (path, filter, more = {}) => {
      const answer = await router.handle(
        {
          verb: 'query',
          ...base(path),
          query: { kind: 'filter', filter: parseFilter(filter) },
          sortKeys: [],
          pageSize: 0,
          cookie: null,
          offset: 0,
          totals: 'NONE',
          ...more,
        },
        ADMIN,
      );
      if (answer.kind !== 'page') throw new Error('no page');
      return answer.page;
    },
    action: async (path, action, content = null, parameters = {}) => {
      const answer = await router.handle({ verb: 'action', ...base(path), parameters, action, content }, ADMIN);
      if (answer.kind !== 'action') throw new Error('no value');
      return answer.value;
    },
  };
}
