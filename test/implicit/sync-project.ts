import { formatDiagnostic } from '../../src/base/diagnostic.ts';
import { isJsonObject, type Json, type JsonObject } from '../../src/base/json.ts';
import type { Log } from '../../src/base/log.ts';
import { parseFilter } from '../../src/base/query-filter.ts';
import { loadProject } from '../../src/app/config/load-project.ts';
import { tempProject, type TempProject } from '../../src/app/config/temp-project.ts';
import { connectorKinds } from '../../src/app/connector-kinds.ts';
import { openLockstep, type Lockstep } from '../../src/app/lockstep.ts';
import type { ObjectSet, ObjectWrite, StoredObject, WriteOutcome } from '../../src/model/object-set.ts';
import { MemorySet } from '../../src/connectors/memory/memory-set.ts';
import { openTree, type Tree } from '../../src/openidm/open-tree.ts';
import type { RequestContext } from '../../src/resource/context.ts';
import type { ResourceRequest } from '../../src/resource/request.ts';

/** A project with its whole resource tree, as tests of implicit synchronization use it. */
export interface SyncProject extends AsyncDisposable {
  readonly project: TempProject;
  readonly lockstep: Lockstep;
  readonly tree: Tree;
  readonly logged: readonly string[];
  create(path: string, id: string, content: JsonObject): Promise<JsonObject>;
  update(path: string, content: JsonObject): Promise<JsonObject>;
  patch(path: string, operations: Json): Promise<JsonObject>;
  remove(path: string): Promise<JsonObject>;
  read(path: string): Promise<JsonObject>;
  query(path: string, filter: string): Promise<readonly JsonObject[]>;
  action(path: string, action: string, parameters?: Record<string, string>, content?: Json): Promise<Json>;
  /** The objects of a memory connector, by id, without `_id` and `_rev`. */
  held(system: string, type?: string): Promise<Readonly<Record<string, JsonObject>>>;
  /** What the outbox holds. */
  queue(): Promise<readonly JsonObject[]>;
  /** Resolves when nothing is left to be pushed but what was set aside. */
  drained(): Promise<void>;
}

export const ADMIN: RequestContext = {
  caller: { id: 'openidm-admin', component: 'internal/user', roles: ['openidm-admin'], isExternal: true },
  transactionId: 'tx-1',
  parentActionId: null,
  cause: 'rest',
  mode: 'live',
};

/** A system in memory whose accounts have the attributes `name` and `mail`. */
export function system(name: string, attributes: readonly string[] = ['name', 'mail', 'note']): JsonObject {
  const properties = Object.fromEntries(attributes.map((one) => [one, { type: 'string', nativeName: one }]));
  return {
    name,
    connectorRef: { connectorName: 'memory' },
    configurationProperties: {},
    objectTypes: { account: { nativeType: '__ACCOUNT__', properties } },
  };
}

export const user = (more: JsonObject = {}): JsonObject => ({
  objects: [{ name: 'user', schema: { properties: { userName: { type: 'string' } } }, ...more }],
});

export const js = (source: string): JsonObject => ({ type: 'text/javascript', source });

/** Of a run that was started over the tree. */
export function idOf(answer: Json): string {
  return isJsonObject(answer) ? String(answer['_id']) : '';
}

/** managed/user → a system, by plain copies. */
export function out(name: string, more: JsonObject = {}): JsonObject {
  return {
    name: `managedUser_${name}`,
    source: 'managed/user',
    target: `system/${name}/account`,
    properties: [
      { source: 'userName', target: 'name' },
      { source: 'mail', target: 'mail' },
    ],
    policies: [
      { situation: 'SOURCE_MISSING', action: 'DELETE' },
      { situation: 'MISSING', action: 'CREATE' },
    ],
    ...more,
  };
}

export interface OpenOptions {
  /** Null: in memory. */
  readonly dataDirectory?: string | null;
  readonly project?: TempProject;
}

export async function openSyncProject(
  files: Readonly<Record<string, unknown>>,
  { dataDirectory = null, project = tempProject(files) }: OpenOptions = {},
): Promise<SyncProject> {
  const loadOptions = { env: {}, connectorKinds };
  const { config, diagnostics } = await loadProject(project.directory, loadOptions);
  if (config === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const logged: string[] = [];
  const log: Log = { write: (level, message) => void logged.push(`${level}: ${message}`) };
  const lockstep = await openLockstep({ config, dataDirectory, log, env: {} });
  const tree = await openTree(lockstep, { loadOptions, isWatching: false, isServing: true });
  return {
    project,
    lockstep,
    tree,
    logged,
    ...requests(lockstep),
    held: async (name, type = 'account') => heldBy(lockstep.connector(name).objectSet(type)),
    queue: () => queued(lockstep),
    drained: async () => {
      for (let i = 0; i < 3000; i++) {
        if ((await queued(lockstep)).every((item) => item['state'] !== 'PENDING')) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error(`still to be pushed: ${JSON.stringify(await queued(lockstep))}`);
    },
    [Symbol.asyncDispose]: async () => {
      interferences.clear();
      await tree.close();
      await lockstep.close();
      project[Symbol.dispose]();
    },
  };
}

async function queued({ repository }: Lockstep): Promise<readonly JsonObject[]> {
  const { rows } = await repository.objects.page('sync/outbox', { limit: 10_000 });
  return rows.map(({ doc }) => doc);
}

async function heldBy(set: ObjectSet): Promise<Readonly<Record<string, JsonObject>>> {
  const found: StoredObject[] = [];
  for await (const page of set.scan({ pageSize: 1000 })) found.push(...page.objects);
  return Object.fromEntries(
    found.map(({ id, object }) => {
      const { _id, _rev, ...rest } = object;
      return [id, rest];
    }),
  );
}

type Requests = Pick<SyncProject, 'create' | 'update' | 'patch' | 'remove' | 'read' | 'query' | 'action'>;

function requests({ router }: Lockstep): Requests {
  const base = (path: string) => ({ path, parameters: {}, fields: null });
  const object = async (request: ResourceRequest): Promise<JsonObject> => (await router.object(request, ADMIN)).object;
  return {
    create: (path, newId, content) => object({ verb: 'create', ...base(path), newId, content }),
    update: (path, content) => object({ verb: 'update', ...base(path), content, rev: null }),
    patch: (path, operations) => object({ verb: 'patch', ...base(path), operations, rev: null }),
    remove: (path) => object({ verb: 'delete', ...base(path), rev: null }),
    read: (path) => object({ verb: 'read', ...base(path) }),
    query: async (path, filter) => {
      const query = { kind: 'filter', filter: parseFilter(filter) } as const;
      const paging = { sortKeys: [], pageSize: 0, cookie: null, offset: 0, totals: 'NONE' } as const;
      const answer = await router.handle({ verb: 'query', ...base(path), query, ...paging }, ADMIN);
      return answer.kind === 'page' ? answer.page.objects.map((stored) => stored.object) : [];
    },
    action: async (path, action, parameters = {}, content = null) => {
      const answer = await router.handle({ verb: 'action', ...base(path), parameters, action, content }, ADMIN);
      return answer.kind === 'action' ? (answer.value ?? null) : null;
    },
  };
}

type Interference = (writes: readonly ObjectWrite[], write: ObjectSet['write']) => Promise<readonly WriteOutcome[]>;

const interferences = new Map<string, Interference>();
const original = MemorySet.prototype.write;
MemorySet.prototype.write = function write(this: MemorySet, writes: readonly ObjectWrite[]) {
  const by = interferences.get(this.path);
  return by === undefined || writes.length === 0
    ? original.call(this, writes)
    : by(writes, (more) => original.call(this, more));
};

/** Puts something between the engine and what a system in memory does about writes; `null` takes it out again. */
export function interfere(name: string, by: Interference | null): void {
  const path = `system/${name}/account`;
  if (by === null) interferences.delete(path);
  else interferences.set(path, by);
}
