import { request, type IncomingHttpHeaders } from 'node:http';
import { Failure } from '../../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import type { LogLevel } from '../../base/log.ts';
import { uuidV7Source } from '../../base/uuid.ts';
import type { Caller } from '../../resource/context.ts';
import { Router } from '../../resource/router.ts';
import type { AccessEvent } from '../access-event.ts';
import { createMetrics, type Metrics } from '../metrics.ts';
import type { SecurityPort } from '../security-port.ts';
import type { RunningServer, ServerOptions } from '../server-options.ts';
import { startServer } from '../start-server.ts';

export interface TestServer {
  readonly server: RunningServer;
  readonly router: Router;
  readonly metrics: Metrics;
  readonly accesses: readonly AccessEvent[];
  readonly logged: readonly { readonly level: LogLevel; readonly message: string; readonly fields?: JsonObject }[];
  send(method: string, path: string, options?: SendOptions): Promise<Answer>;
}

export interface SendOptions {
  readonly headers?: Record<string, string | readonly string[]>;
  /** An object is sent as JSON, with the content type of JSON unless another one is given. */
  readonly body?: Json | Uint8Array;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** `{}` if it is no JSON object. */
  readonly body: JsonObject;
}

export const ADMIN: Caller = {
  id: 'openidm-admin',
  component: 'internal/user',
  roles: ['openidm-admin', 'openidm-authorized'],
  isExternal: true,
};

/** Knows one password; anonymous is let in with the role that nothing is granted to. */
export const testSecurity: SecurityPort = {
  authenticate: async ({ headers }) => {
    const name = headers['x-openidm-username'];
    const isBasic = headers.authorization === `Basic ${btoa('openidm-admin:secret')}`;
    if (isBasic || (name === 'openidm-admin' && headers['x-openidm-password'] === 'secret'))
      return { caller: ADMIN, setCookies: ['session-jwt=abc; HttpOnly'] };
    if (name === 'anonymous') return { caller: { ...ADMIN, id: 'anonymous', roles: ['openidm-reg'] }, setCookies: [] };
    throw new Failure('unauthorized', 'Access Denied');
  },
};

export const CREDENTIALS = { 'x-openidm-username': 'openidm-admin', 'x-openidm-password': 'secret' };

export async function openServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const router = options.router ?? new Router();
  const metrics = createMetrics();
  const accesses: AccessEvent[] = [];
  const logged: { level: LogLevel; message: string; fields?: JsonObject }[] = [];
  const server = await startServer({
    router,
    metrics,
    security: testSecurity,
    log: { write: (level, message, fields) => void logged.push({ level, message, ...(fields && { fields }) }) },
    port: 0,
    health: async () => ({ ready: true, reasons: [] }),
    newTransactionId: uuidV7Source(),
    onAccess: (event) => void accesses.push(event),
    version: '1.2.3',
    managedSchemas: () => [],
    ...options,
  });
  const send: TestServer['send'] = (method, path, sent) => sendTo(server.port, method, path, sent);
  return { server, router, metrics, accesses, logged, send };
}

/** With the administrator's credentials, unless headers are given that say otherwise. */
export function sendTo(port: number, method: string, path: string, options: SendOptions = {}): Promise<Answer> {
  const { body } = options;
  const isJson = body !== undefined && !(body instanceof Uint8Array);
  const bytes = body === undefined ? undefined : body instanceof Uint8Array ? body : JSON.stringify(body);
  const headers = {
    ...CREDENTIALS,
    ...(isJson ? { 'content-type': 'application/json' } : {}),
    ...(bytes === undefined ? {} : { 'content-length': String(Buffer.byteLength(bytes)) }),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        resolve({ status: response.statusCode!, headers: response.headers, text, body: parsed(text) });
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(bytes);
  });
}

function parsed(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}
