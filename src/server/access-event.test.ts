import { describe, expect, it } from 'vitest';
import { harmlessParameters } from './access-event.ts';

const HIDDEN = '***';

describe('what access events tell of parameters', () => {
  it.each<[Record<string, string>, readonly string[]]>([
    [{ _queryId: 'get-by-field-value', field: 'password', value: 'geheim' }, ['value']],
    [{ _queryId: 'get-by-field-value', field: '/apiToken', value: 'geheim', other: 'geheim' }, ['value', 'other']],
    [{ _queryId: 'get-by-field-value', field: 'answer', value: 'geheim' }, ['value']],
    [{ fieldName: 'pin', uid: 'geheim', value: 'geheim' }, ['uid', 'value']],
    [{ _queryId: 'my-query', ssn: 'geheim', userName: 'ann', reconId: '1' }, ['ssn']],
    [{ _QUERYID: 'my-query', ssn: 'geheim' }, ['ssn']],
    [{ _queryFilter: 'password eq "geheim"' }, ['_queryFilter']],
    [{ _queryFilter: 'userName eq "ann"', _fields: 'password', _sortKeys: 'userName' }, []],
    [{ clientToken: 'geheim', ids: '1,2' }, ['clientToken']],
    [{ field: 'userName', value: 'ann' }, []],
    [{ _queryId: 'for-userName', uid: 'ann', _pageSize: '2' }, []],
  ])('%j: hidden are %j', (parameters, hidden) => {
    const shown = harmlessParameters(parameters);
    expect(Object.keys(shown)).toEqual(Object.keys(parameters));
    for (const [name, value] of Object.entries(parameters))
      expect(shown[name]).toBe(hidden.includes(name) ? HIDDEN : value);
    expect(JSON.stringify(shown)).not.toContain('geheim');
  });
});
