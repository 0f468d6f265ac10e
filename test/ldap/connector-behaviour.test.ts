import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import type { Connector, ConnectorConfig, PropertyConfig } from '../../src/connector/contract.ts';
import { ldapConnector } from '../../src/connectors/ldap/ldap-connector.ts';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import type { ObjectSet, ScanPage } from '../../src/model/object-set.ts';
import { connectorConfig, openAs, settingsFor, type DirectoryLogin } from './conformance-subject.ts';
import { addPerson, PEOPLE } from './directory-storm.ts';
import { freePort } from './free-port.ts';
import { startOpenLdap, type OpenLdap } from './openldap.ts';
import { ADMIN_DN, ADMIN_PASSWORD, SUFFIX, SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { peopleLdif } from './people.ts';
import { describeOn } from './skipped-servers.ts';

const COUNT = 1200;

const property = (nativeName: string, more: Partial<PropertyConfig> = {}): PropertyConfig => ({
  type: 'string',
  itemType: null,
  nativeName,
  nativeType: 'string',
  isRequired: false,
  flags: [],
  ...more,
});
const list = (nativeName: string): PropertyConfig => property(nativeName, { type: 'array', itemType: 'string' });

const TYPES: ConnectorConfig['objectTypes'] = {
  account: {
    nativeType: '__ACCOUNT__',
    properties: {
      dn: property('__NAME__', { isRequired: true }),
      uid: property('uid'),
      cn: list('cn'),
      sn: property('sn'),
      mail: list('mail'),
      city: property('l'),
      photo: property('jpegPhoto', { nativeType: 'JAVA_TYPE_BYTE_ARRAY' }),
      changed: property('modifyTimestamp', { flags: ['NOT_CREATABLE', 'NOT_UPDATEABLE'] }),
      password: property('__PASSWORD__', { flags: ['NOT_READABLE', 'NOT_RETURNED_BY_DEFAULT'] }),
      groups: list('ldapGroups'),
    },
  },
  unit: {
    nativeType: 'organizationalUnit',
    properties: { dn: property('__NAME__', { isRequired: true }), ou: property('ou') },
  },
};

describeOn('openldap', 'the LDAP connector', () => {
  let server: OpenLdap;
  let connection: LdapConnection;
  const logged: string[] = [];
  const connectors: Connector[] = [];

  const login = (): DirectoryLogin => ({ port: server.port, dn: SYNC_DN, password: SYNC_PASSWORD });
  const connect = (more: JsonObject = {}): Connector => {
    const config = connectorConfig({ ...settingsFor(login(), { uidAttribute: 'dn', ...GROUPS }), ...more }, TYPES);
    const log = { write: (level: string, message: string) => void logged.push(`${level}: ${message}`) };
    const connector = ldapConnector.create(config, { projectDirectory: server.directory, log });
    connectors.push(connector);
    return connector;
  };
  const accounts = (more: JsonObject = {}): ObjectSet => connect(more).objectSet('account');
  const person = (uid: string): JsonObject => ({ dn: `uid=${uid},${PEOPLE}`, cn: [uid], sn: uid });
  const create = async (set: ObjectSet, object: JsonObject): Promise<string> => {
    const [outcome] = await set.write([{ kind: 'create', id: null, object }]);
    expect(outcome).toMatchObject({ ok: true });
    return outcome!.ok ? outcome!.id : '';
  };
  const change = async (set: ObjectSet, id: string, object: JsonObject): Promise<string> => {
    const [outcome] = await set.write([{ kind: 'update', id, rev: null, object, changed: Object.keys(object) }]);
    expect(outcome).toMatchObject({ ok: true });
    return outcome!.ok ? outcome!.id : '';
  };
  /** What was written last, as the server noted it: without its own attributes. */
  const lastModification = async (dn: string): Promise<readonly string[]> => {
    const text = await server.ldapsearch(
      '-b',
      'cn=accesslog',
      '-E',
      'pr=1000/noprompt',
      `(&(reqDN=${dn})(reqType=modify))`,
      'reqMod',
    );
    const lines = text
      .split(/\n\n/)

      .findLast((block) => block.includes('reqMod'))!
      .split('\n');
    const changes = lines.filter((line) => line.startsWith('reqMod: ')).map((line) => line.slice('reqMod: '.length));
    return changes.filter((line) => !/^(entryCSN|modif)/.test(line));
  };

  beforeAll(async () => {
    server = await startOpenLdap({ ldif: peopleLdif(COUNT) });
    connection = await openAs(login());
    writeFileSync(path.join(server.directory, 'other-ca.crt'), server.certificates.server.cert);
  });
  afterEach(async () => {
    for (const connector of connectors.splice(0)) await connector.close();
    logged.length = 0;
  });
  afterAll(async () => {
    connection?.close();
    await server?.dispose();
  });

  describe('is tested', () => {
    it.each<[string, () => JsonObject, object]>([
      [
        'a wrong password',
        () => ({ credentials: 'wrong' }),
        {
          code: 'bad-configuration',
          message: expect.stringMatching(/49.*check "principal" and "credentials"/) as string,
        },
      ],
      [
        'a base context that is not there',
        () => ({ baseContexts: ['ou=nowhere,dc=example,dc=org'] }),
        { code: 'bad-configuration', message: expect.stringMatching(/ou=nowhere.*"baseContexts"/) as string },
      ],
      [
        'TLS where the server speaks none',
        () => ({ ssl: true }),
        { code: 'unreachable', message: expect.stringMatching(/"ssl" and "startTLS"/) as string },
      ],
      [
        'an object class that is not there',
        () => ({ accountObjectClasses: ['top', 'alien'] }),
        { code: 'bad-configuration', message: expect.stringContaining('alien') as string },
      ],
      [
        'a certificate that nobody vouches for',
        () => ({ ssl: true, port: server.tlsPort }),
        { code: 'unreachable', message: expect.stringMatching(/certificate.*"caFile"/) as string },
      ],
      [
        'a file of certificates that is not there',
        () => ({ startTLS: true, caFile: 'none.crt' }),
        { code: 'bad-configuration', message: expect.stringContaining('caFile') as string },
      ],
      [
        'credentials that are encrypted by another key',
        () => ({ credentials: { $crypto: { type: 'x-simple-encryption', value: {} } } }),
        { code: 'unreachable', message: expect.stringContaining('encrypted') as string },
      ],
    ])('%s is told', async (_, more, failure) => {
      await expect(connect(more()).test()).rejects.toMatchObject(failure);
    });

    it('a server that does not answer is told, and another one is used instead', async () => {
      const port = await freePort();
      await expect(connect({ port }).test()).rejects.toMatchObject({
        code: 'unreachable',
        retryable: true,
        message: expect.stringMatching(/"host", "port"/) as string,
      });
      await connect({ port, failover: [`ldap://127.0.0.1:${server.port}`] }).test();
    });

    it('TLS and StartTLS are used with the certificates that are trusted', async () => {
      await connect({ ssl: true, port: server.tlsPort, caFile: 'tls/ca.crt' }).test();
      await connect({ startTLS: true, caFile: 'tls/ca.crt' }).test();
      await connect({ ssl: true, port: server.tlsPort, verifyCertificates: false }).test();
    });

    it('attributes that the directory does not know are told, and stay empty', async () => {
      const config = connectorConfig(settingsFor(login()), {
        account: { nativeType: '__ACCOUNT__', properties: { x: property('noSuch') } },
      });
      const connector = ldapConnector.create(config, {
        projectDirectory: '/',
        log: { write: (_, message) => void logged.push(message) },
      });
      connectors.push(connector);
      await connector.test();
      expect(logged).toEqual([expect.stringContaining('noSuch')]);
    });
  });

  describe('reads', () => {
    it.each([7, 100, 5000])('in blocks of %d', async (blockSize) => {
      expect((await pagesOf(accounts({ blockSize }))).flatMap(({ objects }) => objects)).toHaveLength(COUNT);
    });

    it('under several base contexts, each entry once', async () => {
      const set = accounts({ baseContexts: [PEOPLE, SUFFIX, `ou=groups,${SUFFIX}`, PEOPLE.toUpperCase()] });
      expect((await pagesOf(set)).flatMap(({ objects }) => objects)).toHaveLength(COUNT);
    });

    it('what the search filter leaves, and other object classes', async () => {
      const set = accounts({ accountSearchFilter: '(employeeType=external)' });
      expect((await pagesOf(set)).flatMap(({ objects }) => objects)).toHaveLength(COUNT / 3);
      expect(await set.readMany([`uid=user1,${PEOPLE}`])).toEqual(new Map());
      const units = (await pagesOf(connect().objectSet('unit'))).flatMap(({ objects }) =>
        objects.map(({ object }) => object['ou']),
      );
      expect(units.sort()).toEqual(['groups', 'people', 'service']);
    });

    it('bytes as Base64, and operational attributes', async () => {
      const set = accounts();
      const photo = Buffer.from([0xff, 0xd8, 0, 1, 2, 0xc3, 0x28]).toString('base64');
      const id = await create(set, { ...person('photo'), photo });
      expect((await set.readMany([id])).get(id)!.object).toMatchObject({
        photo,
        changed: expect.stringMatching(/^\d{14}Z$/) as string,
      });
      expect(
        await set.write([{ kind: 'update', id, rev: null, object: { photo: 'no base 64!' }, changed: ['photo'] }]),
      ).toMatchObject([{ code: 'invalid-data' }]);
      await set.write([{ kind: 'delete', id, rev: null }]);
    });

    it('an entry that cannot be read is a fault, and the others are there', async () => {
      await connection.modify(`uid=user7,${PEOPLE}`, [{ operation: 'add', name: 'l', values: ['Rom'] }]);
      const pages = await pagesOf(accounts());
      await connection.modify(`uid=user7,${PEOPLE}`, [{ operation: 'replace', name: 'l', values: ['Berlin'] }]);
      expect(pages.flatMap(({ faults }) => faults)).toMatchObject([
        { id: `uid=user7,${PEOPLE}`, message: expect.stringContaining("'city'") as string },
      ]);
      expect(pages.flatMap(({ objects }) => objects)).toHaveLength(COUNT - 1);
    });

    it('a base context that is gone is no empty set', async () => {
      await expect(pagesOf(accounts({ baseContexts: ['ou=nowhere,dc=example,dc=org'] }))).rejects.toMatchObject({
        code: 'incomplete-read',
      });
    });

    it('a query with more answers than the server gives at once is answered all the same', async () => {
      const as = { principal: `uid=user1,${PEOPLE}`, credentials: 'user-one' };
      await connection.modify(as.principal, [{ operation: 'replace', name: 'userPassword', values: [as.credentials] }]);
      const [answer] = await accounts(as).query([
        { kind: 'filter', filter: { kind: 'compare', operator: 'sw', pointer: ['uid'], value: 'user' } },
      ]);
      expect(answer!.ok && answer!.objects.length).toBe(COUNT);
    });

    it('a server that is killed in the middle is an incomplete read, and the next one works', async () => {
      const set = accounts({ blockSize: 100 });
      const run = (async () => {
        for await (const page of set.scan({ pageSize: 10 })) {
          if (page.isLast) return;
          await server.stop('SIGKILL');
        }
      })();
      await expect(run).rejects.toMatchObject({
        code: expect.stringMatching(/^(incomplete-read|unreachable)$/) as string,
        retryable: true,
      });
      await expect(set.readMany([`uid=user1,${PEOPLE}`])).rejects.toMatchObject({ code: 'unreachable' });
      await server.start();
      connection = await connection.reopen();
      expect((await set.readMany([`uid=user1,${PEOPLE}`])).size).toBe(1);
      expect((await pagesOf(set)).flatMap(({ objects }) => objects)).toHaveLength(COUNT);
    });
  });

  describe('writes', () => {
    it('of a list only the values that differ', async () => {
      const set = accounts();
      const mail = Array.from({ length: 9 }, (_, i) => `m${i}@example.org`);
      const id = await create(set, { ...person('lists'), mail });
      await change(set, id, { mail: [...mail.slice(1), 'new@example.org'] });
      expect(await lastModification(id)).toEqual(['mail:- m0@example.org', 'mail:+ new@example.org']);
      await change(set, id, { city: 'Rom', mail: [...mail.slice(1), 'new@example.org'] });
      expect(await lastModification(id)).toEqual(['l:= Rom']);
      await set.write([{ kind: 'delete', id, rev: null }]);
    });

    it('a password, as text or as a hash', async () => {
      for (const passwordHashAlgorithm of ['NONE', 'SSHA', 'SHA', 'MD5', 'SMD5']) {
        const set = accounts({ passwordHashAlgorithm });
        const id = await create(set, { ...person('login'), password: 'Pässwort 1' });
        (await openAs({ ...login(), dn: id, password: 'Pässwort 1' })).close();
        await set.write([{ kind: 'delete', id, rev: null }]);
      }
    });

    it('parents before children, and the other way for deletes', async () => {
      const connector = connect();
      const [units, people] = [connector.objectSet('unit'), connector.objectSet('account')];
      const dns = ['', 'ou=b,', 'ou=c,ou=b,', 'ou=d,ou=c,ou=b,'].map((below) => `${below}ou=a,${SUFFIX}`);
      const made = await units.write(dns.map((dn) => ({ kind: 'create', id: null, object: { dn } })));
      expect(made.every(({ ok }) => ok)).toBe(true);
      await create(people, { dn: `uid=x,${dns.at(-1)!}`, cn: ['x'], sn: 'x' });
      const outcomes = await units.write(dns.toReversed().map((id) => ({ kind: 'delete', id, rev: null })));
      expect(outcomes[0]).toMatchObject({ ok: false, code: 'conflict' });
      await people.write([{ kind: 'delete', id: `uid=x,${dns.at(-1)!}`, rev: null }]);
      expect(
        (await units.write(dns.toReversed().map((id) => ({ kind: 'delete', id, rev: null })))).every(({ ok }) => ok),
      ).toBe(true);
    });

    it('new entries have the id that reads tell, however their names are written', async () => {
      const set = accounts();
      const spellings = [
        `uid=s1,${PEOPLE}`,
        `uid=s2,${PEOPLE}`,
        `UID=s3,${PEOPLE}`,
        `uid=s4, OU=People,${SUFFIX}`,
        String.raw`uid=s\2C5,${PEOPLE}`,
      ];
      const ids: string[] = [];
      for (const dn of spellings) ids.push(await create(set, { dn, cn: ['s'], sn: 's' }));
      const known = new Set((await pagesOf(set)).flatMap(({ objects }) => objects.map(({ id }) => id)));
      expect(ids.filter((id) => !known.has(id))).toEqual([]);
      await set.write(ids.map((id) => ({ kind: 'delete', id, rev: null })));
    });

    it('a move to another parent, and a change of letters', async () => {
      const set = accounts();
      const id = await create(set, person('mover'));
      expect(await change(set, id, { dn: `uid=mover,ou=service,${SUFFIX}` })).toBe(`uid=mover,ou=service,${SUFFIX}`);
      const spelled = await change(set, `uid=mover,ou=service,${SUFFIX}`, {
        dn: `uid=Mover,OU=Service,${SUFFIX}`,
        city: 'Rom',
      });
      expect(spelled).toBe(`uid=Mover,ou=service,${SUFFIX}`);
      expect((await set.readMany([spelled])).get(spelled)!.object).toMatchObject({ uid: 'Mover', city: 'Rom' });
      await set.write([{ kind: 'delete', id: spelled, rev: null }]);
    });

    it('groups follow their members where they are told to', async () => {
      const set = accounts({ maintainLdapGroupMembership: true });
      const group = `cn=team,ou=groups,${SUFFIX}`;
      const other = await addPerson(connection, 'stays');
      await connection.add(group, [
        { name: 'objectClass', values: ['groupOfUniqueNames'] },
        { name: 'cn', values: ['team'] },
        { name: 'uniqueMember', values: [other] },
      ]);
      const members = async (): Promise<readonly string[]> =>
        (await connection.read(group))!.texts('uniqueMember').sort();
      const id = await create(set, { ...person('member'), groups: [group] });
      expect(await members()).toEqual([id, other].sort());
      expect((await set.readMany([id])).get(id)!.object['groups']).toEqual([group]);
      const renamed = await change(set, id, { dn: `uid=member2,${PEOPLE}` });
      expect(await members()).toEqual([renamed, other].sort());
      await set.write([{ kind: 'delete', id: renamed, rev: null }]);
      expect(await members()).toEqual([other]);
      const leaving = { kind: 'update', id: other, rev: null, object: {}, changed: ['groups'] } as const;
      expect(await set.write([leaving])).toMatchObject([{ ok: false, code: 'invalid-data' }]);
      expect(await members()).toEqual([other]);
      const [outcome] = await set.write([
        { kind: 'create', id: null, object: { ...person('lost'), groups: [`cn=none,${SUFFIX}`] } },
      ]);
      expect(outcome).toMatchObject({ ok: false, code: 'invalid-data' });
      await connection.delete(group);
      await set.write([other, `uid=lost,${PEOPLE}`].map((one) => ({ kind: 'delete', id: one, rev: null })));
    });

    it.each<[string, JsonObject, string]>([
      ['outside of the base contexts', { dn: 'uid=a,dc=elsewhere' }, 'invalid-data'],
      ['under a parent that is not there', { dn: `uid=a,ou=none,${SUFFIX}` }, 'invalid-data'],
      ['under a name that is none', { dn: 'no name' }, 'invalid-data'],
      ['without a name', { dn: '' }, 'bad-request'],
      ['without what its class asks for', { dn: `uid=a,${PEOPLE}`, sn: null }, 'invalid-data'],
    ])('nothing %s', async (_, more, code) => {
      expect(await accounts().write([{ kind: 'create', id: null, object: { ...person('a'), ...more } }])).toMatchObject(
        [{ ok: false, code }],
      );
    });

    it('what an account may not write is denied', async () => {
      const set = accounts({ principal: `uid=user1,${PEOPLE}`, credentials: 'user-one' });
      expect(await set.write([{ kind: 'create', id: null, object: person('a') }])).toMatchObject([{ code: 'denied' }]);
    });

    it('goes on after the server was restarted', async () => {
      const set = accounts({ principal: ADMIN_DN, credentials: ADMIN_PASSWORD });
      const id = await create(set, person('restart'));
      await server.stop();
      expect(await set.write([{ kind: 'delete', id, rev: null }]).catch((error: unknown) => [error])).toMatchObject([
        { code: 'unreachable' },
      ]);
      await server.start();
      connection = await connection.reopen();
      expect(await set.write([{ kind: 'delete', id, rev: null }])).toMatchObject([{ ok: true }]);
    });
  });
});

const GROUPS: JsonObject = { groupObjectClasses: ['top', 'groupOfUniqueNames'], groupMemberAttribute: 'uniqueMember' };

async function pagesOf(set: ObjectSet): Promise<readonly ScanPage[]> {
  const pages: ScanPage[] = [];
  for await (const page of set.scan({ pageSize: 500 })) pages.push(page);
  return pages;
}
