import { applyPatch } from '../../base/patch.ts';
import { Failure } from '../../base/failure.ts';
import type { JsonObject } from '../../base/json.ts';
import { compileFilter } from '../../base/query-filter.ts';
import type { StoredObject } from '../../model/object-set.ts';
import type { QueryRequest } from '../../resource/request.ts';
import type { QueryResult, Resource } from '../../resource/resource.ts';

/** A collection that holds its objects in memory, with counted revisions: what the protocol is tried on. */
export function memoryCollection(objects = new Map<string, StoredObject>()): Resource {
  let made = 0;
  const need = (id: string): StoredObject => {
    const found = objects.get(id);
    if (found === undefined) throw new Failure('not-found', `Object ${id} not found`);
    return found;
  };
  const needRevision = (id: string, rev: string | null): StoredObject => {
    const found = need(id);
    if (rev !== null && rev !== found.rev) throw new Failure('revision', `Object ${id} has another revision`);
    return found;
  };
  const put = (id: string, rev: string, content: JsonObject): StoredObject => {
    const stored = { id, rev, object: { ...content, _id: id, _rev: rev } };
    objects.set(id, stored);
    return stored;
  };
  const next = (rev: string | null): string => String(Number(rev) + 1);
  return {
    create: async ({ newId, content }) => {
      const id = newId ?? (typeof content['_id'] === 'string' ? content['_id'] : `made-${++made}`);
      if (objects.has(id)) throw new Failure('exists', `Object ${id} exists`);
      return put(id, '0', content);
    },
    read: async (_, id) => need(id),
    update: async ({ rev, content }, id) => put(id, next(needRevision(id, rev).rev), content),
    delete: async ({ rev }, id) => {
      const found = needRevision(id, rev);
      objects.delete(id);
      return found;
    },
    patch: async ({ rev, operations }, id) => {
      const found = needRevision(id, rev);
      return put(id, next(found.rev), applyPatch(found.object, operations));
    },
    query: async (request) => page([...objects.values()], request),
    action: async ({ action, parameters, content }, id) => {
      if (action === 'nothing') return undefined;
      if (action === 'echo') return { id, parameters: { ...parameters }, content };
      throw new Failure('bad-request', `Unknown action ${action}`);
    },
  };
}

/** The cookie is the place of the next object in the list. */
function page(all: readonly StoredObject[], { query, pageSize, cookie, offset, totals }: QueryRequest): QueryResult {
  if (query.kind === 'id' && query.queryId !== 'query-all') throw new Failure('bad-request', 'Unknown query');
  const matches = query.kind === 'filter' ? compileFilter(query.filter, { caseSensitive: true }) : () => true;
  const found = all.filter(({ object }) => matches(object));
  const from = cookie === null ? offset : Number(cookie);
  const to = pageSize === 0 ? found.length : from + pageSize;
  const next = to < found.length ? String(to) : null;
  return { objects: found.slice(from, to), cookie: next, total: totals === 'NONE' ? -1 : found.length };
}
