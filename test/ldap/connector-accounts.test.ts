import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import type { Json, JsonObject } from '../../src/base/json.ts';
import type { Connector, ConnectorConfig } from '../../src/connector/contract.ts';
import { ldapConnector } from '../../src/connectors/ldap/ldap-connector.ts';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import type { ObjectSet } from '../../src/model/object-set.ts';
import { connectorConfig, openAs, settingsFor, type DirectoryLogin } from './conformance-subject.ts';
import { startDirectory389 } from './directory389.ts';
import { PEOPLE } from './directory-storm.ts';
import { PERSON, property } from './feed-model.ts';
import { startOpenLdap } from './openldap.ts';
import { POLICY_DN, SUFFIX, SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { describeOn } from './skipped-servers.ts';

const list = (nativeName: string) => property(nativeName, { type: 'array', itemType: 'string' });
const GROUPS = `ou=groups,${SUFFIX}`;

const TYPES: ConnectorConfig['objectTypes'] = {
  account: {
    nativeType: '__ACCOUNT__',
    properties: {
      ...PERSON.properties,
      enabled: property('__ENABLE__', { type: 'boolean' }),
      password: property('__PASSWORD__', { flags: ['NOT_READABLE', 'NOT_RETURNED_BY_DEFAULT'] }),
      uidNumber: property('uidNumber'),
      gidNumber: property('gidNumber'),
      home: property('homeDirectory'),
      posix: list('posixGroups'),
    },
  },
  group: {
    nativeType: '__GROUP__',
    properties: { dn: property('__NAME__'), cn: property('cn'), members: list('uniqueMember'), ids: list('_memberId') },
  },
};

interface Started {
  readonly port: number;
  dispose(): Promise<void>;
}

const SERVERS: readonly (readonly ['openldap' | '389ds', string, () => Promise<Started>])[] = [
  ['openldap', 'entryUUID', () => startOpenLdap()],
  ['389ds', 'nsUniqueId', () => startDirectory389()],
];

for (const [name, uidAttribute, start] of SERVERS)
  describeOn(name, `accounts of ${name}`, () => {
    let server: Started;
    let connection: LdapConnection;
    const connectors: Connector[] = [];

    const login = (): DirectoryLogin => ({ port: server.port, dn: SYNC_DN, password: SYNC_PASSWORD });
    const connect = (more: JsonObject = {}, types = TYPES): Connector => {
      const classes = ['top', 'person', 'organizationalPerson', 'inetOrgPerson', 'posixAccount'];
      const settings = settingsFor(login(), { uidAttribute, accountObjectClasses: classes, ...more });
      const connector = ldapConnector.create(connectorConfig(settings, types), {
        projectDirectory: '/',
        log: silentLog,
      });
      connectors.push(connector);
      return connector;
    };
    const account = (uid: string, more: JsonObject = {}): JsonObject => ({
      dn: `uid=${uid},${PEOPLE}`,
      uid,
      cn: uid,
      sn: uid,
      uidNumber: '1001',
      gidNumber: '100',
      home: `/home/${uid}`,
      password: `${uid} Passw0rd`,
      ...more,
    });
    const create = async (set: ObjectSet, object: JsonObject): Promise<string> => {
      const [outcome] = await set.write([{ kind: 'create', id: null, object }]);
      expect(outcome).toMatchObject({ ok: true });
      return outcome!.ok ? outcome!.id : '';
    };
    const change = async (set: ObjectSet, id: string, object: JsonObject): Promise<void> => {
      const write = { kind: 'update', id, rev: null, object, changed: Object.keys(object) } as const;
      expect(await set.write([write])).toMatchObject([{ ok: true }]);
    };
    const seen = async (set: ObjectSet, id: string): Promise<JsonObject> => (await set.readMany([id])).get(id)!.object;
    const canLogIn = async (uid: string): Promise<boolean> => {
      const opened = await openAs({ ...login(), dn: `uid=${uid},${PEOPLE}`, password: `${uid} Passw0rd` }).catch(
        () => null,
      );
      opened?.close();
      return opened !== null;
    };
    const filter = (attribute: string, value: string | boolean) =>
      ({ kind: 'filter', filter: { kind: 'compare', operator: 'eq', pointer: [attribute], value } }) as const;

    beforeAll(async () => {
      server = await start();
      connection = await openAs(login());
      if (name === 'openldap') await enforceLocks(connection);
    });
    afterEach(async () => {
      for (const connector of connectors.splice(0)) await connector.close();
    });
    afterAll(async () => {
      connection?.close();
      await server?.dispose();
    });

    it('are disabled and enabled by __ENABLE__', async () => {
      const set = connect().objectSet('account');
      const off = await create(set, account('off', { enabled: false }));
      const on = await create(set, account('on', { enabled: true }));
      expect([await canLogIn('off'), await canLogIn('on')]).toEqual([false, true]);
      expect([await seen(set, off), await seen(set, on)]).toMatchObject([{ enabled: false }, { enabled: true }]);
      expect(await set.query([filter('enabled', false)])).toMatchObject([{ ok: true, objects: [{ id: off }] }]);
      await change(set, off, { enabled: true, city: 'Rom' });
      await change(set, on, { enabled: false });
      expect([await canLogIn('off'), await canLogIn('on')]).toEqual([true, false]);
      expect([await seen(set, off), await seen(set, on)]).toMatchObject([
        { enabled: true, city: 'Rom' },
        { enabled: false },
      ]);
      await set.write([off, on].map((id) => ({ kind: 'delete', id, rev: null })));
    });

    it('log in by their user names', async () => {
      const connector = connect();
      const set = connector.objectSet('account');
      const id = await create(set, account('ann', { cn: 'Ann (One)' }));
      const twin = await create(set, account('twin', { cn: 'Ann (One)' }));
      const off = await create(set, account('locked', { enabled: false }));
      const ask = (user: string, password: string): Promise<unknown> =>
        connector.authenticate!('account', user, password).catch((error: unknown) => (error as { code: string }).code);
      expect(await ask('ann', 'ann Passw0rd')).toBe(id);
      expect(await ask('Ann (One)', 'ann Passw0rd')).toBe('unauthorized');
      for (const [user, password] of [
        ['ann', 'wrong'],
        ['ann', ''],
        ['', 'ann Passw0rd'],
        ['nobody', 'ann Passw0rd'],
        ['*', 'ann Passw0rd'],
        ['locked', 'locked Passw0rd'],
      ] as const)
        expect(await ask(user, password), `${user}/${password}`).toBe('unauthorized');
      await set.write([id, twin, off].map((one) => ({ kind: 'delete', id: one, rev: null })));
    });

    it('are members of posix groups by their uid, and the groups follow where they are told to', async () => {
      const set = connect({ maintainPosixGroupMembership: true }).objectSet('account');
      const groups = ['one', 'two'].map((cn) => `cn=${cn},${GROUPS}`);
      for (const [i, dn] of groups.entries())
        await connection.add(dn, [
          { name: 'objectClass', values: ['top', 'posixGroup'] },
          { name: 'cn', values: [['one', 'two'][i]!] },
          { name: 'gidNumber', values: [String(100 + i)] },
        ]);
      const members = async (): Promise<readonly (readonly string[])[]> =>
        Promise.all(groups.map(async (dn) => (await connection.read(dn))!.texts('memberUid')));
      const id = await create(set, account('posix', { posix: [groups[0]!] }));
      expect(await members()).toEqual([['posix'], []]);
      expect(await seen(set, id)).toMatchObject({ posix: [groups[0]] });
      await change(set, id, { posix: groups as Json });
      expect(await members()).toEqual([['posix'], ['posix']]);
      await change(set, id, { dn: `uid=renamed,${PEOPLE}`, uid: 'renamed' });
      expect(await members()).toEqual([['renamed'], ['renamed']]);
      await set.write([{ kind: 'delete', id, rev: null }]);
      expect(await members()).toEqual([[], []]);
      for (const dn of groups) await connection.delete(dn);
    });

    it('are named by their ids in groups, where that is asked for', async () => {
      const dns = ['m1', 'm2'].map((uid) => `uid=${uid},${PEOPLE}`);
      const set = connect().objectSet('account');
      const ids = [await create(set, account('m1')), await create(set, account('m2'))];
      const dn = `cn=team,${GROUPS}`;
      await connection.add(dn, [
        { name: 'objectClass', values: ['top', 'groupOfUniqueNames'] },
        { name: 'cn', values: ['team'] },
        { name: 'uniqueMember', values: [...dns, `uid=none,${PEOPLE}`] },
      ]);
      const groupIn = async (connector: Connector): Promise<JsonObject> => {
        const [answer] = await connector.objectSet('group').query([filter('cn', 'team')]);
        return answer!.ok ? answer!.objects[0]!.object : {};
      };
      expect(new Set((await groupIn(connect({ getGroupMemberId: true })))['ids'] as string[])).toEqual(new Set(ids));
      expect((await groupIn(connect()))['ids']).toBeUndefined();
      await connection.delete(dn);
      await set.write(ids.map((id) => ({ kind: 'delete', id, rev: null })));
    });
  });

/** OpenLDAP heeds a lock only where a policy of the account says so. */
async function enforceLocks(connection: LdapConnection): Promise<void> {
  await connection.add(POLICY_DN, [
    { name: 'objectClass', values: ['device', 'pwdPolicy'] },
    { name: 'cn', values: ['policy'] },
    { name: 'pwdAttribute', values: ['userPassword'] },
    { name: 'pwdLockout', values: ['TRUE'] },
  ]);
}

describeOn('openldap', 'a directory without the means', () => {
  it('refuses __ENABLE__ with what is missing', async () => {
    const { port, dispose } = await startOpenLdap({ withoutPolicy: true });
    const login = { port, dn: SYNC_DN, password: SYNC_PASSWORD };
    const { account } = TYPES;
    const connector = ldapConnector.create(
      connectorConfig(settingsFor(login, { uidAttribute: 'dn' }), { account: account! }),
      {
        projectDirectory: '/',
        log: silentLog,
      },
    );
    const object = { dn: `uid=x,${PEOPLE}`, cn: 'x', sn: 'x', enabled: false };
    expect(await connector.objectSet('account').write([{ kind: 'create', id: null, object }])).toMatchObject([
      { ok: false, code: 'unsupported', message: expect.stringContaining('ppolicy') as string },
    ]);
    await connector.close();
    await dispose();
  });
});
