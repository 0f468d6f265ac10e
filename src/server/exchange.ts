import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Failure } from '../base/failure.ts';
import type { Caller } from '../resource/context.ts';
import type { ResourceRequest } from '../resource/request.ts';
import { harmlessHeaders, harmlessParameters, type AccessEvent } from './access-event.ts';
import { allParameters, readParameters, type Parameters } from './crest/parameters.ts';
import type { Target } from './target.ts';

/** What is known about a request while it is answered; filled in step by step. */
export interface Exchange {
  readonly transactionId: string;
  readonly startedMs: number;
  /** Of `performance.now()`. */
  readonly startedAt: number;
  /** Null: the URL could not be read. */
  target: Target | null;
  caller: Caller | null;
  request: ResourceRequest | null;
  failure: Failure | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    exchange: Exchange;
  }
}

export function startExchange(transactionId: string): Exchange {
  return {
    transactionId,
    startedMs: Date.now(),
    startedAt: performance.now(),
    target: null,
    caller: null,
    request: null,
    failure: null,
  };
}

export function accessEventOf(http: FastifyRequest, reply: FastifyReply): AccessEvent {
  const { exchange, socket } = http;
  const { request } = exchange;
  const [path, query] = splitUrl(http.originalUrl);
  return {
    timestampMs: exchange.startedMs,
    transactionId: exchange.transactionId,
    caller: exchange.caller,
    client: { ip: http.ip, port: socket.remotePort ?? 0 },
    server: { ip: socket.localAddress ?? '', port: socket.localPort ?? 0 },
    isSecure: http.protocol === 'https',
    method: exchange.target?.method ?? http.method,
    path,
    operation: request?.verb ?? null,
    action: request?.verb === 'action' ? request.action : null,
    queryParameters: harmlessParameters(parametersOf(exchange, query)),
    headers: harmlessHeaders(http.headers),
    status: reply.statusCode,
    message: exchange.failure?.message ?? null,
    elapsedMs: Math.round(performance.now() - exchange.startedAt),
  };
}

export function splitUrl(url: string): readonly [path: string, query: string] {
  const at = url.indexOf('?');
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
}

function parametersOf({ target }: Exchange, query: string): Readonly<Record<string, string>> {
  if (target !== null) return allParameters(target.parameters);
  return query === '' ? {} : allParameters(readable(query));
}

/** Parameters that could not be read are not repeated. */
function readable(query: string): Parameters {
  try {
    return readParameters(query);
  } catch {
    return { protocol: new Map(), additional: {} };
  }
}
