import { expect, it } from 'vitest';
import { locateServers, type ResolveSrv } from './locate-servers.ts';

const answering =
  (...records: readonly (readonly [string, number, number, number])[]): ResolveSrv =>
  (name) => {
    expect(name).toBe('_ldap._tcp.example.org');
    return Promise.resolve(records.map(([host, port, priority, weight]) => ({ name: host, port, priority, weight })));
  };

it('servers of the first priority come first, of those the heaviest', async () => {
  const resolve = answering(
    ['c.example.org.', 389, 20, 0],
    ['b.example.org', 389, 10, 5],
    ['a.example.org', 3389, 10, 60],
  );
  expect(await locateServers('example.org', resolve)).toEqual([
    { kind: 'tcp', host: 'a.example.org', port: 3389 },
    { kind: 'tcp', host: 'b.example.org', port: 389 },
    { kind: 'tcp', host: 'c.example.org', port: 389 },
  ]);
});

it.each<[string, ResolveSrv]>([
  ['there is no record', answering()],
  ['the domain says that it has none', answering(['.', 0, 0, 0])],
  ['DNS does not answer', () => Promise.reject(new Error('queryA ESERVFAIL'))],
])('where %s, the setting is named', async (_, resolve) => {
  await expect(locateServers('example.org', resolve)).rejects.toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(/example\.org.*"useDNSSRVRecord"/) as string,
  });
});
