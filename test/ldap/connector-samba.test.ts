import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import type { JsonObject } from '../../src/base/json.ts';
import type { Connector, ObjectTypeConfig } from '../../src/connector/contract.ts';
import { ldapConnector } from '../../src/connectors/ldap/ldap-connector.ts';
import { openLdap, type LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import { connectorConfig } from './conformance-subject.ts';
import { contentOf, FeedModel, PERSON, property } from './feed-model.ts';
import { ADMINISTRATOR, ADMINISTRATOR_PASSWORD, canRunSamba, DOMAIN, startSamba, type SambaServer } from './samba.ts';
import { isServerSkipped } from './skipped-servers.ts';

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
  },
};

describe.skipIf(isServerSkipped('samba') || !canRunSamba())('the LDAP connector over Active Directory (Samba)', () => {
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
    };
    const config = connectorConfig(settings, { account: USER });
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
