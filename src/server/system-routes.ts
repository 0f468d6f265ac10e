import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Failure, messageOf } from '../base/failure.ts';
import { JSON_TYPE, toText } from './crest/render-answer.ts';
import { openApiDocument } from './openapi/document.ts';
import type { Health, ServerOptions } from './server-options.ts';

export interface SystemRouteOptions {
  readonly options: ServerOptions;
  /** Finds out who asks, or throws. */
  readonly identify: (http: FastifyRequest, reply: FastifyReply) => Promise<void>;
  readonly isStopping: () => boolean;
}

const READY_WITHIN_MS = 5000;
/** Who may read `/metrics` and `/openapi.json`. */
const READERS: ReadonlySet<string> = new Set(['openidm-admin', 'lockstep-monitor']);

/** `/health/live`, `/health/ready`, `/metrics`, `/openapi.json`. */
export function addSystemRoutes(app: FastifyInstance, { options, identify, isStopping }: SystemRouteOptions): void {
  const method = ['GET', 'HEAD'];
  const guarded = async (http: FastifyRequest, reply: FastifyReply) => {
    if (options.publicPaths?.some((one) => one === http.routeOptions.url) === true) return;
    await identify(http, reply);
    if (!http.exchange.caller!.roles.some((role) => READERS.has(role))) throw new Failure('denied', 'Access denied');
  };
  app.route({ method, url: '/health/live', handler: (_, reply) => sendJson(reply, 200, { status: 'UP' }) });
  app.route({
    method,
    url: '/health/ready',
    handler: async (_, reply) => {
      const health = isStopping() ? STOPPING : await readHealth(options.health);
      return sendJson(reply, health.ready ? 200 : 503, { ready: health.ready, reasons: [...health.reasons] });
    },
  });
  app.route({
    method,
    url: '/metrics',
    onRequest: guarded,
    handler: async (_, reply) => {
      const { contentType, text } = await options.metrics.render();
      return reply.header('content-type', contentType).send(text);
    },
  });
  app.route({
    method,
    url: '/openapi.json',
    onRequest: guarded,
    handler: (http, reply) => {
      const { router, version, managedSchemas, descriptors = [] } = options;
      const url = `${http.protocol}://${http.host}`;
      const prefixes = router.prefixes();
      return sendJson(
        reply,
        200,
        openApiDocument({ version, url, prefixes, managed: managedSchemas(), extra: descriptors }),
      );
    },
  });
}

const STOPPING: Health = { ready: false, reasons: ['the server is stopping'] };

/** A check that fails or takes too long means that the system is not ready. */
async function readHealth(health: () => Promise<Health>): Promise<Health> {
  const { promise, resolve } = Promise.withResolvers<Health>();
  const timer = setTimeout(
    () => resolve({ ready: false, reasons: [`the check took more than ${READY_WITHIN_MS} ms`] }),
    READY_WITHIN_MS,
  );
  try {
    return await Promise.race([health(), promise]);
  } catch (thrown) {
    return { ready: false, reasons: [messageOf(thrown)] };
  } finally {
    clearTimeout(timer);
  }
}

function sendJson(reply: FastifyReply, status: number, value: Parameters<typeof toText>[0]): FastifyReply {
  return reply.code(status).header('content-type', JSON_TYPE).send(toText(value, false));
}
