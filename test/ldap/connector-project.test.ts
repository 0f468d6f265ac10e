import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openConnectorPool } from '../../src/app/connector-pool.ts';
import { silentLog } from '../../src/base/log.ts';
import { isJsonObject, type Json, type JsonObject } from '../../src/base/json.ts';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import { PASSWORD, serveProject, type ServedProject } from '../reference/served-project.ts';
import { openAs, type DirectoryLogin } from './conformance-subject.ts';
import { PEOPLE } from './directory-storm.ts';
import { ldapProject } from './ldap-project.ts';
import { startOpenLdap, type OpenLdap } from './openldap.ts';
import { SUFFIX, SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { peopleLdif } from './people.ts';
import { describeOn } from './skipped-servers.ts';

const COUNT = 120;
const GROUP = `cn=staff,ou=groups,${SUFFIX}`;

describeOn('openldap', 'a project with a directory', () => {
  let server: OpenLdap;
  let connection: LdapConnection;
  let served: ServedProject;

  const login = (): DirectoryLogin => ({ port: server.port, dn: SYNC_DN, password: SYNC_PASSWORD });
  const send = async (method: string, path: string, body?: Json): Promise<{ status: number; body: JsonObject }> => {
    const response = await fetch(`${served.origin}/openidm/${path}`, {
      method,
      headers: {
        'x-openidm-username': 'openidm-admin',
        'x-openidm-password': PASSWORD,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as JsonObject };
  };
  const reconcile = async (mapping: string): Promise<JsonObject> => {
    const { body } = await send('POST', `recon?_action=recon&mapping=${mapping}&waitForCompletion=true`);
    expect(body).toMatchObject({ state: 'SUCCESS' });
    const answer = await send('GET', `recon/${String(body['_id'])}`);
    return answer.body;
  };
  const user = async (userName: string): Promise<JsonObject | null> => {
    const filter = encodeURIComponent(`/userName eq "${userName}"`);
    const { body } = await send('GET', `managed/user?_queryFilter=${filter}`);
    const [found] = body['result'] as Json[];
    return isJsonObject(found) ? found : null;
  };
  const entry = async (uid: string): Promise<Record<string, readonly string[]> | null> => {
    const found = await connection.read(`uid=${uid},${PEOPLE}`);
    return found === null
      ? null
      : Object.fromEntries(
          found.attributes.filter(({ name }) => name !== 'userPassword').map((one) => [one.name, one.texts()]),
        );
  };

  beforeAll(async () => {
    const group = `dn: ${GROUP}\nobjectClass: groupOfNames\ncn: staff\nmember: uid=user1,${PEOPLE}\n`;
    server = await startOpenLdap({ ldif: `${peopleLdif(COUNT)}\n${group}` });
    connection = await openAs(login());
    served = await serveProject(ldapProject(login()));
  });
  afterAll(async () => {
    await served?.[Symbol.asyncDispose]();
    connection?.close();
    await server?.dispose();
  });

  it('is tested', async () => {
    expect((await send('POST', 'system/ldap?_action=test')).body).toMatchObject({ ok: true, name: 'ldap' });
  });

  it('is used with credentials that are encrypted in the file', async () => {
    const { config, crypto } = served.lockstep;
    const credentials = crypto.encrypt(SYNC_PASSWORD, null, null);
    const [ldap] = config.connectors;
    const configurationProperties = { ...ldap!.configurationProperties, credentials };
    const sealed = { ...config, connectors: [{ ...ldap!, configurationProperties }] };
    const pool = openConnectorPool(sealed, silentLog, undefined, (value) => crypto.decrypt(value));
    await expect(pool.get(sealed, 'ldap').test()).resolves.toBeUndefined();
    await pool.close();
  });

  it('loads the directory into managed users, with their groups', async () => {
    await reconcile('systemLdapAccounts_managedUser');
    expect((await send('GET', 'managed/user?_queryFilter=true&_fields=_id')).body['resultCount']).toBe(COUNT);
    expect(await user('user1')).toMatchObject({
      displayName: 'Person Number 1',
      mail: 'user1@example.org',
      groups: [GROUP],
    });
  });

  it('a second run, and one the other way, change nothing', async () => {
    const csn = await connection.read(SUFFIX, ['contextCSN']);
    for (const mapping of ['systemLdapAccounts_managedUser', 'managedUser_systemLdapAccounts']) {
      const summary = await reconcile(mapping);
      expect(summary['statusSummary']).toMatchObject({ SUCCESS: COUNT, FAILURE: 0 });
    }
    expect((await connection.read(SUFFIX, ['contextCSN']))!.texts('contextCSN')).toEqual(csn!.texts('contextCSN'));
  });

  it('a new managed user becomes an entry at once', async () => {
    const created = await send('POST', 'managed/user?_action=create', {
      userName: 'new',
      displayName: 'New One',
      sn: 'One',
      givenName: 'New',
      mail: 'new@example.org',
    });
    expect(created.status).toBe(201);
    expect(await entry('new')).toMatchObject({
      cn: ['New One'],
      mail: ['new@example.org'],
      objectClass: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'],
    });
  });

  it('only what has changed is written', async () => {
    const id = String((await user('user2'))!['_id']);
    const before = await entry('user2');
    await send('PATCH', `managed/user/${id}`, [{ operation: 'replace', field: 'mail', value: 'second@example.org' }]);
    expect(await entry('user2')).toEqual({ ...before, mail: ['second@example.org'] });
  });

  it('another user name renames the entry, its uid included, and the link follows', async () => {
    const found = (await user('user3'))!;
    const id = String(found['_id']);
    const before = await entry('user3');
    await send('PATCH', `managed/user/${id}`, [{ operation: 'replace', field: 'userName', value: 'third' }]);
    expect(await entry('user3')).toBeNull();
    expect(await entry('third')).toEqual({ ...before, uid: ['third'] });
    const summary = await reconcile('managedUser_systemLdapAccounts');
    expect(summary['situationSummary']).toMatchObject({ CONFIRMED: COUNT + 1, MISSING: 0, ABSENT: 0 });
  });

  it('a deleted user is deleted there, and a deleted entry here', async () => {
    const id = String((await user('user4'))!['_id']);
    await send('DELETE', `managed/user/${id}`);
    expect(await entry('user4')).toBeNull();
    await connection.delete(`uid=user5,${PEOPLE}`);
    await reconcile('systemLdapAccounts_managedUser');
    expect(await user('user5')).toBeNull();
  });

  it('accounts are read, made, renamed and removed over REST', async () => {
    const dn = `uid=rest,${PEOPLE}`;
    const object = { dn, cn: 'Rest', sn: 'Rest', userPassword: 'Passw0rd', ldapGroups: [GROUP] };
    const created = await send('POST', 'system/ldap/account?_action=create', object);
    expect(created).toMatchObject({ status: 201, body: { _id: dn, uid: 'rest', ldapGroups: [GROUP] } });
    (await openAs({ ...login(), dn, password: 'Passw0rd' })).close();
    const moved = `uid=rest,ou=groups,${SUFFIX}`;
    const put = await send('PUT', `system/ldap/account/${encodeURIComponent(dn)}`, { dn: moved, ldapGroups: [] });
    expect(put).toMatchObject({ status: 200, body: { _id: moved, dn: moved } });
    expect(put.body['ldapGroups']).toBeUndefined();
    const spelled = `UID=Rest, OU=groups,${SUFFIX}`;
    expect(await send('GET', `system/ldap/account/${encodeURIComponent(spelled)}`)).toMatchObject({
      status: 200,
      body: { _id: moved },
    });
    expect((await send('DELETE', `system/ldap/account/${encodeURIComponent(moved)}`)).status).toBe(200);
    expect((await send('GET', `system/ldap/account/${encodeURIComponent(moved)}`)).status).toBe(404);
  });

  it('queries are answered by the rules of the directory', async () => {
    const query = async (filter: string): Promise<readonly Json[]> => {
      const { body } = await send('GET', `system/ldap/account?_queryFilter=${encodeURIComponent(filter)}&_fields=uid`);
      return (body['result'] as JsonObject[]).map(({ uid }) => uid!).sort();
    };
    expect(await query('uid eq "USER7"')).toEqual(['user7']);
    expect(await query('mail sw "user1" and mail co "10@"')).toEqual(['user10', 'user110']);
    expect(await query(`ldapGroups eq "${GROUP}"`)).toEqual(['user1']);
    expect(await query('!(uid sw "user")')).toEqual(['new', 'third']);
  });

  it('LiveSync brings in what has happened, and leaves nothing for a reconciliation', async () => {
    const liveSync = async (): Promise<JsonObject> => {
      const { status, body } = await send('POST', 'system/ldap/account?_action=liveSync');
      expect(status).toBe(200);
      expect(body['lastException']).toBeUndefined();
      return body;
    };
    expect(await liveSync()).toMatchObject({ _id: 'SYSTEMLDAPACCOUNT', connectorData: { nativeType: 'object' } });
    await connection.add(`uid=live,${PEOPLE}`, [
      { name: 'objectClass', values: ['inetOrgPerson'] },
      { name: 'cn', values: ['Live'] },
      { name: 'sn', values: ['Live'] },
    ]);
    await connection.modify(`uid=user11,${PEOPLE}`, [{ operation: 'replace', name: 'mail', values: ['eleven@x.org'] }]);
    await connection.delete(`uid=user12,${PEOPLE}`);
    const id = (await user('user13'))!['_id'];
    await connection.rename(`uid=user13,${PEOPLE}`, 'uid=thirteen');
    await liveSync();
    expect(await user('live')).toMatchObject({ sn: 'Live' });
    expect(await user('user11')).toMatchObject({ mail: 'eleven@x.org' });
    expect(await user('user12')).toBeNull();
    expect(await user('thirteen')).toMatchObject({ _id: id });
    const before = (await send('GET', 'managed/user?_queryFilter=true')).body['result'];
    await reconcile('systemLdapAccounts_managedUser');
    expect((await send('GET', 'managed/user?_queryFilter=true')).body['result']).toEqual(before);
  });

  it.each<[string, JsonObject, RegExp]>([
    ['password', { credentials: 'wrong' }, /check "principal" and "credentials"/],
    ['base', { baseContexts: ['ou=nowhere,dc=example,dc=org'] }, /ou=nowhere.*"baseContexts"/],
    ['host', { host: 'nowhere.invalid' }, /nowhere\.invalid.*"host"/],
    ['filter', { accountSearchFilter: '(uid=' }, /accountSearchFilter/],
  ])('a configuration with a wrong %s is told so in its test', async (_, more, message) => {
    const { connectorRef, configurationProperties, objectTypes } = ldapProject(login(), more)[
      'conf/provisioner.openicf-ldap.json'
    ] as JsonObject;
    const draft = { name: 'draft', connectorRef, configurationProperties, objectTypes } as JsonObject;
    const { body } = await send('POST', 'system?_action=testConfig', draft);
    expect(body).toMatchObject({ name: 'draft', ok: false, error: expect.stringMatching(message) as string });
    const full = await send('POST', 'system?_action=createFullConfig', draft);
    // The schema can be read whatever the base is.
    const isBase = more['baseContexts'] !== undefined;
    expect(full.status).toBe(isBase ? 200 : 400);
    expect(isBase || message.test(String(full.body['message']))).toBe(true);
  });

  it('a server that never answers is told within the deadline', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const { connectorRef, configurationProperties } = ldapProject({ ...login(), port })[
      'conf/provisioner.openicf-ldap.json'
    ] as JsonObject;
    const draft = {
      name: 'draft',
      connectorRef,
      configurationProperties,
      operationTimeout: { TEST: 300 },
    } as JsonObject;
    const { body } = await send('POST', 'system?_action=testConfig', draft);
    expect(body).toMatchObject({ ok: false, error: expect.stringContaining('300 ms') as string });
    silent.close();
  });

  it('accounts are told page by page over REST, each once, while some are deleted', async () => {
    for (let i = 0; i < 30; i++)
      await connection.add(`uid=page${i},${PEOPLE}`, [
        { name: 'objectClass', values: ['inetOrgPerson'] },
        { name: 'cn', values: ['Page'] },
        { name: 'sn', values: ['Page'] },
      ]);
    const seen: string[] = [];
    let cookie = '';
    for (let page = 0; page === 0 || cookie !== ''; page++) {
      const after = cookie === '' ? '' : `&_pagedResultsCookie=${encodeURIComponent(cookie)}`;
      const path = `system/ldap/account?_queryFilter=${encodeURIComponent('cn eq "Page"')}&_pageSize=7${after}`;
      const { status, body } = await send('GET', path);
      expect(status).toBe(200);
      const ids = (body['result'] as JsonObject[]).map(({ _id }) => String(_id));
      seen.push(...ids);
      if (page < 3) await connection.delete(ids[0]!);
      cookie = typeof body['pagedResultsCookie'] === 'string' ? body['pagedResultsCookie'] : '';
    }
    expect(seen).toHaveLength(30);
    expect(new Set(seen).size).toBe(30);
    for (let i = 0; i < 30; i++) await connection.delete(`uid=page${i},${PEOPLE}`).catch(() => null);
  });

  it('accounts log in over REST', async () => {
    const dn = `uid=door,${PEOPLE}`;
    const object = { dn, cn: 'Door', sn: 'Door', userPassword: 'Passw0rd' };
    await send('POST', 'system/ldap/account?_action=create', object);
    const ask = (name: string, password: string): ReturnType<typeof send> =>
      send('POST', `system/ldap/account?_action=authenticate&username=${name}&password=${password}`);
    expect(await ask('door', 'Passw0rd')).toMatchObject({ status: 200, body: { _id: dn } });
    expect(await ask('door', 'wrong')).toMatchObject({ status: 401 });
    const inBody = { username: 'door', password: 'Passw0rd' };
    expect(await send('POST', 'system/ldap/account?_action=authenticate', inBody)).toMatchObject({ body: { _id: dn } });
    expect(await send('POST', 'system/ldap/account?_action=authenticate')).toMatchObject({ status: 400 });
    const audit = await send('GET', 'audit/access?_queryFilter=true');
    expect(JSON.stringify(audit.body)).not.toContain('Passw0rd');
    await send('DELETE', `system/ldap/account/${encodeURIComponent(dn)}`);
  });

  it('object types are found out from the schema', async () => {
    const { connectorRef, configurationProperties } = ldapProject(login())[
      'conf/provisioner.openicf-ldap.json'
    ] as JsonObject;
    const { body } = await send('POST', 'system?_action=createFullConfig', {
      connectorRef: connectorRef!,
      configurationProperties: configurationProperties!,
    });
    expect(body['objectTypes']).toMatchObject({
      account: {
        nativeType: '__ACCOUNT__',
        properties: {
          dn: { nativeName: '__NAME__', required: true },
          sn: { type: 'array', required: true },
          jpegPhoto: { nativeType: 'JAVA_TYPE_BYTE_ARRAY' },
          password: { nativeName: '__PASSWORD__' },
        },
      },
      group: { properties: { member: { type: 'array', required: true } } },
    });
  });
});
