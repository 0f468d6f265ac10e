import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure } from '../base/failure.ts';
import type { HttpInfo, RequestContext } from '../resource/context.ts';
import type { ResourceRequest } from '../resource/request.ts';
import type { ResourceAnswer, Router } from '../resource/router.ts';
import { checkApiVersion } from './crest/api-version.ts';
import { readContent } from './crest/content.ts';
import { allParameters } from './crest/parameters.ts';
import { readCall, type Call } from './crest/read-call.ts';
import { renderAnswer } from './crest/render-answer.ts';
import { STALLED, eventStreamText } from './event-stream.ts';
import type { EventSource } from './event-port.ts';
import type { Limits } from './limits.ts';
import type { Lifetimes } from './lifetimes.ts';
import type { SecurityPort } from './security-port.ts';
import { TREE, type Target } from './target.ts';

export interface TreeRouteOptions {
  readonly router: Router;
  readonly security: SecurityPort;
  readonly events: EventSource | null;
  readonly limits: Limits;
  readonly lifetimes: Lifetimes;
  /** Checks the content of a request against its description; throws `Failure('bad-request')`. */
  readonly checkContent: (request: ResourceRequest) => void;
}

/** Answers a request on `/openidm`, after the URL was read and the caller is known. */
export async function answerTreeRequest(
  options: TreeRouteOptions,
  http: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { exchange } = http;
  const target = exchange.target!;
  checkApiVersion(http.headers['accept-api-version']?.toString(), target.place.path);
  const call = readCall({
    ...target,
    conditions: { ifMatch: http.headers['if-match'], ifNoneMatch: http.headers['if-none-match'] },
    content: hasContent(target.method) ? readContent(bodyOf(http), http.headers) : undefined,
  });
  exchange.request = call.request;
  options.checkContent(call.request);
  if (wantsEvents(http, call)) return answerEvents(options, http, reply, call);
  const lifetime = call.request.verb === 'query' ? options.lifetimes.untilGone(reply.raw) : options.lifetimes.stopped;
  const { answer, request } = await perform(options.router, call, contextOf(http, target, lifetime));
  const rendered = renderAnswer(answer, request, call.style, rootUrl(http));
  addCookies(options.security, http, reply);
  return reply
    .code(rendered.status)
    .headers(rendered.headers)
    .send(rendered.body ?? undefined);
}

/**
 * Upsert (specification §1.2): a create that finds the object becomes an update, and so does one that is refused before it
 * looks: not allowed to this caller, against a policy (a name that is taken, by the object itself), or not supported.
 */
async function perform(
  router: Router,
  { request, orElse }: Call,
  context: RequestContext,
): Promise<{ readonly answer: ResourceAnswer; readonly request: ResourceRequest }> {
  if (orElse === null) return { answer: await router.handle(request, context), request };
  for (let attempt = 1; ; attempt++)
    try {
      return { answer: await router.handle(request, context), request };
    } catch (refusal) {
      if (!(refusal instanceof Failure) || !TRY_UPDATE.has(refusal.status)) throw refusal;
      const answer = await updateInstead(router, orElse, context, refusal, attempt < MAX_ATTEMPTS);
      if (answer !== 'gone') return { answer, request: orElse };
    }
}

/** Deleted each time between the two: somebody is at it without end. */
const MAX_ATTEMPTS = 20;

const TRY_UPDATE: ReadonlySet<number> = new Set([403, 404, 412, 501]);
const NOTHING_TO_UPDATE: ReadonlySet<number> = new Set([403, 404, 501]);

/**
 * What the update has to say counts, unless there was nothing to update: then the refused create is the reason. `gone`: the object
 * that stood in the way of the create was deleted meanwhile.
 */
async function updateInstead(
  router: Router,
  update: ResourceRequest,
  context: RequestContext,
  refusal: Failure,
  mayTryAgain: boolean,
): Promise<ResourceAnswer | 'gone'> {
  try {
    return await router.handle(update, context);
  } catch (thrown) {
    const isRefused = thrown instanceof Failure && NOTHING_TO_UPDATE.has(thrown.status);
    if (mayTryAgain && refusal.code === 'exists' && thrown instanceof Failure && thrown.code === 'not-found')
      return 'gone';
    throw isRefused && refusal.code !== 'exists' ? refusal : thrown;
  }
}

async function answerEvents(
  { router, events, limits, lifetimes }: TreeRouteOptions,
  http: FastifyRequest,
  reply: FastifyReply,
  { request }: Call,
): Promise<unknown> {
  const stop = lifetimes.openStream(reply.raw);
  try {
    const context = contextOf(http, http.exchange.target!, stop.signal);
    await router.handle(request, context);
    const lastEventId = http.headers['last-event-id']?.toString() ?? request.parameters['lastEventId'] ?? null;
    const source = events?.(request.path, context, lastEventId) ?? null;
    if (source === null)
      throw new Failure('bad-request', `Resource '${request.path}' has no event stream`, { status: 406 });
    stop.signal.addEventListener('abort', () => stop.signal.reason === STALLED && reply.raw.destroy(), { once: true });
    const text = eventStreamText(source, { heartbeatMs: limits.heartbeatMs, stallMs: limits.stallMs, stop });
    return reply
      .headers({ 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' })
      .send(Readable.from(text, { highWaterMark: 1 }));
  } catch (thrown) {
    stop.abort();
    throw thrown;
  }
}

function wantsEvents({ headers }: FastifyRequest, { request }: Call): boolean {
  if (request.verb !== 'read') return false;
  if (request.parameters['_events'] === 'true') return true;
  return headers.accept?.includes('text/event-stream') === true && !headers.accept.includes('application/json');
}

function contextOf(http: FastifyRequest, { method, place, parameters }: Target, signal: AbortSignal): RequestContext {
  const info: HttpInfo = {
    method,
    path: place.path,
    clientIp: http.ip,
    headers: http.headers as Record<string, string>,
    parameters: allParameters(parameters),
  };
  const { caller, transactionId } = http.exchange;
  return { caller: caller!, transactionId, parentActionId: null, cause: 'rest', mode: 'live', signal, http: info };
}

function addCookies({ cookiesAfter }: SecurityPort, { exchange }: FastifyRequest, reply: FastifyReply): void {
  const cookies = cookiesAfter?.(exchange.transactionId) ?? [];
  for (const cookie of cookies) reply.header('set-cookie', cookie);
}

function hasContent(method: string): boolean {
  return method === 'PUT' || method === 'POST' || method === 'PATCH';
}

function bodyOf({ body }: FastifyRequest): Uint8Array | null {
  return Buffer.isBuffer(body) ? body : null;
}

/** Absolute where the `Host` header is usable, as existing clients expect of `Location`. */
function rootUrl({ headers, protocol }: FastifyRequest): string {
  const host = headers.host ?? '';
  return /^[\w.:[\]-]{1,255}$/.test(host) ? `${protocol}://${host}${TREE}` : TREE;
}
