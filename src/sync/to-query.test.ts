import { describe, expect, it } from 'vitest';
import { formatFilter } from '../base/query-filter.ts';
import type { JsonObject } from '../base/json.ts';
import { toQuery } from '../model/to-query.ts';

function show(raw: JsonObject): unknown {
  const query = toQuery(raw);
  return query.kind === 'filter' ? formatFilter(query.filter) : query;
}

describe('a query as scripts and configurations write it', () => {
  it.each<[JsonObject, unknown]>([
    [{ _queryFilter: 'a eq "1"' }, '/a eq "1"'],
    [{ queryFilter: 'true' }, 'true'],
    [
      { _queryId: 'for-userName', uid: 'x' },
      { kind: 'id', queryId: 'for-userName', parameters: { uid: 'x' } },
    ],
    [{ queryId: 'query-all-ids' }, { kind: 'id', queryId: 'query-all-ids', parameters: {} }],
    [
      { _queryExpression: 'select 1', limit: 3 },
      { kind: 'id', queryId: '_queryExpression', parameters: { limit: 3, expression: 'select 1' } },
    ],
  ])('%j is understood', (raw, query) => {
    expect(show(raw)).toEqual(query);
  });

  it.each<[JsonObject]>([
    [{}],
    [{ uid: 'x' }],
    [{ _queryFilter: 'a eq 1', _queryId: 'x' }],
    [{ _queryFilter: 5 }],
    [{ _queryFilter: 'a eq' }],
  ])('%j is refused', (raw) => {
    expect(() => toQuery(raw)).toThrow(/query|filter|expected/i);
  });
});
