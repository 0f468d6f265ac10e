import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import { applyPatch } from '../base/patch.ts';
import type { Crypto } from '../crypto/crypto.ts';
import type { HostCall, HostCallHandler } from '../mapping/script-host.ts';
import type { RequestContext } from '../resource/context.ts';
import type { QueryRequest, ResourceRequest } from '../resource/request.ts';
import type { QueryResult } from '../resource/resource.ts';
import type { ResourceAnswer, Router } from '../resource/router.ts';
import { cryptoCall } from './crypto-calls.ts';
import { environmentCall } from './environment-calls.ts';
import type { Lockstep } from './lockstep.ts';
import type { OverlayReads } from './overlay-reads.ts';
import { scriptRequest } from './script-request.ts';

export interface TreeServices {
  readonly router: Router;
  readonly lockstep: Pick<Lockstep, 'config' | 'log' | 'newId'>;
  readonly crypto: Crypto;
  /** Asked before the tree: in a plan, what the plan itself would have written. */
  readonly overlay?: OverlayReads;
}

/**
 * Answers what scripts call (specification §9.2): `openidm.*` as requests on the resource tree, made by the system on behalf
 * of whoever caused them, so that access rules do not apply and private properties are seen. What is thrown reaches the
 * script as an error with `code`, `message` and `detail`.
 */
export function treeCalls(services: TreeServices, context: RequestContext): HostCallHandler {
  const { lockstep, crypto } = services;
  return async (call, signal) => {
    const environment = environmentCall(call.name, call.args, lockstep);
    const known = environment === undefined ? cryptoCall(call.name, call.args, crypto) : environment;
    if (known !== undefined) return { ok: true, value: known };
    const request = scriptRequest(call.name, call.args);
    if (request === null) throw new Failure('unsupported', `${call.name} is not available here`);
    const inner = scriptContext(context, call, signal);
    const value =
      inner.mode === 'plan' ? await planned(services, request, inner) : await live(services, request, inner);
    return { ok: true, value };
  };
}

/** The same cause further down: asked by the system, for the same person, in the same transaction. */
function scriptContext(context: RequestContext, call: HostCall, signal: AbortSignal): RequestContext {
  return {
    ...context,
    caller: { ...context.caller, isExternal: false },
    cause: 'script',
    mode: call.mode === 'plan' ? 'plan' : context.mode,
    signal: context.signal === undefined ? signal : AbortSignal.any([context.signal, signal]),
  };
}

async function live(
  { router, overlay }: TreeServices,
  request: ResourceRequest,
  context: RequestContext,
): Promise<Json> {
  try {
    const known = await overlay?.(request);
    return valueOf(known ?? (await router.handle(request, context)), request);
  } catch (thrown) {
    if (request.verb === 'read' && thrown instanceof Failure && thrown.status === 404) return null;
    throw thrown;
  }
}

function valueOf(answer: ResourceAnswer, request: ResourceRequest): Json {
  if (answer.kind === 'object') return answer.stored.object;
  if (answer.kind === 'action') return answer.value ?? null;
  return envelope(answer.page, request as QueryRequest);
}

function envelope({ objects, cookie, total }: QueryResult, { totals }: QueryRequest): Json {
  return {
    result: objects.map((stored) => stored.object),
    resultCount: objects.length,
    pagedResultsCookie: cookie,
    totalPagedResultsPolicy: totals,
    totalPagedResults: total,
    remainingPagedResults: -1,
  };
}

/** Actions that only look. */
const LOOKING_ACTION = /^policy(?:\/|$)/;

/** In a plan, what would write is answered and not done. */
async function planned(services: TreeServices, request: ResourceRequest, context: RequestContext): Promise<Json> {
  const { path } = request;
  const present = (): Promise<Json> =>
    live(services, { verb: 'read', path, parameters: {}, fields: null }, context).then((value) => {
      if (value === null) throw new Failure('not-found', `Object ${path} not found`);
      return value;
    });
  switch (request.verb) {
    case 'create':
      return { ...request.content, _id: request.newId ?? request.content['_id'] ?? services.lockstep.newId() };
    case 'update':
      return { ...request.content, _id: path.slice(path.lastIndexOf('/') + 1) };
    case 'patch':
      return applyPatch((await present()) as Record<string, Json>, request.operations);
    case 'delete':
      return present();
    case 'action':
      return LOOKING_ACTION.test(path) ? live(services, request, context) : null;
    default:
      return live(services, request, context);
  }
}
