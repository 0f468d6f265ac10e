import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import type { JsonObject } from '../../src/base/json.ts';
import type { Connector, ConnectorConfig } from '../../src/connector/contract.ts';
import { ldapConnector } from '../../src/connectors/ldap/ldap-connector.ts';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import { isSameDn } from '../../src/ldap/dn/compare-dn.ts';
import type { ObjectSet } from '../../src/model/object-set.ts';
import { makeCertificates } from './certificates.ts';
import { connectorConfig, openAs, settingsFor, type DirectoryLogin } from './conformance-subject.ts';
import { startDirectory389 } from './directory389.ts';
import { PEOPLE } from './directory-storm.ts';
import { property } from './feed-model.ts';
import { startOpenLdap } from './openldap.ts';
import { SUFFIX, SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { describeOn } from './skipped-servers.ts';

const list = (nativeName: string, more = {}) => property(nativeName, { type: 'array', itemType: 'string', ...more });

const TYPES: ConnectorConfig['objectTypes'] = {
  account: {
    nativeType: '__ACCOUNT__',
    properties: {
      dn: property('__NAME__', { isRequired: true }),
      uid: list('uid'),
      cn: list('cn'),
      sn: property('sn'),
      text: list('description'),
      german: list('description;lang-de'),
      photo: property('jpegPhoto', { nativeType: 'JAVA_TYPE_BYTE_ARRAY' }),
      certificate: list('userCertificate;binary', { nativeType: 'JAVA_TYPE_BYTE_ARRAY' }),
    },
  },
  group: {
    nativeType: '__GROUP__',
    properties: { dn: property('__NAME__'), cn: property('cn'), members: list('member') },
  },
};

/** RDNs, and the values that they stand for. */
const RDNS: readonly (readonly [string, Readonly<Record<string, readonly string[]>>])[] = [
  [String.raw`cn=Smith\, John`, { cn: ['Smith, John'] }],
  [String.raw`cn=\#hash`, { cn: ['#hash'] }],
  [String.raw`cn=a\+b\=c`, { cn: ['a+b=c'] }],
  [String.raw`cn=quote\"back\\slash\;semi\<less\>`, { cn: ['quote"back\\slash;semi<less>'] }],
  ['cn=Jürgen Größe 日本', { cn: ['Jürgen Größe 日本'] }],
  [String.raw`cn=J\C3\BCrgen`, { cn: ['Jürgen'] }],
  ['cn=one/two', { cn: ['one/two'] }],
  [String.raw`cn=\ lead and trail\ `, { cn: [' lead and trail '] }],
  ['cn=Two+uid=two', { cn: ['Two'], uid: ['two'] }],
  ['uid=three+cn=Three', { cn: ['Three'], uid: ['three'] }],
];

const SERVERS: readonly (readonly ['openldap' | '389ds', () => Promise<{ port: number; dispose(): Promise<void> }>])[] =
  [
    ['openldap', () => startOpenLdap()],
    ['389ds', () => startDirectory389()],
  ];

for (const [name, start] of SERVERS)
  describeOn(name, `names and values on ${name}`, () => {
    let server: Awaited<ReturnType<typeof start>>;
    let connection: LdapConnection;
    const connectors: Connector[] = [];

    const login = (): DirectoryLogin => ({ port: server.port, dn: SYNC_DN, password: SYNC_PASSWORD });
    const setOf = (type: string, more: JsonObject = {}): ObjectSet => {
      const groups = { groupObjectClasses: ['top', 'groupOfNames'], groupMemberAttribute: 'member' };
      const settings = settingsFor(login(), { uidAttribute: 'dn', ...groups, ...more });
      const connector = ldapConnector.create(connectorConfig(settings, TYPES), {
        projectDirectory: '/',
        log: silentLog,
      });
      connectors.push(connector);
      return connector.objectSet(type);
    };
    const write = async (set: ObjectSet, one: Parameters<ObjectSet['write']>[0][number]): Promise<string> => {
      const [outcome] = await set.write([one]);
      expect(outcome, JSON.stringify(outcome)).toMatchObject({ ok: true });
      return outcome!.ok ? outcome!.id : '';
    };
    const create = (set: ObjectSet, object: JsonObject): Promise<string> =>
      write(set, { kind: 'create', id: null, object });
    const change = (set: ObjectSet, id: string, object: JsonObject): Promise<string> =>
      write(set, { kind: 'update', id, rev: null, object, changed: Object.keys(object) });
    const read = async (set: ObjectSet, id: string): Promise<JsonObject> => (await set.readMany([id])).get(id)!.object;

    beforeAll(async () => {
      server = await start();
      connection = await openAs(login());
    });
    afterEach(async () => {
      for (const connector of connectors.splice(0)) await connector.close();
    });
    afterAll(async () => {
      connection?.close();
      await server?.dispose();
    });

    it.each(RDNS)('an entry named %s is made, found, changed, renamed and deleted', async (rdn, values) => {
      const set = setOf('account');
      const dn = `${rdn},${PEOPLE}`;
      const id = await create(set, { dn, sn: 'x', ...(values['cn'] === undefined ? { cn: ['x'] } : {}) });
      expect(isSameDn(id, dn)).toBe(true);
      const scanned: string[] = [];
      for await (const page of set.scan({ pageSize: 100 })) scanned.push(...page.objects.map((one) => one.id));
      expect(scanned).toContain(id);
      for (const spelled of [id, dn]) {
        const found = await read(set, spelled);
        for (const [attribute, expected] of Object.entries(values))
          expect(found[attribute], attribute).toEqual(expect.arrayContaining([...expected]));
      }
      expect(await change(set, id, { text: ['changed'] })).toBe(id);
      const moved = await change(set, id, { dn: `${rdn},ou=groups,${SUFFIX}` });
      expect(await read(set, moved)).toMatchObject({ text: ['changed'] });
      const renamed = await change(set, moved, { dn: `cn=plain,${PEOPLE}` });
      expect((await read(set, renamed))['cn']).toContain('plain');
      expect((await connection.read(renamed))!.texts('cn')).not.toContain(values['cn']![0]!);
      await write(set, { kind: 'delete', id: renamed, rev: null });
      expect(await set.readMany([renamed])).toEqual(new Map());
    });

    it('bytes and attributes with options come back as they were, and change alone', async () => {
      const set = setOf('account');
      const pem = (await makeCertificates()).server.cert;
      const certificate = pem.replaceAll(/-----[^-]+-----|\s/g, '');
      const photo = Buffer.from([0xff, 0xd8, 0xff, 0, 0x80, 0xc3, 0x28, 0xef, 0xbb, 0xbf]).toString('base64');
      const object = { dn: `cn=values,${PEOPLE}`, cn: ['values'], sn: 'x', text: ['plain'], german: ['schön', 'gut'] };
      const id = await create(set, { ...object, photo, certificate: [certificate] });
      const before = await read(set, id);
      expect(before).toMatchObject({ photo, certificate: [certificate] });
      expect(new Set(before['german'] as string[])).toEqual(new Set(['schön', 'gut']));
      expect(before['text']).toContain('plain');
      await change(set, id, { german: ['gut'] });
      expect(await read(set, id)).toMatchObject({ photo, german: ['gut'], certificate: [certificate] });
      expect((await connection.read(id, ['description']))!.attribute('description')!.texts()).toEqual(['plain']);
      await change(set, id, { photo: null, certificate: null });
      expect(Object.keys(await read(set, id))).not.toEqual(expect.arrayContaining(['photo']));
      await write(set, { kind: 'delete', id, rev: null });
    });

    it('of five thousand members one is changed, and nothing else is sent', async () => {
      const set = setOf('group');
      const members = Array.from({ length: 5000 }, (_, i) => `uid=member${i},${PEOPLE}`);
      const id = await create(set, { dn: `cn=large,ou=groups,${SUFFIX}`, cn: 'large', members });
      expect((await read(set, id))['members']).toHaveLength(5000);
      const spelled = members.map((dn) => dn.toUpperCase().replace('UID=', 'uid='));
      await change(set, id, { members: [...spelled.slice(1), `uid=new,${PEOPLE}`] });
      const after = (await connection.read(id))!.texts('member');
      expect(after).toHaveLength(5000);
      // What only differs by spelling was not written again.
      expect(after.filter((dn) => members.includes(dn))).toHaveLength(4999);
      expect(after).toContain(`uid=new,${PEOPLE}`);
      await write(set, { kind: 'delete', id, rev: null });
    });
  });
