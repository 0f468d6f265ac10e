import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import type { Connector } from '../../src/connector/contract.ts';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import { openAs, type DirectoryLogin } from './conformance-subject.ts';
import { MANAGER_DN, MANAGER_PASSWORD } from './directory389-config.ts';
import { startDirectory389, type Directory389 } from './directory389.ts';
import { personConnector } from './feed-model.ts';
import { SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { peopleLdif } from './people.ts';
import { describeOn } from './skipped-servers.ts';

const COUNT = 300;

describeOn('389ds', 'what the LDAP connector reads of 389 Directory Server under limits', () => {
  let server: Directory389;
  let manager: LdapConnection;
  const connectors: Connector[] = [];

  const login = (dn: string, password: string): DirectoryLogin => ({ port: server.port, dn, password });
  const count = async (more: JsonObject = {}): Promise<number> => {
    const connector = personConnector(login(SYNC_DN, SYNC_PASSWORD), { uidAttribute: 'dn', ...more });
    connectors.push(connector);
    let found = 0;
    for await (const page of connector.objectSet('account').scan({ pageSize: 100 })) found += page.objects.length;
    return found;
  };
  const limit = async (limits: Readonly<Record<string, string>>): Promise<void> => {
    const names = ['nsSizeLimit', 'nsPagedSizeLimit', 'nsLookThroughLimit', 'nsPagedLookThroughLimit'];
    await manager.modify(
      SYNC_DN,
      names.map((name) => ({ operation: 'replace', name, values: limits[name] === undefined ? [] : [limits[name]] })),
    );
  };

  beforeAll(async () => {
    server = await startDirectory389(peopleLdif(COUNT));
    manager = await openAs(login(MANAGER_DN, MANAGER_PASSWORD));
  });
  afterEach(async () => {
    for (const connector of connectors.splice(0)) await connector.close();
    await limit({});
  });
  afterAll(async () => {
    manager?.close();
    await server?.dispose();
  });

  it('is everything where only an answer in one piece is limited', async () => {
    await limit({ nsSizeLimit: '50' });
    expect(await count({ blockSize: 20 })).toBe(COUNT);
  });

  it.each([
    { nsSizeLimit: '50', nsPagedSizeLimit: '50' },
    { nsLookThroughLimit: '100', nsPagedLookThroughLimit: '100' },
  ])('is incomplete, and says so, under %j', async (limits) => {
    await limit(limits);
    await expect(count({ accountSearchFilter: '(description=*)' })).rejects.toMatchObject({
      code: 'incomplete-read',
      message: expect.stringContaining('raise the limit') as string,
    });
    await limit({});
    expect(await count({ accountSearchFilter: '(description=*)' })).toBe(COUNT);
  });
});
