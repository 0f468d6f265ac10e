import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/base/json.ts';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import { PASSWORD, serveProject, type ServedProject } from '../reference/served-project.ts';
import { openAs, type DirectoryLogin } from './conformance-subject.ts';
import { PEOPLE } from './directory-storm.ts';
import { ldapProject } from './ldap-project.ts';
import { startOpenLdap, type OpenLdap } from './openldap.ts';
import { SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { peopleLdif } from './people.ts';
import { describeOn } from './skipped-servers.ts';

const COUNT = 1000;
const BROKEN = `uid=user500,${PEOPLE}`;
const FROM = 'systemLdapAccounts_managedUser';
const TO = 'managedUser_systemLdapAccounts';

describeOn('openldap', 'an entry that cannot be read, among a thousand', () => {
  let server: OpenLdap;
  let connection: LdapConnection;
  let served: ServedProject;

  const login = (): DirectoryLogin => ({ port: server.port, dn: SYNC_DN, password: SYNC_PASSWORD });
  const send = async (method: string, path: string, body?: Json): Promise<JsonObject> => {
    const response = await fetch(`${served.origin}/openidm/${path}`, {
      method,
      headers: {
        'x-openidm-username': 'openidm-admin',
        'x-openidm-password': PASSWORD,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as JsonObject;
  };
  const reconcile = async (mapping: string, more = ''): Promise<JsonObject> => {
    const { _id } = await send('POST', `recon?_action=recon&mapping=${mapping}&waitForCompletion=true${more}`);
    return send('GET', `recon/${String(_id)}`);
  };
  const users = async (): Promise<readonly JsonObject[]> =>
    (await send('GET', 'managed/user?_queryFilter=true'))['result'] as JsonObject[];
  const userOf = async (uid: string): Promise<JsonObject> => (await users()).find(({ userName }) => userName === uid)!;
  const failedEntries = async ({ _id }: JsonObject): Promise<readonly JsonObject[]> => {
    const filter = encodeURIComponent(
      `/reconId eq "${String(_id)}" and /entryType eq "entry" and /status eq "FAILURE"`,
    );
    return (await send('GET', `audit/recon?_queryFilter=${filter}`))['result'] as JsonObject[];
  };

  beforeAll(async () => {
    server = await startOpenLdap({ ldif: peopleLdif(COUNT) });
    connection = await openAs(login());
    served = await serveProject(ldapProject(login()));
    await reconcile(FROM);
    // The attribute has one value in the object type, and two in the directory.
    await connection.modify(BROKEN, [{ operation: 'add', name: 'mail', values: ['second@example.org'] }]);
  });
  afterAll(async () => {
    await served?.[Symbol.asyncDispose]();
    connection?.close();
    await server?.dispose();
  });

  it('as a source is a failure by name; the others arrive, and its target is not taken for an orphan', async () => {
    await connection.modify(`uid=user501,${PEOPLE}`, [{ operation: 'replace', name: 'sn', values: ['Changed'] }]);
    const summary = await reconcile(FROM);
    expect(summary).toMatchObject({ state: 'SUCCESS', statusSummary: { SUCCESS: COUNT - 1, FAILURE: 1 } });
    expect(summary['situationSummary']).toMatchObject({ SOURCE_MISSING: 0, UNASSIGNED: 0, CONFIRMED: COUNT - 1 });
    expect(await failedEntries(summary)).toMatchObject([
      { sourceObjectId: `system/ldap/account/${BROKEN}`, message: expect.stringContaining("'mail'") as string },
    ]);
    expect(await users()).toHaveLength(COUNT);
    expect(await userOf('user501')).toMatchObject({ sn: 'Changed' });
    const ids = encodeURIComponent(BROKEN);
    const path = `recon?_action=reconById&mapping=${FROM}&ids=${ids}&waitForCompletion=true`;
    const byId = await send('GET', `recon/${String((await send('POST', path))['_id'])}`);
    expect(byId).toMatchObject({ state: 'SUCCESS', statusSummary: { SUCCESS: 0, FAILURE: 1 } });
    expect(await users()).toHaveLength(COUNT);
  });

  it('as a target is a failure by name; the others are written, and it is neither made again nor unlinked', async () => {
    const { _id } = await userOf('user502');
    await send('PATCH', `managed/user/${String(_id)}`, [{ operation: 'replace', field: 'sn', value: 'Other' }]);
    await connection.modify(`uid=user503,${PEOPLE}`, [{ operation: 'replace', name: 'sn', values: ['Drifted'] }]);
    const summary = await reconcile(TO);
    expect(summary).toMatchObject({ state: 'SUCCESS', statusSummary: { SUCCESS: COUNT - 1, FAILURE: 1 } });
    expect(summary['situationSummary']).toMatchObject({ CONFIRMED: COUNT - 1, MISSING: 0, ABSENT: 0 });
    expect(await failedEntries(summary)).toMatchObject([{ message: expect.stringContaining("'mail'") as string }]);
    expect((await connection.read(`uid=user502,${PEOPLE}`))!.text('sn')).toBe('Other');
    expect((await connection.read(`uid=user503,${PEOPLE}`))!.text('sn')).toBe('Number 503');
    expect((await connection.read(BROKEN))!.texts('mail')).toHaveLength(2);
  });

  it('whose user is gone stays, link and all, until it can be read', async () => {
    const { _id } = await userOf('user500');
    const repository = served.lockstep.repository;
    const links = async (): Promise<number> => (await repository.links.page(FROM, null, 5000)).rows.length;
    const before = await links();
    await send('DELETE', `managed/user/${String(_id)}`);
    await reconcile(TO);
    expect((await connection.read(BROKEN))!.texts('mail')).toHaveLength(2);
    expect(await links()).toBe(before);
    await connection.modify(BROKEN, [{ operation: 'delete', name: 'mail', values: ['second@example.org'] }]);
    await reconcile(TO);
    expect(await connection.read(BROKEN)).toBeNull();
    expect(await links()).toBe(before - 1);
  });
});
