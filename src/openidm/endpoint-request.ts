import { formatFilter } from '../base/query-filter.ts';
import { formatPointer } from '../base/json-pointer.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { QueryRequest, ResourceRequest } from '../resource/request.ts';

/**
 * What the script of an endpoint sees as `request` (specification §9.4), under the names of all versions: `resourcePath` and
 * `resourceName` are what the path has below the endpoint; `additionalParameters` is also `params`, `content` also `value`.
 */
export function endpointRequest(request: ResourceRequest, rest: string): JsonObject {
  const parameters: Json = { ...request.parameters };
  return {
    method: request.verb,
    type: request.verb,
    resourcePath: rest,
    resourceName: rest,
    id: rest === '' ? null : rest,
    additionalParameters: parameters,
    params: parameters,
    fields: request.fields === null ? [] : [...request.fields],
    ...ownMembers(request),
  };
}

function ownMembers(request: ResourceRequest): JsonObject {
  switch (request.verb) {
    case 'create':
      return { ...contentMembers(request.content), newResourceId: request.newId };
    case 'read':
      return {};
    case 'update':
      return { ...contentMembers(request.content), ...revision(request.rev) };
    case 'delete':
      return revision(request.rev);
    case 'patch':
      return { ...contentMembers(request.operations), patchOperations: request.operations, ...revision(request.rev) };
    case 'action':
      return { ...contentMembers(request.content), action: request.action, actionId: request.action };
    case 'query':
      return queryMembers(request);
  }
}

function contentMembers(content: Json): JsonObject {
  return { content, value: content };
}

function revision(rev: string | null): JsonObject {
  return { revision: rev, rev };
}

function queryMembers({ query, sortKeys, pageSize, cookie, offset, totals }: QueryRequest): JsonObject {
  const isExpression = query.kind === 'id' && query.queryId === '_queryExpression';
  return {
    queryId: query.kind === 'id' && !isExpression ? query.queryId : null,
    queryFilter: query.kind === 'filter' ? formatFilter(query.filter) : null,
    queryExpression: isExpression ? (query.parameters['expression'] ?? null) : null,
    sortKeys: sortKeys.map(({ pointer, isDescending }) => `${isDescending ? '-' : '+'}${formatPointer(pointer)}`),
    pageSize,
    pagedResultsCookie: cookie,
    pagedResultsOffset: offset,
    totalPagedResultsPolicy: totals,
  };
}
