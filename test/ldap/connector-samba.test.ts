import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import type { JsonObject } from '../../src/base/json.ts';
import type { Connector, ObjectTypeConfig } from '../../src/connector/contract.ts';
import { discoverLdapTypes } from '../../src/connectors/ldap/discover-types.ts';
import { ldapConnector } from '../../src/connectors/ldap/ldap-connector.ts';
import { openLdap, type LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import { readAllValues } from '../../src/ldap/client/read-all-values.ts';
import { connectorConfig } from './conformance-subject.ts';
import { contentOf, FeedModel, PERSON, property } from './feed-model.ts';
import { ADMINISTRATOR, ADMINISTRATOR_PASSWORD, DOMAIN, startSamba, type SambaServer } from './samba.ts';
import { describeOn } from './skipped-servers.ts';

const UNIT = { name: 'objectClass', values: ['organizationalUnit'] };
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const USER: ObjectTypeConfig = {
  nativeType: '__ACCOUNT__',
  properties: {
    ...PERSON.properties,
    uid: property('sAMAccountName'),
    guid: property('objectGUID', { flags: ['NOT_CREATABLE', 'NOT_UPDATEABLE'] }),
    control: property('userAccountControl', { type: 'integer' }),
    password: property('__PASSWORD__', { flags: ['NOT_READABLE', 'NOT_RETURNED_BY_DEFAULT'] }),
    enabled: property('__ENABLE__', { type: 'boolean' }),
    photo: property('jpegPhoto', { nativeType: 'JAVA_TYPE_BYTE_ARRAY' }),
  },
};

const MEMBERS: ObjectTypeConfig = {
  nativeType: '__GROUP__',
  properties: {
    dn: property('__NAME__', { isRequired: true }),
    account: property('sAMAccountName'),
    members: property('member', { type: 'array', itemType: 'string' }),
  },
};

describeOn('samba', 'the LDAP connector over Active Directory (Samba)', () => {
  let server: SambaServer;
  let connection: LdapConnection;
  const connectors: Connector[] = [];

  const connect = (uidAttribute: string, base: string): Connector => {
    const settings: JsonObject = {
      host: server.host,
      principal: ADMINISTRATOR,
      credentials: ADMINISTRATOR_PASSWORD,
      baseContexts: [base],
      uidAttribute,
      accountObjectClasses: ['top', 'person', 'organizationalPerson', 'user'],
      passwordAttribute: 'unicodePwd',
      accountUserNameAttributes: ['sAMAccountName'],
      groupObjectClasses: ['top', 'group'],
      groupMemberAttribute: 'member',
    };
    const config = connectorConfig(settings, { account: USER, group: MEMBERS });
    const connector = ldapConnector.create(config, { projectDirectory: '/', log: silentLog });
    connectors.push(connector);
    return connector;
  };
  const logIn = (dn: string, password: string): Promise<LdapConnection> =>
    openLdap({
      servers: [{ kind: 'tcp', host: server.host, port: 389 }],
      security: 'none',
      login: { kind: 'simple', dn, password },
    });

  beforeAll(async () => {
    server = await startSamba();
    connection = await logIn(ADMINISTRATOR, ADMINISTRATOR_PASSWORD);
  }, 60_000);
  afterEach(async () => {
    for (const connector of connectors.splice(0)) await connector.close();
  });
  afterAll(async () => {
    connection?.close();
    await server?.dispose();
  });

  it('makes accounts that can log in, and changes them', async () => {
    const base = `OU=made,${DOMAIN}`;
    await connection.add(base, [UNIT]);
    const connector = connect('objectGUID', base);
    await connector.test();
    const set = connector.objectSet('account');
    const dn = `CN=Ann One,${base}`;
    const object = { dn, uid: 'ann', sn: 'One', mail: ['a@x.org'], password: 'Passw0rd!99' };
    const [made] = await set.write([{ kind: 'create', id: null, object }]);
    expect(made).toMatchObject({ ok: true, id: expect.stringMatching(GUID) as string });
    const id = made!.ok ? made!.id : '';
    const changed = ['control', 'city'];
    expect(
      await set.write([{ kind: 'update', id, rev: null, object: { control: 512, city: 'Rom' }, changed }]),
    ).toMatchObject([{ ok: true, id }]);
    (await logIn(dn, 'Passw0rd!99')).close();
    expect((await set.readMany([id])).get(id)!.object).toMatchObject({
      dn,
      uid: 'ann',
      guid: id,
      control: 512,
      city: 'Rom',
    });
    const [answer] = await set.query([
      { kind: 'filter', filter: { kind: 'compare', operator: 'eq', pointer: ['guid'], value: id } },
    ]);
    expect(answer).toMatchObject({ ok: true, objects: [{ id }] });
    expect(await set.write([{ kind: 'delete', id, rev: null }])).toMatchObject([{ ok: true }]);
    expect(await contentOf(set)).toEqual(new Map());
  });

  it('disables and enables accounts, and lets those in that are enabled', async () => {
    const base = `OU=doors,${DOMAIN}`;
    await connection.add(base, [UNIT]);
    const connector = connect('objectGUID', base);
    const set = connector.objectSet('account');
    const photo = Buffer.from([0xff, 0xd8, 0, 0x80, 0xc3, 0x28]).toString('base64');
    const object = { dn: `CN=Door,${base}`, uid: 'door', sn: 'Door', password: 'Passw0rd!99', enabled: false, photo };
    const [made] = await set.write([{ kind: 'create', id: null, object }]);
    expect(made).toMatchObject({ ok: true });
    const id = made!.ok ? made!.id : '';
    const ask = (password: string): Promise<unknown> =>
      connector.authenticate!('account', 'door', password).catch((error: unknown) => (error as { code: string }).code);
    const change = async (changes: JsonObject): Promise<void> => {
      const write = { kind: 'update', id, rev: null, object: changes, changed: Object.keys(changes) } as const;
      expect(await set.write([write])).toMatchObject([{ ok: true, id }]);
    };
    const seen = async (): Promise<JsonObject> => (await set.readMany([id])).get(id)!.object;
    expect(await seen()).toMatchObject({ enabled: false, control: 514, photo });
    expect(await ask('Passw0rd!99')).toBe('unauthorized');
    // The other flags stay: a password that does not expire.
    await change({ control: 0x10200 | 2 });
    await change({ enabled: true });
    expect(await seen()).toMatchObject({ enabled: true, control: 0x10200 });
    expect([await ask('Passw0rd!99'), await ask('wrong')]).toEqual([id, 'unauthorized']);
    await change({ enabled: false, city: 'Rom' });
    expect(await seen()).toMatchObject({ enabled: false, control: 0x10202, city: 'Rom' });
    expect(await ask('Passw0rd!99')).toBe('unauthorized');
    const [answer] = await set.query([
      { kind: 'filter', filter: { kind: 'compare', operator: 'eq', pointer: ['enabled'], value: false } },
    ]);
    expect(answer).toMatchObject({ ok: true, objects: [{ id }] });
  });

  it('is described with what its classes have by content rules, and asks for nothing that the server fills in', async () => {
    const types = await discoverLdapTypes(
      {
        name: 'ad',
        configurationProperties: {
          host: server.host,
          principal: ADMINISTRATOR,
          credentials: ADMINISTRATOR_PASSWORD,
          baseContexts: [DOMAIN],
          accountObjectClasses: ['top', 'person', 'organizationalPerson', 'user'],
          groupObjectClasses: ['top', 'group'],
        },
      },
      '/',
    );
    const { properties } = types['account'] as { readonly properties: Readonly<Record<string, JsonObject>> };
    expect(properties).toMatchObject({ sAMAccountName: { type: 'string' }, __ENABLE__: { type: 'boolean' } });
    expect(Object.keys(properties).filter((name) => properties[name]!['required'] === true)).toEqual(['dn']);
  });

  it('changes one of many members, and leaves the others', async () => {
    const base = `OU=many,${DOMAIN}`;
    await connection.add(base, [UNIT]);
    const connector = connect('dn', base);
    const people = Array.from({ length: 120 }, (_, i) => `CN=many${i},${base}`);
    const made = await connector
      .objectSet('account')
      .write(people.map((dn, i) => ({ kind: 'create', id: null, object: { dn, uid: `many${i}`, sn: 'x' } })));
    expect(made.filter(({ ok }) => !ok)).toEqual([]);
    const groups = connector.objectSet('group');
    const dn = `CN=team,${base}`;
    const members = people.slice(0, 110);
    const [group] = await groups.write([{ kind: 'create', id: null, object: { dn, account: 'team', members } }]);
    expect(group).toMatchObject({ ok: true, id: dn });
    const list = async (): Promise<ReadonlySet<string>> =>
      new Set((await groups.readMany([dn])).get(dn)!.object['members'] as string[]);
    expect(await list()).toEqual(new Set(members));
    const wanted = [...members.slice(1), people[115]!];
    expect(
      await groups.write([{ kind: 'update', id: dn, rev: null, object: { members: wanted }, changed: ['members'] }]),
    ).toMatchObject([{ ok: true }]);
    expect(await list()).toEqual(new Set(wanted));
    // Explicit ranges are what Active Directory answers long lists with; Samba does when it is asked for them.
    const part = (await connection.read(dn, ['member;range=0-49']))!;
    expect((await readAllValues(connection, part, 'member')).map(String).sort()).toEqual([...wanted].sort());
  });

  it.each(['objectGUID', 'dn', 'sAMAccountName'])('tells changes completely where ids are %s', async (uidAttribute) => {
    const base = `OU=${uidAttribute}-base,${DOMAIN}`;
    const outside = `OU=${uidAttribute}-outside,${DOMAIN}`;
    const place = `OU=place,${base}`;
    for (const dn of [base, outside, place]) await connection.add(dn, [UNIT]);
    const connector = connect(uidAttribute, base);
    const set = connector.objectSet('account');
    const names = ['a', 'b', 'c', 'd', 'e'];
    const object = (name: string): JsonObject => ({
      dn: `CN=${name},${place}`,
      uid: `${uidAttribute}-${name}`.slice(-15),
    });
    await set.write(names.map((name) => ({ kind: 'create', id: null, object: object(name) })));
    const feed = (await connector.feed!('account'))!;
    const model = new FeedModel(set);
    await model.begin(feed);
    expect(model.objects.size).toBe(names.length);

    await connection.modify(`CN=a,${place}`, [{ operation: 'replace', name: 'l', values: ['Rom'] }]);
    await connection.delete(`CN=b,${place}`);
    await connection.rename(`CN=c,${place}`, 'CN=cc');
    await connection.rename(`CN=d,${place}`, 'CN=d', { newSuperior: outside });
    await model.walk(feed, 2);
    expect(await model.isRight()).toBe(true);
    await connection.rename(place, 'OU=elsewhere');
    await connection.rename(`CN=d,${outside}`, 'CN=d', { newSuperior: base });
    await model.walk(feed, 2);
    expect(await model.isRight()).toBe(true);
    expect(model.objects.size).toBe(names.length - 1);
    expect((await model.walk(feed)).flatMap(({ changes }) => changes)).toEqual([]);
  });

  it.each(['x', { server: 'CN=other', usn: '1' }])('behind the token %j changes are expired', async (token) => {
    const feed = (await connect('objectGUID', DOMAIN).feed!('account'))!;
    const walk = feed.changes(token, { pageSize: 10 })[Symbol.asyncIterator]();
    await expect(walk.next()).rejects.toMatchObject({ code: 'expired' });
  });
});
