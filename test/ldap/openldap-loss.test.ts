import { afterEach, beforeEach, expect, it } from 'vitest';
import { entriesOf } from '../../src/ldap/client/entries-of.ts';
import { openLdap, type LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import { startOpenLdap, type OpenLdap } from './openldap.ts';
import { SUFFIX, SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { peopleLdif } from './people.ts';
import { describeOn } from './skipped-servers.ts';

const COUNT = 5000;
const PEOPLE = `ou=people,${SUFFIX}`;

describeOn('openldap', 'an OpenLDAP server that goes away', () => {
  let server: OpenLdap;
  let connection: LdapConnection;

  beforeEach(async () => {
    server = await startOpenLdap({ ldif: peopleLdif(COUNT) });
    connection = await openLdap({
      servers: [{ kind: 'tcp', host: '127.0.0.1', port: server.port }],
      security: 'none',
      login: { kind: 'simple', dn: SYNC_DN, password: SYNC_PASSWORD },
    });
  });
  afterEach(async () => {
    connection?.close();
    await server?.dispose();
  });

  const killed = async (readOn: (count: number) => boolean): Promise<number> => {
    let count = 0;
    for await (const entries of entriesOf(connection.pagedSearch({ base: PEOPLE }, { pageSize: 50 }))) {
      if (count < COUNT / 4 && count + entries.length >= COUNT / 4) await server.stop('SIGKILL');
      count += entries.length;
      if (!readOn(count)) break;
    }
    return count;
  };

  it('in the middle of a read makes it incomplete; read again, everything is there', async () => {
    await expect(killed(() => true)).rejects.toMatchObject({
      code: 'incomplete-read',
      reason: 'lost',
      retryable: true,
    });
    await expect(connection.reopen()).rejects.toMatchObject({ reason: 'connect', retryable: true });
    await server.start();
    connection = await connection.reopen();
    let count = 0;
    for await (const entries of entriesOf(connection.pagedSearch({ base: PEOPLE }))) count += entries.length;
    expect(count).toBe(COUNT + 1);
  });

  it('with writes under way: each one succeeded or says that it is uncertain', async () => {
    const modify = (i: number): Promise<unknown> =>
      connection.modify(`uid=user${i},${PEOPLE}`, [{ operation: 'replace', name: 'l', values: ['Rom'] }]);
    const writes = Array.from({ length: 400 }, (_, i) => modify(i));
    const settled = Promise.allSettled(writes);
    await writes[20];
    await server.stop('SIGKILL');
    const outcomes = await settled;
    const failed = outcomes.filter((outcome) => outcome.status === 'rejected');
    for (const { reason } of failed) expect(reason).toMatchObject({ reason: 'lost', isUncertain: true });
    expect(failed.length).toBeGreaterThan(0);
  });
});
