import { Failure } from '../base/failure.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { parseFilter } from '../base/query-filter.ts';
import type { Query } from './object-set.ts';

/**
 * A query as scripts and configurations write it: `_queryFilter`, or `_queryId` with its parameters, or
 * `_queryExpression`; the names without the underscore are the same (specification §3.3, §5.5).
 */
export function toQuery(raw: JsonObject): Query {
  const filter = text(raw, 'queryFilter');
  const queryId = text(raw, 'queryId');
  const expression = text(raw, 'queryExpression');
  const given = [filter, queryId, expression].filter((one) => one !== null).length;
  if (given !== 1)
    throw new Failure(
      'bad-request',
      `a query needs exactly one of _queryFilter, _queryId and _queryExpression, not ${describe(raw)}`,
    );
  if (filter !== null) return { kind: 'filter', filter: parseFilter(filter) };
  const parameters = withoutQueryKeys(raw);
  if (queryId !== null) return { kind: 'id', queryId, parameters };
  return { kind: 'id', queryId: '_queryExpression', parameters: { ...parameters, expression } };
}

function text(raw: JsonObject, name: string): string | null {
  const value = raw[`_${name}`] ?? raw[name];
  return typeof value === 'string' ? value : null;
}

function withoutQueryKeys(raw: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => !/^_?query(Id|Filter|Expression)$/.test(key)));
}

function describe(raw: unknown): string {
  if (!isJsonObject(raw)) return JSON.stringify(raw);
  const keys = Object.keys(raw);
  return keys.length === 0 ? 'an empty map' : `a map with ${keys.join(', ')}`;
}
