import { describe, expect, it } from 'vitest';
import { readNamedQueries } from '../app/config/named-queries.ts';
import { formatFilter } from '../base/query-filter.ts';
import { repositoryQuery } from './repo-queries.ts';

const LINKS = 'SELECT * FROM ${_dbSchema}.${_table} WHERE linktype = ${linkType} AND UPPER(firstid) = ${firstId}';

describe('predefined queries of the repository', () => {
  it('what is built in takes the place of a text that cannot be translated', () => {
    const queries = readNamedQueries({ queries: { explicitTables: { 'links-for-firstId': LINKS } } });
    const filter = repositoryQuery(queries, 'links-for-firstId', { linkType: 'm', firstId: 'a' });
    expect(formatFilter(filter)).toBe('/linkType eq "m" and /firstId eq "a"');
  });

  it('a text that can be translated goes before what is built in', () => {
    const text = 'SELECT * FROM ${unquoted:_resource} WHERE mail = ${username}';
    const queries = readNamedQueries({ queries: { 'credential-query': text } });
    expect(formatFilter(repositoryQuery(queries, 'credential-query', { username: 'x' }))).toBe('/mail eq "x"');
  });

  it('any other text that cannot be translated is refused', () => {
    const queries = readNamedQueries({ queries: { explicitTables: { own: LINKS } } });
    expect(() => repositoryQuery(queries, 'own', { linkType: 'm', firstId: 'a' })).toThrow('use _queryFilter');
  });
});
