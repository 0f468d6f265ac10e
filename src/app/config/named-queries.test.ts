import { describe, expect, it } from 'vitest';
import { formatFilter } from '../../base/query-filter.ts';
import type { JsonObject } from '../../base/json.ts';
import { resolver } from '../object-sets.ts';
import { filterOfNamedQuery, namedQuery, readNamedQueries } from './named-queries.ts';

const JDBC =
  "SELECT fullobject FROM ${_dbSchema}.${_mainTable} obj INNER JOIN ${_dbSchema}.${_propTable} prop ON obj.id = prop.${_mainTable}_id INNER JOIN ${_dbSchema}.objecttypes objtype ON objtype.id = obj.objecttypes_id WHERE prop.propkey='/userName' AND prop.propvalue = ${uid} AND objtype.objecttype = ${_resource}";

describe('named queries', () => {
  it.each<[string, JsonObject, string]>([
    ['SELECT * FROM ${unquoted:_resource} WHERE userName = ${uid}', { uid: 'b"j' }, '/userName eq "b\\"j"'],
    [
      "select * from ${unquoted:_resource} where a = ${x} and (n.b >= 3 or c <> 'it''s')",
      { x: 1 },
      '(/a eq 1 and (/n/b ge 3 or !(/c eq "it\'s")))',
    ],
    [
      'SELECT * FROM ${unquoted:_resource} WHERE ${unquoted:field} = ${value}',
      { field: 'mail', value: 'm' },
      '/mail eq "m"',
    ],
    ['select _openidm_id from ${unquoted:_resource}', {}, 'true'],
    [
      'select * from ${unquoted:_resource} SKIP ${unquoted:_pagedResultsOffset} LIMIT ${unquoted:_pageSize}',
      {},
      'true',
    ],
    [JDBC, { uid: 'bj' }, '/userName eq "bj"'],
    [`${JDBC} LIMIT \${int:_pageSize} OFFSET \${int:_pagedResultsOffset}`, { uid: 'bj' }, '/userName eq "bj"'],
    [
      JDBC.replace('fullobject', 'obj.objectid').replace("'/userName'", '${field}'),
      { field: 'a/b', uid: 1 },
      '/a/b eq 1',
    ],
  ])('%s is translated', (text, parameters, filter) => {
    const query = readNamedQueries({ queries: { q: text } })['q']!;
    expect(formatFilter(filterOfNamedQuery(query, parameters)).replaceAll(/[()]/g, '')).toBe(
      filter.replaceAll(/[()]/g, ''),
    );
  });

  it('finds the queries of JDBC repositories', () => {
    const queries = readNamedQueries({ queries: { genericTables: { a: JDBC }, explicitTables: { b: 'SELECT 1' } } });
    expect(Object.keys(queries).toSorted()).toEqual(['a', 'b']);
    expect(queries['a']!.parameters).toEqual(['uid']);
  });

  it.each([
    'SELECT * FROM ${unquoted:_resource} WHERE a LIKE ${x}',
    'SELECT * FROM ${unquoted:_resource} WHERE a = ${x} ORDER BY a',
    'SELECT * FROM other WHERE a = ${x}',
    'SELECT * FROM ${unquoted:_resource} WHERE lower(a) = ${x}',
    `${JDBC} AND obj.rev > 3`,
    `${JDBC} AND status.propkey = '/accountStatus'`,
    `${JDBC} AND prop.propvalue <> 'x'`,
    `${JDBC} AND prop.propvalue = 'x'`,
    JDBC.replace('prop.propvalue', 'other.propvalue'),
    JDBC.replace('${uid}', 'lower(${uid})'),
    JDBC.replace("prop.propkey='/userName'", "prop.propkey>'/userName'"),
    JDBC.replace('WHERE', 'INNER JOIN ${_dbSchema}.${_propTable} more ON obj.id = more.${_mainTable}_id WHERE'),
    JDBC.replace('WHERE', "AND obj.rev = '3' WHERE"),
    JDBC.replace('WHERE', 'WHERE obj.x IN (SELECT x FROM y WHERE'),
    JDBC.replace('SELECT fullobject', 'SELECT count(*)'),
    `SELECT * FROM \${unquoted:_resource} WHERE ${'('.repeat(60)}a = 1${')'.repeat(60)}`,
  ])('%s is left, and using it says why', (text) => {
    const query = readNamedQueries({ queries: { q: text } })['q']!;
    expect(query.template).toBeNull();
    expect(() => filterOfNamedQuery(query, {})).toThrow('use _queryFilter instead');
  });

  it('a missing parameter is named', () => {
    const query = readNamedQueries({ queries: { q: 'SELECT * FROM ${unquoted:_resource} WHERE a = ${x}' } })['q']!;
    expect(() => filterOfNamedQuery(query, {})).toThrow('needs the parameter "x"');
  });
});

describe('names that every object has', () => {
  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])('%s is no query', (queryId) => {
    expect(namedQuery({}, queryId)).toBeNull();
    expect(namedQuery(readNamedQueries({}), queryId)).toBeNull();
    const project = { namedQueries: readNamedQueries({ queries: { [queryId]: 'SELECT x' } }) } as never;
    expect(() => resolver({ namedQueries: {} } as never)(queryId, {})).toThrow(
      expect.objectContaining({ code: 'bad-request' }),
    );
    expect(() => resolver(project)(queryId, {})).toThrow(expect.objectContaining({ name: 'Failure' }));
  });
});
