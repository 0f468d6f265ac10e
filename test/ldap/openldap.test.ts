import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entriesOf } from '../../src/ldap/client/entries-of.ts';
import { changePassword, whoAmI } from '../../src/ldap/client/extended-operations.ts';
import type { LdapLogin } from '../../src/ldap/client/connection-options.ts';
import type { LdapAddress } from '../../src/ldap/client/ldap-address.ts';
import { openLdap, type LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import type { LdapSearch } from '../../src/ldap/client/ldap-search.ts';
import { readRootDse } from '../../src/ldap/client/root-dse.ts';
import { readSchema } from '../../src/ldap/client/read-schema.ts';
import type { LdapEntry } from '../../src/ldap/codec/ldap-entry.ts';
import { assertionControl, FLAG_CONTROLS, flagControl } from '../../src/ldap/controls/plain-controls.ts';
import { PAGED_RESULTS } from '../../src/ldap/controls/paged-results.ts';
import { postReadControl, preReadControl, readPostRead, readPreRead } from '../../src/ldap/controls/read-entry.ts';
import { sortControl } from '../../src/ldap/controls/server-side-sort.ts';
import { dnKey } from '../../src/ldap/dn/compare-dn.ts';
import { escapeDnValue } from '../../src/ldap/dn/format-dn.ts';
import { escapeFilterValue } from '../../src/ldap/filter/format-filter.ts';
import { startOpenLdap, type OpenLdap } from './openldap.ts';
import { ADMIN_DN, ADMIN_PASSWORD, SUFFIX, SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { parseLdif } from './parse-ldif.ts';
import { peopleLdif } from './people.ts';
import { describeOn } from './skipped-servers.ts';

const COUNT = 3000;
const PEOPLE = `ou=people,${SUFFIX}`;

describeOn('openldap', 'OpenLDAP', () => {
  let server: OpenLdap;
  let plain: LdapAddress;
  let connection: LdapConnection;
  const admin: LdapLogin = { kind: 'simple', dn: ADMIN_DN, password: ADMIN_PASSWORD };
  const sync: LdapLogin = { kind: 'simple', dn: SYNC_DN, password: SYNC_PASSWORD };

  beforeAll(async () => {
    server = await startOpenLdap({ ldif: peopleLdif(COUNT) });
    plain = { kind: 'tcp', host: '127.0.0.1', port: server.port };
    connection = await openLdap({ servers: [plain], security: 'none', login: admin });
  });
  afterAll(async () => {
    connection?.close();
    await server?.dispose();
  });

  const open = (login: LdapLogin): Promise<LdapConnection> => openLdap({ servers: [plain], security: 'none', login });

  describe('reading', () => {
    it('gives byte for byte what ldapsearch gives, however large the pages are', async () => {
      const expected = parseLdif(await server.ldapsearch('-b', SUFFIX, '-E', 'pr=500/noprompt', '*', '+'));
      expect(expected.size).toBe(COUNT + 5);
      for (const pageSize of [1, 7, 1000, 5000]) {
        const filter = pageSize === 1 ? '(employeeNumber=1*)' : '(objectClass=*)';
        const search = connection.pagedSearch({ base: SUFFIX, filter, attributes: ['*', '+'] }, { pageSize });
        const found = await collect(search);
        expect(found.size).toBe(
          pageSize === 1 ? [...expected.keys()].filter((dn) => dn.startsWith('uid=user1')).length : expected.size,
        );
        for (const [dn, attributes] of found) expect(attributes).toEqual(expected.get(dn));
      }
    });

    it('without pages gives the same', async () => {
      const all = await collect(connection.search({ base: SUFFIX }));
      expect(all.size).toBe(COUNT + 5);
    });

    it('above a size limit is an incomplete read', async () => {
      const read = collect(connection.search({ base: SUFFIX, sizeLimit: 10 }));
      await expect(read).rejects.toMatchObject({ code: 'incomplete-read', result: { code: 4 } });
    });

    it('of what is not there fails, or gives null', async () => {
      await expect(collect(connection.search({ base: `ou=none,${SUFFIX}` }))).rejects.toMatchObject({
        code: 'not-found',
        result: { code: 32, matchedDn: SUFFIX },
      });
      expect(await connection.read(`uid=none,${PEOPLE}`)).toBeNull();
    });

    it('two searches in pages over two connections do not disturb each other', async () => {
      const other = await open(sync);
      const both = [connection, other].map((one) => collect(one.pagedSearch({ base: PEOPLE }, { pageSize: 100 })));
      expect((await Promise.all(both)).map(({ size }) => size)).toEqual([COUNT + 1, COUNT + 1]);
      other.close();
    });

    it('left in the middle can begin anew', async () => {
      for (let round = 0; round < 5; round++) {
        for await (const _ of connection.pagedSearch({ base: PEOPLE }, { pageSize: 10 })) break;
      }
      expect((await collect(connection.pagedSearch({ base: PEOPLE }, { pageSize: 1000 }))).size).toBe(COUNT + 1);
    });

    it('in the order that was asked for', async () => {
      const query = { base: PEOPLE, filter: '(departmentNumber=7)', attributes: ['employeeNumber', 'cn'] };
      const controls = [sortControl([{ attribute: 'cn', rule: 'caseIgnoreOrderingMatch', isDescending: true }])];
      const names = [...(await collect(connection.search(query, { controls }))).keys()];
      expect(names).toHaveLength(COUNT / 50);
      expect(names[0]).toBe(`uid=user957,${PEOPLE}`);
    });

    it('many at once over one connection are all answered', async () => {
      const names = await Promise.all(
        Array.from({ length: 500 }, async (_, i) =>
          (await connection.read(`uid=user${i},${PEOPLE}`, ['cn']))!.text('cn'),
        ),
      );
      expect(names).toEqual(Array.from({ length: 500 }, (_, i) => `Person Number ${i}`));
    });
  });

  describe('writing', () => {
    const nasty = String.raw` #a,b+c"d\e<f>;=é 𝄞*()`;
    const dn = `uid=${escapeDnValue(nasty)},${PEOPLE}`;

    it('creates, changes, renames, moves and deletes, whatever the name holds', async () => {
      const post = [postReadControl(['entryUUID', 'uid'])];
      const added = await connection.add(dn, person(nasty), { controls: post });
      const uuid = readPostRead(added.controls)!.text('entryUUID')!;
      expect(readPostRead(added.controls)!.text('uid')).toBe(nasty);
      const filter = `(&(uid=${escapeFilterValue(nasty)})(entryUUID=${uuid}))`;
      const found = await collect(connection.search({ base: SUFFIX, filter, attributes: ['uid'] }));
      expect([...found.keys()].map(dnKey)).toEqual([dnKey(dn)]);

      const photo = Buffer.from([0, 255, 254, 10, 195, 40]);
      const modified = await connection.modify(
        dn,
        [
          { operation: 'add', name: 'jpegPhoto', values: [photo] },
          { operation: 'replace', name: 'sn', values: ['x', 'y'] },
          { operation: 'delete', name: 'sn', values: ['x'] },
        ],
        { controls: [preReadControl(['sn']), postReadControl(['sn'])] },
      );
      expect(readPreRead(modified.controls)!.texts('sn')).toEqual(['Test']);
      expect(readPostRead(modified.controls)!.texts('sn')).toEqual(['y']);
      expect((await connection.read(dn))!.value('jpegPhoto')!.equals(photo)).toBe(true);
      expect(await connection.compare(dn, 'sn', 'Y')).toBe(true);
      expect(await connection.compare(dn, 'sn', 'x')).toBe(false);

      await connection.rename(dn, 'uid=renamed', { deleteOldRdn: false, newSuperior: `ou=service,${SUFFIX}` });
      const moved = await connection.read(`uid=renamed,ou=service,${SUFFIX}`, ['uid', 'entryUUID']);
      expect(moved!.texts('uid').sort()).toEqual([nasty, 'renamed'].sort());
      expect(moved!.text('entryUUID')).toBe(uuid);
      await connection.delete(`uid=renamed,ou=service,${SUFFIX}`);
      expect(await connection.read(`uid=renamed,ou=service,${SUFFIX}`)).toBeNull();
    });

    it.each([
      ['exists', () => connection.add(`uid=user1,${PEOPLE}`, person('user1'))],
      ['not-found', () => connection.delete(`uid=none,${PEOPLE}`)],
      ['conflict', () => connection.delete(PEOPLE)],
      ['invalid-data', () => connection.add(`uid=bad,${PEOPLE}`, [{ name: 'objectClass', values: ['person'] }])],
      [
        'invalid-data',
        () => connection.modify(`uid=user1,${PEOPLE}`, [{ operation: 'add', name: 'nope', values: ['x'] }]),
      ],
      ['invalid-data', () => connection.delete('this is no name')],
      [
        'revision',
        () =>
          connection.modify(`uid=user1,${PEOPLE}`, [{ operation: 'replace', name: 'l', values: ['Rom'] }], {
            controls: [assertionControl('(l=Paris)')],
          }),
      ],
      ['unsupported', () => connection.delete(`uid=user1,${PEOPLE}`, { controls: [flagControl('1.2.3.4.5')] })],
    ] as const)('that is refused is a failure %s', async (code, write) => {
      await expect(write()).rejects.toMatchObject({ code, reason: 'result' });
      expect((await connection.read(`uid=user1,${PEOPLE}`, ['l']))!.text('l')).toBe('Berlin');
    });

    it('is refused to those who may not', async () => {
      await connection.modify(`uid=user2,${PEOPLE}`, [{ operation: 'replace', name: 'userPassword', values: ['pw'] }]);
      const user = await open({ kind: 'simple', dn: `uid=user2,${PEOPLE}`, password: 'pw' });
      await expect(user.delete(`uid=user1,${PEOPLE}`)).rejects.toMatchObject({ code: 'denied' });
      user.close();
    });

    it('many at once all arrive', async () => {
      const names = Array.from({ length: 300 }, (_, i) => `bulk${i}`);
      await Promise.all(names.map((name) => connection.add(`uid=${name},${PEOPLE}`, person(name))));
      const found = await collect(connection.pagedSearch({ base: PEOPLE, filter: '(uid=bulk*)' }, { pageSize: 100 }));
      expect(found.size).toBe(300);
      await Promise.all(names.map((name) => connection.delete(`uid=${name},${PEOPLE}`)));
      expect((await collect(connection.search({ base: PEOPLE, filter: '(uid=bulk*)' }))).size).toBe(0);
    });

    it('a referral is a failure that says where to ask', async () => {
      const referral = `cn=elsewhere,${SUFFIX}`;
      const attributes = [
        { name: 'objectClass', values: ['referral', 'extensibleObject'] },
        { name: 'ref', values: ['ldap://other.example/dc=other'] },
      ];
      const managed = { controls: [flagControl(FLAG_CONTROLS.manageDsaIt)] };
      await connection.add(referral, attributes, managed);
      await expect(connection.delete(referral)).rejects.toMatchObject({
        result: { code: 10, referrals: [expect.stringContaining('ldap://other.example/')] },
      });
      await expect(collect(connection.search({ base: SUFFIX }))).rejects.toMatchObject({ code: 'incomplete-read' });
      await connection.delete(referral, managed);
    });
  });

  describe('who it is', () => {
    it('changes a password, and is let in with the new one only', async () => {
      const user = `uid=user3,${PEOPLE}`;
      expect(await changePassword(connection, { user, newPassword: 'first' })).toBeNull();
      const made = await changePassword(connection, { user });
      expect(made).toMatch(/^.{6,}$/);
      const again = await open({ kind: 'simple', dn: user, password: made! });
      expect(await whoAmI(again)).toBe(`dn:${user}`);
      again.close();
      await expect(open({ kind: 'simple', dn: user, password: 'first' })).rejects.toMatchObject({
        code: 'unauthorized',
      });
    });

    it('an anonymous connection is one only where it was asked for', async () => {
      const anonymous = await open({ kind: 'anonymous' });
      expect(await whoAmI(anonymous)).toBe('');
      expect(await anonymous.read(`uid=user1,${PEOPLE}`)).toBeNull();
      anonymous.close();
    });

    it('the user of the Unix socket, by SASL EXTERNAL', async () => {
      const local = await openLdap({
        servers: [{ kind: 'local', path: server.socket }],
        security: 'none',
        login: { kind: 'external' },
      });
      expect(await whoAmI(local)).toBe(`dn:${ADMIN_DN}`);
      local.close();
    });
  });

  describe('TLS', () => {
    const secured = (security: 'tls' | 'startTls', host = 'localhost'): LdapAddress => ({
      kind: 'tcp',
      host,
      port: security === 'tls' ? server.tlsPort : server.port,
    });

    it.each(['tls', 'startTls'] as const)('%s: with the right authority, and not without', async (security) => {
      const options = { servers: [secured(security)], security, login: admin };
      const one = await openLdap({ ...options, tls: { ca: server.certificates.ca } });
      expect((await collect(one.pagedSearch({ base: PEOPLE }, { pageSize: 500 }))).size).toBe(COUNT + 1);
      one.close();
      await expect(openLdap(options)).rejects.toMatchObject({ reason: 'certificate', retryable: false });
      const wrongName = { ...options, tls: { ca: server.certificates.ca, serverName: 'ldap.example.org' } };
      await expect(openLdap(wrongName)).rejects.toMatchObject({ reason: 'certificate' });
      const trusting = await openLdap({ ...options, tls: { isVerified: false } });
      expect(await whoAmI(trusting)).toBe(`dn:${ADMIN_DN}`);
      trusting.close();
    });

    it.each(['tls', 'startTls'] as const)('%s: the certificate of a client is its login', async (security) => {
      const { ca, client } = server.certificates;
      const tls = { ca, certificate: client.cert, key: client.key };
      const options = {
        servers: [secured(security, '127.0.0.1')],
        security,
        tls,
        login: { kind: 'external' },
      } as const;
      const one = await openLdap(options);
      expect(await whoAmI(one)).toBe(`dn:${SYNC_DN}`);
      const again = await one.reopen();
      expect(await whoAmI(again)).toBe(`dn:${SYNC_DN}`);
      again.close();
    });

    it('spoken to a port without it is no connection', async () => {
      const wrong = { servers: [plain], security: 'tls', login: admin, connectTimeoutMs: 3000 } as const;
      await expect(openLdap(wrong)).rejects.toMatchObject({ reason: 'connect', code: 'unreachable' });
    });
  });

  describe('what it says of itself', () => {
    it('is in the root DSE and the schema', async () => {
      const dse = await readRootDse(connection);
      expect(dse.namingContexts).toContain(SUFFIX);
      expect(dse.supportedControls.has(PAGED_RESULTS)).toBe(true);
      const schema = await readSchema(connection, dse.subschemaSubentry);
      expect(schema.faults).toEqual([]);
      expect([schema.valueKind('jpegPhoto'), schema.valueKind('mail'), schema.valueKind('manager')]).toEqual([
        'bytes',
        'text',
        'dn',
      ]);
      expect(schema.attributeType('commonName')!.superior).toBe('name');
      expect(schema.syntaxOf('cn')).toBe('1.3.6.1.4.1.1466.115.121.1.15');
      const { must, may } = schema.attributesOf(['inetOrgPerson']);
      expect([...must.keys()].sort()).toEqual(['cn', 'objectclass', 'sn']);
      expect(may.has('telephonenumber')).toBe(true);
    });
  });
});

function person(uid: string): { readonly name: string; readonly values: readonly string[] }[] {
  return [
    { name: 'objectClass', values: ['inetOrgPerson'] },
    { name: 'uid', values: [uid] },
    { name: 'cn', values: ['Test'] },
    { name: 'sn', values: ['Test'] },
  ];
}

/** Everything that a search gives, in the form of `parseLdif`. */
async function collect(search: LdapSearch): Promise<Map<string, Record<string, string[]>>> {
  const found = new Map<string, Record<string, string[]>>();
  for await (const entries of entriesOf(search)) for (const entry of entries) found.set(entry.dn, plainEntry(entry));
  return found;
}

function plainEntry({ attributes }: LdapEntry): Record<string, string[]> {
  return Object.fromEntries(
    attributes.map((attribute) => [attribute.name, attribute.values().map((value) => value.toString('base64'))]),
  );
}
