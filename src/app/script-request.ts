import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { parsePointer } from '../base/json-pointer.ts';
import { toQuery } from '../model/to-query.ts';
import type { QueryRequest, ResourceRequest, SortKey } from '../resource/request.ts';

const MAX_PAGE_SIZE = 1_000_000;

/** Turns the arguments of an `openidm.*` call into a request on the resource tree (specification §9.2); null: no such function. */
export function scriptRequest(name: string, args: readonly Json[]): ResourceRequest | null {
  return Object.hasOwn(READERS, name) ? READERS[name]!(args) : null;
}

const READERS: Readonly<Record<string, (args: readonly Json[]) => ResourceRequest>> = {
  'openidm.create': ([path, id, content, params, fields]) => ({
    verb: 'create',
    ...base(path, params, fields),
    newId: optionalText(id, 'id'),
    content: objectOf(content),
  }),
  'openidm.read': ([path, params, fields]) => ({ verb: 'read', ...base(path, params, fields) }),
  'openidm.update': ([path, rev, content, params, fields]) => ({
    verb: 'update',
    ...base(path, params, fields),
    rev: optionalText(rev, 'revision'),
    content: objectOf(content),
  }),
  'openidm.patch': ([path, rev, operations, params, fields]) => ({
    verb: 'patch',
    ...base(path, params, fields),
    rev: optionalText(rev, 'revision'),
    operations: operations ?? null,
  }),
  'openidm.delete': ([path, rev, params, fields]) => ({
    verb: 'delete',
    ...base(path, params, fields),
    rev: optionalText(rev, 'revision'),
  }),
  'openidm.query': ([path, params, fields]) => queryRequest(path, params, fields),
  'openidm.action': (args) => actionRequest(args),
};

/** With three arguments the third is the content, and, as older scripts mean it, the parameters. */
function actionRequest(args: readonly Json[]): ResourceRequest {
  const [path, action, content = null, params, fields] = args;
  if (typeof action !== 'string' || action === '')
    throw new Failure(
      'bad-request',
      `openidm.action needs the name of an action, not ${JSON.stringify(action ?? null)}`,
    );
  const isAmbiguous = args.length === 3 && isJsonObject(content) && Object.values(content).every(isScalar);
  return { verb: 'action', ...base(path, isAmbiguous ? content : params, fields), action, content };
}

function queryRequest(path: Json | undefined, params: Json | undefined, fields: Json | undefined): QueryRequest {
  if (!isJsonObject(params)) throw new Failure('bad-request', 'openidm.query needs a map of parameters');
  const own = Object.entries(params).filter(([key, value]) => !PROTOCOL.has(key) && value !== null);
  const request = base(
    path,
    Object.fromEntries(own.filter(([key]) => !QUERY_KEY.test(key))),
    fields ?? params['_fields'],
  );
  scalars(params);
  return {
    verb: 'query',
    ...request,
    query: toQuery(
      Object.fromEntries(own.map(([key, value]) => [key, QUERY_KEY.test(key) ? queryText(value) : value])),
    ),
    sortKeys: sortKeys(params['_sortKeys']),
    pageSize: count(params, '_pageSize', MAX_PAGE_SIZE),
    cookie: optionalText(params['_pagedResultsCookie'], '_pagedResultsCookie'),
    offset: count(params, '_pagedResultsOffset', Number.MAX_SAFE_INTEGER),
    totals: totals(params['_totalPagedResultsPolicy']),
  };
}

/** `_queryFilter: true` stands for its text, as every scalar parameter does. */
function queryText(value: Json): Json {
  return isScalar(value) ? String(value) : value;
}

const QUERY_KEY = /^_?query(?:Id|Filter|Expression)$/;

const PROTOCOL: ReadonlySet<string> = new Set([
  '_sortKeys',
  '_pageSize',
  '_pagedResultsCookie',
  '_pagedResultsOffset',
  '_totalPagedResultsPolicy',
  '_fields',
]);

function base(
  path: Json | undefined,
  params: Json | undefined,
  fields: Json | undefined,
): Pick<ResourceRequest, 'path' | 'parameters' | 'fields'> {
  if (typeof path !== 'string')
    throw new Failure('bad-request', `the path must be a string, not ${JSON.stringify(path ?? null)}`);
  return { path: path.replace(/^\/+|\/+$/g, ''), parameters: scalars(params), fields: fieldList(fields) };
}

function scalars(params: Json | undefined): Readonly<Record<string, string>> {
  if (params === undefined || params === null) return {};
  if (!isJsonObject(params))
    throw new Failure('bad-request', `the parameters must be a map, not ${JSON.stringify(params)}`);
  for (const [key, value] of Object.entries(params))
    if (!isScalar(value) && key !== '_fields' && key !== '_sortKeys')
      throw new Failure('bad-request', `the parameter "${key}" must be a text, number or boolean`);
  const given = Object.entries(params).filter(([, value]) => value !== null && isScalar(value));
  return Object.fromEntries(given.map(([key, value]) => [key, String(value)]));
}

function isScalar(value: Json): boolean {
  return typeof value !== 'object' || value === null;
}

function fieldList(fields: Json | undefined): readonly string[] | null {
  const list = textList(fields, 'fields');
  return list.length === 0 ? null : list;
}

function sortKeys(value: Json | undefined): readonly SortKey[] {
  return textList(value, '_sortKeys').map((key) => ({
    pointer: parsePointer(key.replace(/^[+-]/, '')),
    isDescending: key.startsWith('-'),
  }));
}

/** A list, or one text with commas. */
function textList(value: Json | undefined, what: string): readonly string[] {
  if (value === undefined || value === null) return [];
  const list = typeof value === 'string' ? value.split(',').map((one) => one.trim()) : value;
  if (!Array.isArray(list) || !list.every((one) => typeof one === 'string'))
    throw new Failure('bad-request', `${what} must be a list of pointers, not ${JSON.stringify(value)}`);
  return list.filter((one) => one !== '');
}

function count(params: JsonObject, name: string, limit: number): number {
  const number = Number(params[name] ?? 0);
  if (Number.isInteger(number) && number >= 0 && number <= limit) return number;
  throw new Failure(
    'bad-request',
    `${name} must be a whole number from 0, not ${JSON.stringify(params[name] ?? null)}`,
  );
}

function totals(value: Json | undefined): QueryRequest['totals'] {
  const policy = typeof value === 'string' ? value.toUpperCase() : (value ?? 'NONE');
  if (policy === 'NONE' || policy === 'ESTIMATE' || policy === 'EXACT') return policy;
  throw new Failure('bad-request', `_totalPagedResultsPolicy is NONE, ESTIMATE or EXACT, not ${JSON.stringify(value)}`);
}

function objectOf(value: Json | undefined): JsonObject {
  if (isJsonObject(value ?? null)) return value as JsonObject;
  throw new Failure('bad-request', `the content must be a map, not ${JSON.stringify(value ?? null)}`);
}

function optionalText(value: Json | undefined, what: string): string | null {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new Failure('bad-request', `the ${what} must be a string, not ${JSON.stringify(value)}`);
}
