import { afterAll, beforeAll, expect, it } from 'vitest';
import { entriesOf } from '../../src/ldap/client/entries-of.ts';
import { openLdap, type LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import type { LdapSearch } from '../../src/ldap/client/ldap-search.ts';
import { readRootDse } from '../../src/ldap/client/root-dse.ts';
import { readSchema } from '../../src/ldap/client/read-schema.ts';
import { persistentSearchControl, readEntryChange } from '../../src/ldap/controls/persistent-search.ts';
import { postReadControl, readPostRead } from '../../src/ldap/controls/read-entry.ts';
import { readSyncDone, readSyncState, syncRequestControl } from '../../src/ldap/controls/sync-request.ts';
import { startDirectory389, type Directory389 } from './directory389.ts';
import { MANAGER_DN, MANAGER_PASSWORD } from './directory389-config.ts';
import { SUFFIX } from './openldap-config.ts';
import { peopleLdif } from './people.ts';
import { describeOn } from './skipped-servers.ts';

const COUNT = 2500;
const PEOPLE = `ou=people,${SUFFIX}`;

describeOn('389ds', '389 Directory Server', () => {
  let server: Directory389;
  let connection: LdapConnection;

  beforeAll(async () => {
    server = await startDirectory389(peopleLdif(COUNT));
    connection = await openLdap({
      servers: [{ kind: 'tcp', host: '127.0.0.1', port: server.port }],
      security: 'none',
      login: { kind: 'simple', dn: MANAGER_DN, password: MANAGER_PASSWORD },
    });
  });
  afterAll(async () => {
    connection?.close();
    await server?.dispose();
  });

  const replaceTown = (i: number): Promise<unknown> =>
    connection.modify(`uid=user${i},${PEOPLE}`, [{ operation: 'replace', name: 'l', values: ['Rom'] }]);

  it('is read in pages, completely', async () => {
    for (const pageSize of [100, 1000]) {
      const names = await namesOf(connection.pagedSearch({ base: PEOPLE }, { pageSize }));
      expect(new Set(names).size).toBe(COUNT + 1);
    }
  });

  it('says what it can do', async () => {
    const dse = await readRootDse(connection);
    expect([dse.vendorName, dse.changeLog]).toEqual(['389 Project', 'cn=changelog']);
    const schema = await readSchema(connection, dse.subschemaSubentry);
    expect(schema.faults).toEqual([]);
    expect(schema.valueKind('jpegPhoto')).toBe('bytes');
    expect([...schema.attributesOf(['inetOrgPerson']).must.keys()].sort()).toEqual(['cn', 'objectclass', 'sn']);
  });

  it('gives the id of a new entry with the answer to its creation', async () => {
    const dn = `uid=fresh,${PEOPLE}`;
    const attributes = ['objectClass:inetOrgPerson', 'cn:a', 'sn:b'].map((pair) => pair.split(':'));
    const values = attributes.map(([name, value]) => ({ name: name!, values: [value!] }));
    const { controls } = await connection.add(dn, values, { controls: [postReadControl(['nsUniqueId', 'entryusn'])] });
    const id = readPostRead(controls)!.text('nsUniqueId');
    expect(id).toBe((await connection.read(dn, ['nsUniqueId']))!.text('nsuniqueid'));
  });

  it('lists changes in its change log', async () => {
    await replaceTown(1);
    const query = { base: 'cn=changelog', scope: 'one', filter: '(changeNumber>=1)', attributes: ['*'] } as const;
    const targets: (string | null)[] = [];
    for await (const entries of entriesOf(connection.search(query)))
      for (const entry of entries) targets.push(entry.text('targetDn'));
    expect(targets).toContain(`uid=user1,${PEOPLE}`);
  });

  it('tells of changes by a persistent search', async () => {
    const query = { base: PEOPLE, filter: '(objectClass=*)', attributes: ['1.1'] };
    const search = connection.search(query, { controls: [persistentSearchControl(true)], timeoutMs: 0 });
    const waiting = search.next();
    // The search has no answer that it has begun: it is repeated until one change is told.
    const timer = setInterval(() => void replaceTown(2).catch(() => {}), 100);
    const { value } = await waiting;
    clearInterval(timer);
    const [item] = value!;
    expect(item).toMatchObject({ kind: 'entry', dn: `uid=user2,${PEOPLE}` });
    expect(readEntryChange(item!.controls)).toMatchObject({ type: 'modify' });
    await search.return();
    expect(await connection.read(PEOPLE)).not.toBeNull();
  });

  it('synchronizes content', async () => {
    const search = (cookie: Buffer | null): LdapSearch =>
      connection.search(
        { base: PEOPLE, filter: '(objectClass=inetOrgPerson)', attributes: ['uid'] },
        { controls: [syncRequestControl({ mode: 'refreshOnly', cookie })] },
      );
    const first = search(null);
    expect((await statesOf(first)).length).toBeGreaterThanOrEqual(COUNT);
    await replaceTown(3);
    const second = search(readSyncDone(first.result.controls)!.cookie);
    expect(await statesOf(second)).toEqual([expect.stringContaining(`uid=user3,${PEOPLE}`)]);
  });
});

async function namesOf(search: LdapSearch): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const entries of entriesOf(search)) names.push(...entries.map(({ dn }) => dn));
  return names;
}

async function statesOf(search: LdapSearch): Promise<readonly string[]> {
  const states: string[] = [];
  for await (const entries of entriesOf(search))
    states.push(...entries.map((entry) => `${readSyncState(entry.controls)!.state} ${entry.dn}`));
  return states;
}
