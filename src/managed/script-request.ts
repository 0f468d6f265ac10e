import type { JsonObject } from '../base/json.ts';
import type { ResourceRequest } from '../resource/request.ts';

/** What scripts see as `request` (specification §2.3). */
export function scriptRequest(request: ResourceRequest): JsonObject {
  return {
    method: request.verb,
    resourceName: request.path,
    resourcePath: request.path,
    content: 'content' in request ? request.content : null,
    newResourceId: request.verb === 'create' ? request.newId : null,
    revision: 'rev' in request ? request.rev : null,
    fields: request.fields === null ? [] : [...request.fields],
    additionalParameters: { ...request.parameters },
    patchOperations: request.verb === 'patch' ? request.operations : null,
    action: request.verb === 'action' ? request.action : null,
  };
}

/** A request that no client made: a run writes the object. */
export function ownRequest(
  method: 'create' | 'update' | 'delete',
  path: string,
  content: JsonObject | null,
): JsonObject {
  return {
    method,
    resourceName: path,
    resourcePath: path,
    content,
    newResourceId: null,
    revision: null,
    fields: [],
    additionalParameters: {},
    patchOperations: null,
    action: null,
  };
}
