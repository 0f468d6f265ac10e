import { uuidV7Source } from '../../base/uuid.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { parseFilter } from '../../base/query-filter.ts';
import type { Query } from '../../model/object-set.ts';
import type { Repository } from '../../model/repository.ts';
import { openMemoryRepository } from '../../repo/memory/memory-repository.ts';
import { SYSTEM_CALLER, type RequestContext } from '../../resource/context.ts';
import type { QueryRequest, ResourceRequest } from '../../resource/request.ts';
import { Router, type ResourceAnswer } from '../../resource/router.ts';
import { repoResource, type RepoResourceDeps } from '../repo-resource.ts';

/** `repo` over a repository with the managed type `user`, asked as an administrator over the network. */
export interface RepoTree {
  readonly repository: Repository;
  create(path: string, newId: string | null, content: JsonObject): Promise<JsonObject>;
  read(path: string): Promise<JsonObject>;
  update(path: string, content: JsonObject, rev?: string | null): Promise<JsonObject>;
  delete(path: string, rev: string | null, parameters?: Record<string, string>): Promise<JsonObject>;
  /** A filter as text, or a predefined query. */
  query(path: string, query: string | Query, request?: Partial<QueryRequest>): Promise<TreePage>;
  command(path: string, parameters: Record<string, string>): Promise<Json | undefined>;
  handle(request: Partial<ResourceRequest> & { readonly verb: string; readonly path: string }): Promise<ResourceAnswer>;
  /** The same tree for somebody else. */
  as(change: Partial<RequestContext>): RepoTree;
}

interface TreePage {
  readonly objects: readonly JsonObject[];
  readonly cookie: string | null;
  readonly total: number;
}

const EXTERNAL: RequestContext = {
  caller: { ...SYSTEM_CALLER, id: 'openidm-admin', isExternal: true },
  transactionId: 't',
  parentActionId: null,
  cause: 'rest',
  mode: 'live',
};

export async function openRepoTree(
  repository: Repository = openMemoryRepository(),
  extra: Partial<RepoResourceDeps> = {},
): Promise<RepoTree> {
  const secret = { name: 'secret', scope: 'private' };
  const user = { name: 'user', searchable: ['userName'], properties: [secret] } as unknown as ReturnType<
    RepoResourceDeps['managed']
  >[number];
  await repository.objects.declareTypes([user]);
  const router = new Router();
  const resource = repoResource({
    repository,
    newId: uuidV7Source(),
    managed: () => [user],
    namedQueries: () => ({}),
    ...extra,
  });
  router.mount('repo', resource);
  return treeOf(repository, router, EXTERNAL);
}

function treeOf(repository: Repository, router: Router, context: RequestContext): RepoTree {
  const handle = (request: object): Promise<ResourceAnswer> =>
    router.handle({ parameters: {}, fields: null, ...request } as ResourceRequest, context);
  const object = async (request: object): Promise<JsonObject> => {
    const answer = await handle(request);
    if (answer.kind !== 'object') throw new Error('no object');
    return answer.stored.object;
  };
  return {
    repository,
    handle,
    create: (path, newId, content) => object({ verb: 'create', path, newId, content }),
    read: (path) => object({ verb: 'read', path }),
    update: (path, content, rev = null) => object({ verb: 'update', path, content, rev }),
    delete: (path, rev, parameters = {}) => object({ verb: 'delete', path, rev, parameters }),
    query: async (path, query, request = {}) => {
      const asked = typeof query === 'string' ? { kind: 'filter', filter: parseFilter(query) } : query;
      const paging = { sortKeys: [], pageSize: 0, cookie: null, offset: 0, totals: 'NONE' };
      const answer = await handle({ verb: 'query', path, query: asked, ...paging, ...request });
      if (answer.kind !== 'page') throw new Error('no page');
      return { ...answer.page, objects: answer.page.objects.map((stored) => stored.object) };
    },
    command: async (path, parameters) => {
      const answer = await handle({ verb: 'action', action: 'command', path, content: null, parameters });
      return answer.kind === 'action' ? answer.value : undefined;
    },
    as: (change) => treeOf(repository, router, { ...context, ...change }),
  };
}
