import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../resource/context.ts';

/** One answered request, for the access log and the audit topic `access` (specification §12.2). Holds no secrets. */
export interface AccessEvent {
  readonly timestampMs: number;
  readonly transactionId: string;
  /** Null: the request ended before it was known who sent it, or credentials were refused. */
  readonly caller: Caller | null;
  readonly client: { readonly ip: string; readonly port: number };
  readonly server: { readonly ip: string; readonly port: number };
  readonly isSecure: boolean;
  readonly method: string;
  /** Of the URL, percent-encoded as it came, without parameters. */
  readonly path: string;
  /** `create`, `query`, `action`, …; null if it was not understood. */
  readonly operation: string | null;
  /** The name of the action. */
  readonly action: string | null;
  readonly queryParameters: Readonly<Record<string, string>>;
  /** Those that say something and are no secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  /** Why it failed. */
  readonly message: string | null;
  readonly elapsedMs: number;
}

const SECRET_NAME = /pass|pwd|secret|token|credential|auth|key|code|pin$/i;
const LOGGED_HEADERS = [
  'host',
  'user-agent',
  'content-type',
  'content-length',
  'accept',
  'accept-api-version',
] as const;
const HIDDEN = '***';
const MAX_LENGTH = 2000;

/** Values of parameters whose names sound secret are hidden, and so are filters that mention such an attribute. */
export function harmlessParameters(parameters: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const shown: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) {
    const isSecret = !PROTOCOL_NAME.test(name) && SECRET_NAME.test(name);
    shown[name] = isSecret || isSecretFilter(name, value) ? HIDDEN : value.slice(0, MAX_LENGTH);
  }
  return shown;
}

const PROTOCOL_NAME = /^_(?:fields|sortKeys|action|queryId|page|total|pretty|mime)/;

function isSecretFilter(name: string, value: string): boolean {
  return (name === '_queryFilter' || name === '_queryExpression') && SECRET_NAME.test(value);
}

export function harmlessHeaders(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const shown: Record<string, string> = {};
  for (const name of LOGGED_HEADERS) {
    const value = headers[name];
    if (value !== undefined) shown[name] = value.toString().slice(0, MAX_LENGTH);
  }
  return shown;
}

/** `GET /openidm/managed/user?_queryFilter=… 200 openidm-admin 3 ms`: one line, whatever was sent. */
export function accessLine({ method, path, queryParameters, status, caller, elapsedMs }: AccessEvent): string {
  const isPlain = Object.keys(queryParameters).length === 0;
  const url = isPlain ? path : `${path}?${new URLSearchParams(queryParameters).toString()}`;
  return `${method} ${printable(url)} ${status} ${printable(caller?.id ?? '-')} ${elapsedMs} ms`;
}

function printable(text: string): string {
  return text.slice(0, MAX_LENGTH).replace(/[^\x21-\x7e]/g, '?');
}
