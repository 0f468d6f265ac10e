import { Failure } from '../../base/failure.ts';
import { parsePointer } from '../../base/json-pointer.ts';
import { parseFilter } from '../../base/query-filter.ts';
import type { Query } from '../../model/object-set.ts';
import type { QueryRequest, SortKey } from '../../resource/request.ts';
import { listed, single, type Parameters, type ProtocolParameter } from './parameters.ts';

/** What a query is asked for with, apart from its path. */
export type QueryParameters = Pick<
  QueryRequest,
  'query' | 'sortKeys' | 'pageSize' | 'cookie' | 'offset' | 'totals' | 'parameters'
>;

/** Whether a GET with these parameters is a query (specification §1.2). */
export function isQuery({ protocol }: Parameters): boolean {
  return QUERY_NAMES.some((name) => protocol.has(name));
}

/** Throws `Failure('bad-request')` with the texts of specification §1.3 and §1.4. */
export function readQueryParameters(parameters: Parameters): QueryParameters {
  refuseTogether(parameters, QUERY_NAMES);
  const offset = count(parameters, '_pagedResultsOffset');
  const cookie = single(parameters, '_pagedResultsCookie');
  if (offset > 0 && cookie !== null && cookie !== '') throw exclusive('_pagedResultsOffset', '_pagedResultsCookie');
  return {
    query: readQuery(parameters),
    sortKeys: listed(parameters, '_sortKeys').map(readSortKey),
    pageSize: count(parameters, '_pageSize'),
    cookie: cookie === '' ? null : cookie,
    offset,
    totals: readPolicy(single(parameters, '_totalPagedResultsPolicy')),
    parameters: parameters.additional,
  };
}

const QUERY_NAMES = ['_queryId', '_queryFilter', '_queryExpression'] as const;

function refuseTogether({ protocol }: Parameters, names: readonly ProtocolParameter[]): void {
  const [first, second] = names.filter((name) => protocol.has(name));
  if (first !== undefined && second !== undefined) throw exclusive(first, second);
}

function exclusive(first: string, second: string): Failure {
  return new Failure('bad-request', `The parameters ${first} and ${second} are mutually exclusive`);
}

function readQuery(parameters: Parameters): Query {
  const filter = single(parameters, '_queryFilter');
  if (filter !== null) return { kind: 'filter', filter: parseFilter(filter) };
  const queryId = single(parameters, '_queryId');
  const given = { ...parameters.additional };
  if (queryId === '') throw unreadable('', '_queryId', 'the name of a query');
  if (queryId !== null) return { kind: 'id', queryId, parameters: given };
  const expression = single(parameters, '_queryExpression') ?? '';
  return { kind: 'id', queryId: '_queryExpression', parameters: { ...given, expression } };
}

/** `+` may have become a space on its way through the URL. */
function readSortKey(text: string): SortKey {
  const [, sign, name] = /^\s*([+-]?)\s*(.*?)\s*$/s.exec(text)!;
  const pointer = parsePointer(name!);
  if (pointer.length === 0) throw unreadable(text, '_sortKeys', 'a valid sort key');
  return { pointer, isDescending: sign === '-' };
}

function count(parameters: Parameters, name: ProtocolParameter): number {
  const text = single(parameters, name);
  if (text === null || text === '') return 0;
  const value = /^ ?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 2 ** 31 - 1) return value;
  throw unreadable(text, name, 'a valid integer (0 to 2147483647)');
}

function readPolicy(text: string | null): QueryRequest['totals'] {
  const policy = (text ?? 'NONE').toUpperCase();
  if (policy === 'NONE' || policy === 'ESTIMATE' || policy === 'EXACT') return policy;
  throw unreadable(text!, '_totalPagedResultsPolicy', 'one of NONE, ESTIMATE and EXACT');
}

function unreadable(value: string, name: string, wanted: string): Failure {
  const shown = value.length > 100 ? `${value.slice(0, 100)}…` : value;
  return new Failure('bad-request', `The value '${shown}' for parameter '${name}' could not be parsed as ${wanted}`);
}
