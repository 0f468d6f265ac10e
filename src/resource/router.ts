import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import type { StoredObject } from '../model/object-set.ts';
import { refuseUnaddressableCreate } from './addressable.ts';
import type { RequestContext } from './context.ts';
import { project } from './fields.ts';
import type { ResourceRequest } from './request.ts';
import type { QueryResult, ReadAnswer, Resource } from './resource.ts';

/** What a request came to. */
export type ResourceAnswer =
  | { readonly kind: 'object'; readonly stored: ReadAnswer; readonly isNew: boolean }
  | { readonly kind: 'page'; readonly page: QueryResult }
  | { readonly kind: 'action'; readonly value: Json | undefined };

/** Looks at every request before it reaches its resource: access rules, metrics. Calls `next`, or throws. */
export type RequestFilter = (
  request: ResourceRequest,
  context: RequestContext,
  /** Passes the request on, or `changed` in its place. */
  next: (changed?: ResourceRequest) => Promise<ResourceAnswer>,
) => Promise<ResourceAnswer>;

/** The resource tree. Routes may be exchanged while it serves. */
export class Router {
  readonly #routes = new Map<string, Resource>();
  readonly #filters: RequestFilter[] = [];

  /** `prefix` without a slash at either end; the longest that matches a path answers. Replaces what was there. */
  mount(prefix: string, resource: Resource): void {
    this.#routes.set(prefix, resource);
  }

  unmount(prefix: string): void {
    this.#routes.delete(prefix);
  }

  /** The first added is the outermost. */
  addFilter(filter: RequestFilter): void {
    this.#filters.push(filter);
  }

  prefixes(): readonly string[] {
    return [...this.#routes.keys()];
  }

  handle(request: ResourceRequest, context: RequestContext): Promise<ResourceAnswer> {
    const step = (at: number, passed: ResourceRequest): Promise<ResourceAnswer> => {
      const filter = this.#filters[at];
      if (filter === undefined) return this.#answer(passed, context);
      return filter(passed, context, (changed = passed) => step(at + 1, changed));
    };
    return step(0, request);
  }

  /** A request that answers with one object. */
  async object(request: ResourceRequest, context: RequestContext): Promise<StoredObject> {
    const answer = await this.handle(request, context);
    if (answer.kind !== 'object') throw new Failure('internal', `${request.verb} on ${request.path} gave no object`);
    return answer.stored;
  }

  async #answer(request: ResourceRequest, context: RequestContext): Promise<ResourceAnswer> {
    const { resource, id } = this.#find(request.path);
    const answer = await call(resource, request, id, context);
    if (request.fields === null || answer.kind === 'action') return answer;
    const { fields } = request;
    if (answer.kind === 'object')
      return answer.stored.isProjected === true ? answer : { ...answer, stored: project(answer.stored, fields) };
    return { kind: 'page', page: { ...answer.page, objects: answer.page.objects.map((one) => project(one, fields)) } };
  }

  #find(path: string): { readonly resource: Resource; readonly id: string } {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const resource = this.#routes.get(path.slice(0, end));
      if (resource !== undefined) return { resource, id: path.slice(end + 1) };
    }
    const hint = path === '' ? `: name one below it, such as ${this.prefixes().slice(0, 5).join(', ')}` : '';
    throw new Failure('not-found', `Resource '${path}' not found${hint}`);
  }
}

async function call(
  resource: Resource,
  request: ResourceRequest,
  id: string,
  context: RequestContext,
): Promise<ResourceAnswer> {
  const object = async (answer: Promise<ReadAnswer> | undefined, isNew = false): Promise<ResourceAnswer> => {
    if (answer === undefined) throw unsupported(request);
    return { kind: 'object', stored: await answer, isNew };
  };
  switch (request.verb) {
    case 'create':
      refuseUnaddressableCreate(request);
      return object(resource.create?.(request, id, context), true);
    case 'read':
      return object(resource.read?.(request, id, context));
    case 'update':
      return object(resource.update?.(request, id, context));
    case 'delete':
      return object(resource.delete?.(request, id, context));
    case 'patch':
      return object(resource.patch?.(request, id, context));
    case 'query':
      if (resource.query === undefined) throw unsupported(request);
      return { kind: 'page', page: await resource.query(request, id, context) };
    case 'action':
      if (resource.action === undefined) throw unsupported(request);
      return { kind: 'action', value: await resource.action(request, id, context) };
  }
}

function unsupported({ verb, path }: ResourceRequest): Failure {
  return new Failure('unsupported', `${verb} is not supported on '${path}'`);
}
