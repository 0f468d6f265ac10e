import type { Json, JsonObject } from '../base/json.ts';
import type { HttpInfo, RequestContext } from './context.ts';

/**
 * What scripts see as `context` (specification §9.2): `security.authenticationId`, `security.authorization.{id, component,
 * roles}`, `http.{method, path, headers, parameters}`, `client.remoteAddress`, `caller.external`, `transactionId`, and the
 * chain of `parent`s, each of which has the same members from its own place on up.
 */
export function contextFor(context: RequestContext): JsonObject {
  const { caller, transactionId } = context;
  const root: JsonObject = { name: 'root', contextName: 'root', id: transactionId };
  const shared: JsonObject = {
    root,
    transactionId: { name: 'transactionId', id: transactionId, transactionId: { value: transactionId } },
  };
  const http = httpContext(context.http, shared, root);
  const authorization: Json = { id: caller.id, component: caller.component, roles: [...caller.roles] };
  const security: JsonObject = {
    name: 'security',
    contextName: 'security',
    authenticationId: caller.authenticationId ?? caller.id,
    authcid: caller.authenticationId ?? caller.id,
    authorization,
    authorizationId: authorization,
    authzid: authorization,
    parent: http,
  };
  return {
    ...shared,
    name: 'router',
    contextName: 'router',
    id: transactionId,
    http,
    client: clientContext(context),
    caller: { external: caller.isExternal },
    security,
    current: { name: 'router', id: transactionId, security: { ...security, parent: null } },
    parent: { ...shared, ...security, security, http, client: clientContext(context) },
  };
}

function httpContext(http: HttpInfo | undefined, shared: JsonObject, root: JsonObject): JsonObject {
  if (http === undefined) return { ...shared, name: 'root', contextName: 'root', parent: root };
  return {
    ...shared,
    name: 'http',
    contextName: 'http',
    method: http.method,
    path: http.path,
    headers: withoutSecrets(http.headers),
    parameters: { ...http.parameters },
    parent: root,
  };
}

/** Scripts know who it is; how he proved it is not their business. */
const CREDENTIAL = /^(?:authorization|cookie|set-cookie|proxy-authorization)$|password/i;

function withoutSecrets(headers: HttpInfo['headers']): JsonObject {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIAL.test(name)));
}

function clientContext({ caller, http }: RequestContext): JsonObject {
  const address = http?.clientIp ?? null;
  return { name: 'client', remoteAddress: address, remoteHost: address, isExternal: caller.isExternal };
}
