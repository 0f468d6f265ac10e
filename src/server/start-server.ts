import type { IncomingMessage } from 'node:http';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Failure, messageOf } from '../base/failure.ts';
import { accessLine } from './access-event.ts';
import { answerClientError } from './client-error.ts';
import { isQuery } from './crest/query-parameters.ts';
import { API_VERSION } from './crest/api-version.ts';
import { METHODS, methodNotAllowed } from './crest/read-call.ts';
import { accessEventOf, splitUrl, startExchange } from './exchange.ts';
import { trackLifetimes, type Lifetimes } from './lifetimes.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { contentChecker } from './openapi/check-content.ts';
import { allDescriptors } from './openapi/document.ts';
import { sendFailure } from './send-failure.ts';
import type { RunningServer, ServerOptions } from './server-options.ts';
import { addSystemRoutes } from './system-routes.ts';
import { TREE, isTreeUrl, readTarget } from './target.ts';
import { openTls, type TlsMaterial } from './tls.ts';
import { answerTreeRequest } from './tree-route.ts';

/** Serves a resource tree over HTTP. Rejects with a `Failure` that names the port or the certificate file. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const tls = options.tls === undefined ? null : await openTls(options.tls, options.log);
  const lifetimes = trackLifetimes(limits.eventStreams);
  const app = createApp(options, limits, tls);
  let isStopping = false;
  const identify = identifier(options);
  addHooks(app, options, limits);
  addSystemRoutes(app, { options, identify, isStopping: () => isStopping });
  addTree(app, options, limits, lifetimes, identify);
  const host = options.host ?? '127.0.0.1';
  await listen(app, host, options.port);
  app.server.maxConnections = limits.connections;
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  let stopped: Promise<void> | null = null;
  return {
    url: `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
    port,
    stop: () => {
      isStopping = true;
      return (stopped ??= stopApp(app, lifetimes, limits));
    },
  };
}

function createApp(options: ServerOptions, limits: Limits, tls: TlsMaterial | null): FastifyInstance {
  const node = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    requireHostHeader: false,
    connectionsCheckingInterval: Math.min(5000, limits.headersTimeoutMs),
  };
  const common = {
    logger: false as const,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveMs,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    trustProxy: options.trustedProxies === undefined ? false : [...options.trustedProxies],
    clientErrorHandler: answerClientError,
    rewriteUrl: routedUrl,
  };
  return tls === null
    ? fastify({ ...common, http: node })
    : (fastify({ ...common, https: { ...node, ...tls, minVersion: 'TLSv1.2' } }) as unknown as FastifyInstance);
}

/** The tree reads its own path, and what cannot be a route never reaches the decoder of the framework. */
function routedUrl({ url = '' }: IncomingMessage): string {
  if (isTreeUrl(url)) return TREE;
  const [path] = splitUrl(url);
  return /^\/[\w./-]*$/.test(path) ? path : '/';
}

function addHooks(app: FastifyInstance, options: ServerOptions, limits: Limits): void {
  const { log, newTransactionId, metrics } = options;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  app.decorateRequest('exchange');
  app.addHook('onRequest', async (http, reply) => {
    http.exchange = startExchange(newTransactionId());
    reply.headers(COMMON_HEADERS);
    if (http.headers.host === undefined && http.raw.httpVersion === '1.1')
      throw new Failure('bad-request', 'The request has no Host header');
    if (http.originalUrl.length > limits.urlLength)
      throw new Failure('bad-request', `The URL is longer than ${limits.urlLength} characters`, { status: 414 });
  });
  app.addHook('onResponse', (http, reply, done) => {
    done();
    const event = accessEventOf(http, reply);
    metrics.request(
      { method: event.method, resource: resourceOf(options, http), status: event.status },
      reply.elapsedTime / 1000,
    );
    if (options.isAccessLogged !== false) log.write('info', accessLine(event));
    try {
      options.onAccess(event);
    } catch (thrown) {
      log.write('error', `the access event ${event.transactionId} was not recorded: ${messageOf(thrown)}`);
    }
  });
  app.setErrorHandler((thrown, http, reply) => sendFailure(log, thrown, http, reply));
  app.setNotFoundHandler((http) => {
    if (isTreeUrl(http.originalUrl)) throw methodNotAllowed(http.method);
    const [path] = splitUrl(http.originalUrl);
    throw new Failure('not-found', `Resource '${path.slice(0, 200)}' not found`);
  });
}

const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-cache',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** Few values, whatever is asked for: the top of the tree. */
function resourceOf({ router }: ServerOptions, { exchange, routeOptions }: FastifyRequest): string {
  const top = exchange.target?.place.path.split('/', 1)[0];
  if (top === undefined) return routeOptions.url ?? 'unknown';
  const isKnown = router.prefixes().some((prefix) => prefix === top || prefix.startsWith(`${top}/`));
  return isKnown ? top : 'unknown';
}

type Identify = (http: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** Before anything of the body is read. */
function identifier({ security }: ServerOptions): Identify {
  return async (http, reply) => {
    const { exchange } = http;
    const [path, query] = splitUrl(http.originalUrl);
    if (isTreeUrl(path)) exchange.target = readTarget(http.raw, path, query);
    const { target } = exchange;
    const { caller, setCookies } = await security.authenticate({
      headers: http.headers,
      clientIp: http.ip,
      method: target?.method ?? http.method,
      path: target?.place.path ?? path,
      isQuery: target !== null && isQuery(target.parameters),
      isSecure: http.protocol === 'https',
      transactionId: exchange.transactionId,
    });
    exchange.caller = caller;
    for (const cookie of setCookies) reply.header('set-cookie', cookie);
  };
}

function addTree(
  app: FastifyInstance,
  options: ServerOptions,
  limits: Limits,
  lifetimes: Lifetimes,
  identify: Identify,
): void {
  const { router, security, events = null, managedSchemas, descriptors = [] } = options;
  const described = allDescriptors({ prefixes: [], managed: managedSchemas(), extra: descriptors });
  const checkContent = contentChecker(described);
  app.route({
    method: [...METHODS],
    url: TREE,
    onRequest: async (http, reply) => {
      reply.header('content-api-version', API_VERSION);
      await identify(http, reply);
    },
    handler: (http, reply) =>
      answerTreeRequest({ router, security, events, limits, lifetimes, checkContent }, http, reply),
  });
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (thrown) {
    await app.close();
    throw new Failure(
      'bad-configuration',
      `The server cannot listen on ${host} port ${port}: ${messageOf(thrown)}; choose another port`,
      { cause: thrown },
    );
  }
}

async function stopApp(app: FastifyInstance, lifetimes: Lifetimes, limits: Limits): Promise<void> {
  lifetimes.endStreams();
  const cut = setTimeout(() => {
    lifetimes.endAll();
    app.server.closeAllConnections();
  }, limits.stopMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
    lifetimes.endAll();
  }
}
