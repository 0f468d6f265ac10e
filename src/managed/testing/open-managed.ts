import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import { Failure } from '../../base/failure.ts';
import type { Filter } from '../../base/query-filter.ts';
import { silentLog } from '../../base/log.ts';
import { uuidV7Source } from '../../base/uuid.ts';
import { systemClock } from '../../base/clock.ts';
import { readManagedObject } from '../../app/config/read-managed.ts';
import { BUILT_IN_QUERIES, filterOfNamedQuery } from '../../app/config/named-queries.ts';
import { managedObjectSchema } from '../../app/config/schema-managed.ts';
import { openCrypto } from '../../crypto/open-crypto.ts';
import type { HostCall } from '../../mapping/script-host.ts';
import type { AuditEvent } from '../../model/audit.ts';
import type { StoredObject } from '../../model/object-set.ts';
import type { ObjectRow, Repository } from '../../model/repository.ts';
import { openMemoryRepository } from '../../repo/memory/memory-repository.ts';
import type { RequestContext } from '../../resource/context.ts';
import type { QueryRequest } from '../../resource/request.ts';
import type { QueryResult, Resource } from '../../resource/resource.ts';
import { createScriptHost } from '../../script/script-host.ts';
import { compileManaged } from '../compile-managed.ts';
import type { ManagedSet } from '../../model/managed-set.ts';
import { managedCollection } from '../managed-collection.ts';
import { openManagedScripts } from '../managed-scripts.ts';
import { openManagedService } from '../managed-service.ts';
import type { ManagedChange } from '../../model/managed-change.ts';
import { openManagedType, type ChangePort, type ManagedType, type ManagedTypeOptions } from '../managed-type.ts';

/** A managed type in memory, as tests use it. */
export interface Managed extends AsyncDisposable {
  readonly type: ManagedType;
  readonly service: Resource;
  readonly collection: ManagedSet;
  readonly repository: Repository;
  /** Activity events of everything that was committed. */
  readonly events: readonly AuditEvent[];
  readonly changes: readonly ManagedChange[];
  /** Names that scripts gave to `openidm.action('trace', name)`, and what they said. */
  readonly traced: (readonly Json[])[];
  create(content: JsonObject, context?: RequestContext): Promise<JsonObject>;
  read(
    id: string,
    options?: { readonly context?: RequestContext; readonly fields?: readonly string[] },
  ): Promise<JsonObject>;
  update(id: string, content: JsonObject, rev?: string | null, context?: RequestContext): Promise<JsonObject>;
  patch(id: string, operations: Json, rev?: string | null, context?: RequestContext): Promise<JsonObject>;
  remove(id: string, rev?: string | null, context?: RequestContext): Promise<JsonObject>;
  action(id: string, action: string, content?: Json, parameters?: Record<string, string>): Promise<Json>;
  query(request: Partial<QueryRequest>, context?: RequestContext): Promise<QueryResult>;
  /** As it lies in the repository. */
  row(id: string): Promise<ObjectRow | null>;
}

export const INTERNAL: RequestContext = {
  caller: { id: 'openidm-admin', component: 'internal/user', roles: ['openidm-admin'], isExternal: false },
  transactionId: 'root-1',
  parentActionId: null,
  cause: 'script',
  mode: 'live',
};
export const EXTERNAL: RequestContext = {
  ...INTERNAL,
  cause: 'rest',
  caller: { ...INTERNAL.caller, isExternal: true },
};

export function js(source: string): JsonObject {
  return { type: 'text/javascript', source };
}

/** A script that leaves its name, and what it sees, with the test. */
export function trace(name: string, seen = 'null'): JsonObject {
  return js(`openidm.action('trace', '${name}', {seen: ${seen}});`);
}

export interface OpenManagedOptions extends Partial<ManagedTypeOptions> {
  readonly searchable?: readonly string[];
  /** Answers calls of scripts other than `trace`. */
  readonly onCall?: (call: HostCall) => Promise<Json>;
}

/** `json` as in `conf/managed.json`; `name` is added. */
export async function openManaged(json: JsonObject, options: OpenManagedOptions = {}): Promise<Managed> {
  const config = readManagedObject(managedObjectSchema.parse({ name: 'user', ...json }), {
    raw: json,
    file: 'conf/managed.json',
    pointer: '/objects/0',
    searchable: options.searchable ?? ['userName'],
  });
  const events: AuditEvent[] = [];
  const changes: ManagedChange[] = [];
  const traced: (readonly Json[])[] = [];
  const repository = await watchedRepository(config.searchable, events);
  const host = createScriptHost({ log: silentLog });
  const compiled = compileManaged(config, () => null);
  const scripts = openManagedScripts(compiled, {
    host,
    limits: { timeoutMs: 1000, memoryMiB: 64 },
    resolveModule: () => null,
    answer: () => async (call) => ({
      ok: true,
      value: noteTrace(call, traced) ?? (await options.onCall?.(call)) ?? null,
    }),
  });
  const newId = uuidV7Source(systemClock);
  const type = openManagedType({
    compiled,
    repository,
    crypto: await openCrypto({ keyStoreFile: null, env: {} }),
    scripts,
    newId,
    clock: systemClock,
    log: silentLog,
    changes: listener(changes),
    ...options,
  });
  const collection = managedCollection({
    type: 'user',
    repository,
    searchable: config.searchable,
    resolve,
    newId,
    managed: type,
  });
  const service = openManagedService({ type, resolve });
  return {
    type,
    service,
    collection,
    repository,
    events,
    changes,
    traced,
    ...requests(service),
    row: async (id) => (await repository.objects.readMany('user', [id]))[0] ?? null,
    [Symbol.asyncDispose]: async () => {
      await scripts.close();
      await host.close();
    },
  };
}

function resolve(queryId: string, parameters: JsonObject): Filter {
  const query = BUILT_IN_QUERIES[queryId];
  if (query === undefined) throw new Failure('bad-request', `no query ${queryId}`);
  return filterOfNamedQuery(query, parameters);
}

/** A repository in memory that notes the audit events of its commits. */
async function watchedRepository(searchable: readonly string[], events: AuditEvent[]): Promise<Repository> {
  const stored = openMemoryRepository(systemClock);
  await stored.objects.declareTypes([{ name: 'user', searchable }]);
  return {
    ...stored,
    commit: async (batch) => {
      const result = await stored.commit(batch);
      if (result.ok) events.push(...(batch.audit ?? []));
      return result;
    },
  };
}

function noteTrace({ name, args }: HostCall, traced: (readonly Json[])[]): null {
  if (name !== 'openidm.action') return null;
  const [, what, content] = args;
  traced.push([what ?? null, isJsonObject(content) ? (content['seen'] ?? null) : null]);
  return null;
}

type Requests = Pick<Managed, 'create' | 'read' | 'update' | 'patch' | 'remove' | 'action' | 'query'>;

function requests(service: Resource): Requests {
  const base = (id: string) => ({ path: `managed/user/${id}`, parameters: {}, fields: null });
  const object = async (stored: Promise<StoredObject>): Promise<JsonObject> => (await stored).object;
  return {
    create: (content, context = INTERNAL) =>
      object(service.create!({ ...base(''), path: 'managed/user', verb: 'create', newId: null, content }, '', context)),
    read: (id, { context = INTERNAL, fields } = {}) =>
      object(service.read!({ ...base(id), verb: 'read', fields: fields ?? null }, id, context)),
    update: (id, content, rev = null, context = INTERNAL) =>
      object(service.update!({ ...base(id), verb: 'update', rev, content }, id, context)),
    patch: (id, operations, rev = null, context = INTERNAL) =>
      object(service.patch!({ ...base(id), verb: 'patch', rev, operations }, id, context)),
    remove: (id, rev = null, context = INTERNAL) =>
      object(service.delete!({ ...base(id), verb: 'delete', rev }, id, context)),
    action: async (id, action, content = null, parameters = {}) =>
      (await service.action!({ ...base(id), verb: 'action', action, content, parameters }, id, EXTERNAL)) ?? null,
    query: (request, context = INTERNAL) =>
      service.query!(
        {
          ...base(''),
          verb: 'query',
          query: { kind: 'filter', filter: { kind: 'always', value: true } },
          sortKeys: [],
          pageSize: 0,
          cookie: null,
          offset: 0,
          totals: 'NONE',
          ...request,
        },
        '',
        context,
      ),
  };
}

function listener(changes: ManagedChange[]): ChangePort {
  return {
    listensTo: () => true,
    announce: () => [],
    pass: async (told) => {
      changes.push(...told);
      return new Map();
    },
  };
}
