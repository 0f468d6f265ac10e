import type { IncomingHttpHeaders } from 'node:http';
import { setOwn } from '../base/json.ts';
import type { Access } from '../audit/audit-events.ts';
import type { Caller } from '../resource/context.ts';

/** One answered request, for the access log and the audit topic `access`. Holds no secrets. */
export interface AccessEvent extends Access {
  /** Null: the request ended before it was known who sent it, or credentials were refused. */
  readonly caller: Caller | null;
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

/**
 * Values of parameters whose names sound secret are hidden, and so are filters that mention such an attribute, everything that
 * goes with a parameter that names one (`field=password&value=…`), and arguments of named queries that may be anything.
 */
export function harmlessParameters(parameters: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const shown: Record<string, string> = {};
  const given = Object.entries(parameters);
  const namesSecret = given.some(([name, value]) => FIELD_NAME.test(name) && SECRET_NAME.test(value));
  const isNamedQuery = given.some(([name]) => name.toLowerCase() === '_queryid');
  for (const [name, value] of given) {
    const isHidden = isSecret(name, value) || (isArgument(name) && (namesSecret || isUnknown(name, isNamedQuery)));
    setOwn(shown, name, isHidden ? HIDDEN : value.slice(0, MAX_LENGTH));
  }
  return shown;
}

const PROTOCOL_NAME = /^_(?:fields|sortKeys|action|queryId|page|total|pretty|mime)/i;
/** It says which attribute another parameter is about. */
const FIELD_NAME = /field|attribute|property|column/i;
/** What the predefined queries are given that is surely no secret. */
const HARMLESS_ARGUMENT =
  /^(?:_.*|field|fields|mapping(?:Name)?|reconId|linkType|linkQualifier|situations?|entryType|firstId|secondId|sourceObjectId|targetObjectId|parentActionId|rootActionId|transactionId|instanceId|formatted|uid|userName|userId)$/i;

function isSecret(name: string, value: string): boolean {
  if (PROTOCOL_NAME.test(name)) return false;
  return SECRET_NAME.test(name) || (/^_query(?:Filter|Expression)$/i.test(name) && SECRET_NAME.test(value));
}

function isArgument(name: string): boolean {
  return !name.startsWith('_') && !FIELD_NAME.test(name);
}

function isUnknown(name: string, isNamedQuery: boolean): boolean {
  return isNamedQuery && !HARMLESS_ARGUMENT.test(name);
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
