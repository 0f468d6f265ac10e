import { Failure } from '../base/failure.ts';
import { placedDiagnostic } from '../base/diagnostic.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import type { ProjectConfig } from '../app/config/project-config.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { RequestContext } from '../resource/context.ts';
import type { CreateRequest, ResourceRequest } from '../resource/request.ts';
import type { QueryResult, Resource } from '../resource/resource.ts';
import { findEndpoint, readEndpoint, type EndpointConfig } from './endpoint-config.ts';
import { endpointRequest } from './endpoint-request.ts';
import { contextFor } from '../resource/script-context.ts';
import type { ScriptRunner } from './script-runner.ts';

/** `endpoint/*`: what scripts of the project answer, whatever the verb (specification §1.1, §9.4). */
export function endpointResource(presentConfig: () => ProjectConfig, runner: ScriptRunner, log: Log): Resource {
  const endpoints = remembered(presentConfig, log);
  const ask = async (request: ResourceRequest, id: string, context: RequestContext): Promise<Json> => {
    const found = findEndpoint(endpoints(), id);
    if (found === null) throw new Failure('not-found', `Resource '${request.path}' not found`);
    const variables = { request: endpointRequest(request, found.rest), context: contextFor(context) };
    return runner.run(found.endpoint.script, variables, context, `endpoint "${found.endpoint.name}"`);
  };
  const object = async (request: ResourceRequest, id: string, context: RequestContext): Promise<StoredObject> =>
    storedObject(await ask(request, id, context), id);
  return {
    create: async (request, id, context) => {
      refuseSingleton(endpoints(), request, id);
      return object(request, id, context);
    },
    read: object,
    update: object,
    delete: object,
    patch: object,
    action: async (request, id, context) => (await ask(request, id, context)) ?? undefined,
    query: async (request, id, context) => queryResult(await ask(request, id, context), request.path),
  };
}

/** Read anew when the project has changed. */
function remembered(presentConfig: () => ProjectConfig, log: Log): () => readonly EndpointConfig[] {
  let config: ProjectConfig | null = null;
  let endpoints: readonly EndpointConfig[] = [];
  return () => {
    const present = presentConfig();
    if (present !== config) endpoints = endpointsOf(present, log);
    config = present;
    return endpoints;
  };
}

function endpointsOf({ documents }: ProjectConfig, log: Log): readonly EndpointConfig[] {
  return Object.values(documents).flatMap((document) => {
    if (!document.id.startsWith('endpoint/')) return [];
    const read = readEndpoint(document);
    if (read.ok) return [read.endpoint];
    for (const fault of read.faults) log.write('warn', placedDiagnostic(fault));
    return [];
  });
}

/** A PUT on an endpoint itself arrives as a create first: it is there, so that the update is tried. */
function refuseSingleton(endpoints: readonly EndpointConfig[], { newId }: CreateRequest, id: string): void {
  if (newId === null || findEndpoint(endpoints, id) !== null) return;
  const whole = id === '' ? newId : `${id}/${newId}`;
  if (findEndpoint(endpoints, whole)?.rest === '')
    throw new Failure('exists', `endpoint/${whole} is an endpoint of the project and cannot be created`);
}

/** A value that is no object is put into one. */
function storedObject(value: Json, path: string): StoredObject {
  const object: JsonObject = isJsonObject(value) ? value : value === null ? {} : { result: value };
  const { _id, _rev } = object;
  const last = path.slice(path.lastIndexOf('/') + 1);
  return { id: typeof _id === 'string' ? _id : last, rev: typeof _rev === 'string' ? _rev : null, object };
}

function queryResult(value: Json, path: string): QueryResult {
  const envelope: JsonObject = isJsonObject(value) ? value : { result: value ?? [] };
  const list = envelope['result'];
  if (!Array.isArray(list))
    throw new Failure('script', `${path}: the script must answer a query with a list of objects`);
  const { pagedResultsCookie: cookie, totalPagedResults: total } = envelope;
  return {
    objects: list.map((one) => storedObject(one, '')),
    cookie: typeof cookie === 'string' ? cookie : null,
    total: typeof total === 'number' ? total : -1,
  };
}
