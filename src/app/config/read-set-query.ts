import { assert } from '../../base/assert.ts';
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import type { SetQueryConfig } from '../../mapping/mapping-config.ts';
import { readFilter } from './read-filter.ts';

const QUERY_KEYS: ReadonlySet<string> = new Set([
  '_queryFilter',
  'queryFilter',
  '_queryId',
  'queryId',
  '_queryExpression',
  'queryExpression',
]);

/** One text of a query object, under either spelling of its key. */
export function queryText(json: Json | undefined, key: 'Filter' | 'Id' | 'Expression'): string | null {
  if (!isJsonObject(json)) return null;
  const value = json[`_query${key}`] ?? json[`query${key}`];
  return typeof value === 'string' ? value : null;
}

/** `sourceQuery` or `targetQuery` after its checks (specification §5.5). */
export function readSetQuery(json: JsonObject | undefined): SetQueryConfig {
  const resourceName = typeof json?.['resourceName'] === 'string' ? json['resourceName'] : null;
  return { resourceName, query: readQuery(json) };
}

function readQuery(json: JsonObject | undefined): SetQueryConfig['query'] {
  const filter = queryText(json, 'Filter');
  if (filter !== null) {
    const parsed = readFilter(filter);
    assert(parsed.ok, `filter was checked before: ${filter}`);
    return { kind: 'filter', text: filter, filter: parsed.filter };
  }
  const parameters: JsonObject = {};
  for (const [key, value] of Object.entries(json ?? {}))
    if (!QUERY_KEYS.has(key) && key !== 'resourceName') parameters[key] = value;
  const queryId = queryText(json, 'Id');
  if (queryId !== null && queryId !== 'query-all-ids' && queryId !== 'query-all')
    return { kind: 'id', queryId, parameters };
  const expression = queryText(json, 'Expression');
  if (queryId === null && expression !== null) return { kind: 'expression', text: expression, parameters };
  return { kind: 'all' };
}
