import { connect as connectSocket, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import type { Connector } from '../../src/connector/contract.ts';
import { retry } from '../../src/connector/retry.ts';
import { ldapConnector } from '../../src/connectors/ldap/ldap-connector.ts';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import type { ObjectSet, ScanPage } from '../../src/model/object-set.ts';
import { connectorConfig, openAs, settingsFor, type DirectoryLogin } from './conformance-subject.ts';
import { PEOPLE } from './directory-storm.ts';
import { PERSON } from './feed-model.ts';
import { startOpenLdap, type OpenLdap } from './openldap.ts';
import { SUFFIX, SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { peopleLdif } from './people.ts';
import { describeOn } from './skipped-servers.ts';

const COUNT = 300;
const PASSWORD = 'limited';

/** What each account may read, as slapd.conf(5) says it. */
const LIMITS = {
  user1: 'size.soft=50 size.hard=50 size.pr=20 size.prtotal=unlimited',
  user2: 'size.soft=50 size.hard=50 size.prtotal=unlimited',
  user3: 'size=unlimited size.prtotal=disabled',
  user4: 'size.soft=50 size.hard=50 size.prtotal=disabled',
  user5: 'size.soft=50 size.hard=500 size.prtotal=100',
} as const;

describeOn('openldap', 'what the LDAP connector reads', () => {
  let server: OpenLdap;
  let connection: LdapConnection;
  const logged: string[] = [];
  const connectors: Connector[] = [];

  const login = (): DirectoryLogin => ({ port: server.port, dn: SYNC_DN, password: SYNC_PASSWORD });
  const accounts = (more: JsonObject = {}): ObjectSet => {
    const config = connectorConfig(settingsFor(login(), { uidAttribute: 'dn', ...more }), { account: PERSON });
    const log = { write: (_: string, message: string) => void logged.push(message) };
    const connector = ldapConnector.create(config, { projectDirectory: server.directory, log });
    connectors.push(connector);
    return connector.objectSet('account');
  };
  const as = (uid: keyof typeof LIMITS): JsonObject => ({ principal: `uid=${uid},${PEOPLE}`, credentials: PASSWORD });

  beforeAll(async () => {
    const extraLines = Object.entries(LIMITS).map(
      ([uid, limits]) => `limits dn.exact="uid=${uid},${PEOPLE}" ${limits}`,
    );
    const monitor = ['database monitor', 'access to * by users read'];
    server = await startOpenLdap({ ldif: peopleLdif(COUNT), extraLines: [...extraLines, ...monitor] });
    connection = await openAs(login());
    for (const uid of Object.keys(LIMITS))
      await connection.modify(`uid=${uid},${PEOPLE}`, [
        { operation: 'replace', name: 'userPassword', values: [PASSWORD] },
      ]);
  });
  afterEach(async () => {
    for (const connector of connectors.splice(0)) await connector.close();
    logged.length = 0;
  });
  afterAll(async () => {
    connection?.close();
    await server?.dispose();
  });

  describe('under limits of the server', () => {
    it('is everything where pages are smaller than asked for, and that is told once', async () => {
      const set = accounts(as('user1'));
      expect(await idsIn(set)).toHaveLength(COUNT);
      expect(await idsIn(set)).toHaveLength(COUNT);
      expect(logged.filter((line) => line.includes('blockSize'))).toHaveLength(1);
    });

    it('is everything where only the whole is limited, or pages are refused', async () => {
      expect(await idsIn(accounts(as('user2')))).toHaveLength(COUNT);
      expect(await idsIn(accounts(as('user3')))).toHaveLength(COUNT);
    });

    it.each(['user4', 'user5'] as const)('is an incomplete read where there is no way (%s)', async (uid) => {
      for (const attempt of [1, 2])
        await expect(idsIn(accounts(as(uid))), `attempt ${attempt}`).rejects.toMatchObject({
          code: 'incomplete-read',
          message: expect.stringContaining('raise the limit') as string,
        });
      const query = {
        kind: 'filter',
        filter: { kind: 'compare', operator: 'sw', pointer: ['uid'], value: 'u' },
      } as const;
      await expect(accounts(as(uid)).query([query])).rejects.toMatchObject({ code: 'incomplete-read' });
    });
  });

  describe('with an entry that cannot be read', () => {
    const broken = `uid=user7,${PEOPLE}`;
    beforeAll(async () => {
      await connection.modify(broken, [{ operation: 'add', name: 'l', values: ['Rom'] }]);
    });
    afterAll(async () => {
      await connection.modify(broken, [{ operation: 'replace', name: 'l', values: ['Berlin'] }]);
    });

    it('are the others, by id and by query; that one is told by name', async () => {
      const set = accounts();
      await expect(set.readMany([broken, `uid=user8,${PEOPLE}`, `uid=none,${PEOPLE}`])).rejects.toMatchObject({
        code: 'incomplete-read',
        message: expect.stringContaining(broken) as string,
        found: new Map([[`uid=user8,${PEOPLE}`, expect.objectContaining({ id: `uid=user8,${PEOPLE}` })]]),
        unreadable: new Map([[broken, expect.stringContaining("'city'") as string]]),
      });
      const named = (uid: string) =>
        ({ kind: 'filter', filter: { kind: 'compare', operator: 'eq', pointer: ['uid'], value: uid } }) as const;
      expect(await set.query([named('user7'), named('user8')])).toMatchObject([
        { ok: false, code: 'incomplete-read', message: expect.stringContaining(broken) as string },
        { ok: true, objects: [{ id: `uid=user8,${PEOPLE}` }] },
      ]);
      const pages = await pagesOf(set, 50);
      expect(pages.flatMap(({ objects }) => objects)).toHaveLength(COUNT - 1);
      expect(pages.flatMap(({ faults }) => faults)).toMatchObject([{ id: broken }]);
    });
  });

  describe('page by page', () => {
    const first = async (set: ObjectSet, pageSize: number, after?: ScanPage['cursor']): Promise<ScanPage> => {
      for await (const page of set.scan({ pageSize, ...(after === undefined ? {} : { after }) })) return page;
      throw new Error('no page');
    };
    const walk = async (
      set: ObjectSet,
      pageSize: number,
      between: (page: number) => Promise<void>,
    ): Promise<string[]> => {
      const ids: string[] = [];
      let page = await first(set, pageSize);
      for (let i = 0; ; i++) {
        ids.push(...page.objects.map(({ id }) => id));
        if (page.isLast) return ids;
        await between(i);
        page = await first(set, pageSize, JSON.parse(JSON.stringify(page.cursor)) as ScanPage['cursor']);
      }
    };
    const searches = async (): Promise<number> => {
      const entry = await connection.read('cn=Search,cn=Operations,cn=Monitor', ['monitorOpCompleted']);
      return Number(entry!.text('monitorOpCompleted'));
    };

    it('is one walk through the directory, not one for each page', async () => {
      const before = await searches();
      expect(new Set(await walk(accounts({ blockSize: 10 }), 10, async () => {})).size).toBe(COUNT);
      const count = (await searches()) - before;
      // 30 pages; read anew for each, they would be more than 450.
      expect(count).toBeGreaterThan(20);
      expect(count).toBeLessThan(60);
    });

    it('loses and doubles nothing while entries that were passed are deleted, and others come', async () => {
      const set = accounts({ blockSize: 10 });
      const gone: string[] = [];
      const extra: string[] = [];
      for (let i = 0; i < 40; i++) extra.push(await addPerson(connection, `walk${i}`));
      const ids: string[] = [];
      let page = await first(set, 17);
      for (let i = 0; !page.isLast; i++) {
        ids.push(...page.objects.map(({ id }) => id));
        const passed =
          extra.find((id) => ids.includes(id) && !gone.includes(id)) ?? extra.find((id) => !gone.includes(id));
        if (passed !== undefined && i % 2 === 0) {
          await connection.delete(passed);
          gone.push(passed);
        }
        // The open search is lost every third time: another page size asks for another one.
        page = await first(set, i % 3 === 2 ? 18 : 17, page.cursor);
      }
      ids.push(...page.objects.map(({ id }) => id));
      expect(new Set(ids).size).toBe(ids.length);
      const stayed = (await idsIn(set)).filter((id) => !ids.includes(id));
      expect(stayed).toEqual([]);
      for (const id of extra) if (!gone.includes(id)) await connection.delete(id);
    });

    it('goes on after the server was restarted', async () => {
      const set = accounts({ blockSize: 10 });
      const ids = await walk(set, 100, async (i) => {
        if (i !== 0) return;
        await server.stop('SIGKILL');
        await server.start();
      });
      connection = await connection.reopen();
      expect(new Set(ids).size).toBe(COUNT);
      expect(ids).toHaveLength(COUNT);
    });

    it('is refused for a process that remembers nothing where passed entries are gone', async () => {
      const page = await first(accounts(), 50);
      const passed = page.objects[10]!.id;
      const uid = passed.slice('uid='.length, passed.indexOf(','));
      await connection.delete(passed);
      await expect(first(accounts(), 50, page.cursor)).rejects.toMatchObject({ code: 'conflict' });
      await addPerson(connection, uid);
    });
  });

  describe('over a bad line', () => {
    it.each([1, 40, 400, 4000, 20_000, 40_000])('is incomplete where it is cut after %i bytes', async (bytes) => {
      await using line = await badLine(server.port, { cutAfter: bytes });
      const set = accounts({ port: line.port });
      await expect(idsIn(set)).rejects.toMatchObject({
        code: expect.stringMatching(/^(incomplete-read|unreachable)$/) as string,
        retryable: true,
      });
    });

    it('is everything where it is cut once and read on, although passed entries are gone by then', async () => {
      const extra: string[] = [];
      for (let i = 0; i < 5; i++) extra.push(await addPerson(connection, `cut${i}`));
      const passed = (await idsIn(accounts())).find((id) => id.includes('user20,'))!;
      await using line = await badLine(server.port, { cutAfter: 15_000, cuts: 1 });
      const set = retry(accounts({ port: line.port, blockSize: 10, readSchema: false }), {
        retries: 3,
        delayMs: 1,
        maxDelayMs: 1,
      });
      const ids: string[] = [];
      let isDeleted = false;
      for await (const page of set.scan({ pageSize: 10 })) {
        ids.push(...page.objects.map(({ id }) => id));
        if (!isDeleted && ids.includes(passed)) {
          await connection.delete(passed);
          isDeleted = true;
        }
      }
      expect(line.cuts()).toBe(1);
      expect(isDeleted).toBe(true);
      expect(new Set(ids).size).toBe(ids.length);
      expect((await idsIn(accounts())).filter((id) => !ids.includes(id))).toEqual([]);
      for (const id of extra) await connection.delete(id);
      await addPerson(connection, 'user20');
    });

    it('is everything where it is slow', async () => {
      await using line = await badLine(server.port, { chunk: 4000 });
      expect(await idsIn(accounts({ port: line.port, readTimeout: 10_000 }))).toHaveLength(COUNT);
    });
  });

  it('on other servers is read there, refused or passed over, as configured', async () => {
    const other = await startOpenLdap({ ldif: peopleLdif(COUNT + 20) });
    try {
      const referral = `ou=far,${SUFFIX}`;
      await connection.add(
        referral,
        [
          { name: 'objectClass', values: ['referral', 'extensibleObject'] },
          { name: 'ou', values: ['far'] },
          { name: 'ref', values: [`ldap://127.0.0.1:${other.port}/${PEOPLE}`] },
        ],
        { controls: [MANAGE_DSA_IT] },
      );
      const far = await idsIn(accounts());
      expect(new Set(far).size).toBe(COUNT + 20);
      await expect(idsIn(accounts({ referralsHandling: 'throw' }))).rejects.toMatchObject({
        code: 'incomplete-read',
        message: expect.stringContaining('referralsHandling') as string,
      });
      expect(await idsIn(accounts({ referralsHandling: 'ignore' }))).toHaveLength(COUNT);
      const found = await accounts({ baseContexts: [referral] }).query([
        { kind: 'filter', filter: { kind: 'compare', operator: 'eq', pointer: ['uid'], value: 'user310' } },
      ]);
      expect(found).toMatchObject([{ ok: true, objects: [{ object: { uid: 'user310' } }] }]);
      await other.stop();
      await expect(idsIn(accounts())).rejects.toMatchObject({ code: 'incomplete-read' });
      await connection.delete(referral, { controls: [MANAGE_DSA_IT] });
    } finally {
      await other.dispose();
    }
  });
});

const MANAGE_DSA_IT = { oid: '2.16.840.1.113730.3.4.2', isCritical: true, value: null };

async function addPerson(connection: LdapConnection, uid: string): Promise<string> {
  const dn = `uid=${uid},${PEOPLE}`;
  const values = { objectClass: ['inetOrgPerson'], cn: [uid], sn: [uid], uid: [uid], l: ['Berlin'] };
  await connection.add(
    dn,
    Object.entries(values).map(([name, list]) => ({ name, values: list })),
  );
  return dn;
}

async function pagesOf(set: ObjectSet, pageSize: number): Promise<readonly ScanPage[]> {
  const pages: ScanPage[] = [];
  for await (const page of set.scan({ pageSize })) pages.push(page);
  return pages;
}

async function idsIn(set: ObjectSet): Promise<readonly string[]> {
  return (await pagesOf(set, 1000)).flatMap(({ objects }) => objects.map(({ id }) => id));
}

interface BadLine extends AsyncDisposable {
  readonly port: number;
  /** Connections that were ended. */
  cuts(): number;
}

interface BadLineOptions {
  readonly cutAfter?: number;
  readonly chunk?: number;
  /** Connections to end; those after them are whole. Default: all. */
  readonly cuts?: number;
}

/** Stands before a server: ends the connection after so many bytes of the server's, or passes on only a little at a time. */
async function badLine(
  port: number,
  { cutAfter = Infinity, chunk = Infinity, cuts = Infinity }: BadLineOptions,
): Promise<BadLine> {
  const sockets = new Set<Socket>();
  let cutCount = 0;
  const server: Server = createServer((near) => {
    const far = connectSocket(port, '127.0.0.1');
    for (const socket of [near, far]) sockets.add(socket.on('error', () => {}));
    near.pipe(far);
    near.on('close', () => far.destroy());
    let passed = 0;
    const limit = cutCount < cuts ? cutAfter : Infinity;
    const cut = (): void => {
      cutCount++;
      near.destroy();
    };
    const waiting: Buffer[] = [];
    const pass = (): void => {
      const next = waiting.shift();
      if (next === undefined) return;
      if (next.length > chunk) waiting.unshift(next.subarray(chunk));
      const part = next.subarray(0, Math.min(next.length, chunk, limit - passed));
      passed += part.length;
      near.write(part, () => (passed >= limit ? cut() : setImmediate(pass)));
    };
    far.on('data', (data: Buffer) => {
      waiting.push(data);
      if (waiting.length === 1) pass();
    });
    far.on('close', () => near.destroySoon());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cuts: () => cutCount,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
