import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Connector } from '../../src/connector/contract.ts';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import type { ChangeFeed } from '../../src/model/change-feed.ts';
import { openAs } from './conformance-subject.ts';
import { addPerson, PEOPLE, storm } from './directory-storm.ts';
import { FeedModel, personConnector } from './feed-model.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import { startOpenLdap, type OpenLdap } from './openldap.ts';
import { SUFFIX, SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { peopleLdif } from './people.ts';
import { isServerSkipped } from './skipped-servers.ts';

describe.skipIf(isServerSkipped('openldap'))('changes of an OpenLDAP directory', () => {
  let server: OpenLdap;
  let connection: LdapConnection;
  const connectors: Connector[] = [];

  const login = (): Parameters<typeof openAs>[0] => ({ port: server.port, dn: SYNC_DN, password: SYNC_PASSWORD });
  const connect = (uidAttribute: string, more = {}): Connector => {
    const connector = personConnector(login(), { baseContexts: [PEOPLE], uidAttribute, ...more });
    connectors.push(connector);
    return connector;
  };
  const open = async (
    uidAttribute: string,
    more = {},
  ): Promise<{ feed: ChangeFeed; model: FeedModel; connector: Connector }> => {
    const connector = connect(uidAttribute, more);
    const model = new FeedModel(connector.objectSet('account'));
    return { feed: (await connector.feed!('account'))!, model, connector };
  };

  beforeAll(async () => {
    server = await startOpenLdap({ ldif: peopleLdif(50), extraLines: ['database monitor', 'access to * by * read'] });
    connection = await openAs(login());
  });
  afterEach(async () => {
    for (const connector of connectors.splice(0)) await connector.close();
  });
  afterAll(async () => {
    connection?.close();
    await server?.dispose();
  });

  it.each(['entryUUID', 'dn', 'uid'])('are told completely where ids are %s', async (uidAttribute) => {
    const { feed, model } = await open(uidAttribute);
    await model.begin(feed);
    for (const seed of [1, 2, 3, 4]) {
      await storm(connection, seed * 7 + uidAttribute.length, 40);
      await model.walk(feed, 7);
      expect(await model.isRight()).toBe(true);
    }
    expect((await model.walk(feed)).flatMap(({ changes }) => changes)).toEqual([]);
  });

  it.each(['entryUUID', 'dn'])(
    'of what is below renamed containers are told where ids are %s',
    async (uidAttribute) => {
      const outer = `ou=outer-${uidAttribute},${PEOPLE}`;
      const inner = `ou=inner,${outer}`;
      for (const dn of [outer, inner])
        await connection.add(dn, [
          { name: 'objectClass', values: ['organizationalUnit'] },
          { name: 'ou', values: [dn.slice(3, dn.indexOf(','))] },
        ]);
      for (const [i, dn] of [outer, inner, inner].entries())
        await addPerson(connection, `below${i}-${uidAttribute}`, dn);
      const { feed, model } = await open(uidAttribute);
      await model.begin(feed);
      await connection.rename(outer, `ou=other-${uidAttribute}`);
      await connection.modify(`uid=below0-${uidAttribute},ou=other-${uidAttribute},${PEOPLE}`, [
        { operation: 'replace', name: 'l', values: ['Rom'] },
      ]);
      await model.walk(feed, 2);
      expect(await model.isRight()).toBe(true);
      await connection.rename(`ou=inner,ou=other-${uidAttribute},${PEOPLE}`, `ou=deep`, { newSuperior: PEOPLE });
      await model.walk(feed);
      expect(await model.isRight()).toBe(true);
      expect((await model.walk(feed)).flatMap(({ changes }) => changes)).toEqual([]);
      for (const i of [1, 2]) await connection.delete(`uid=below${i}-${uidAttribute},ou=deep,${PEOPLE}`);
      await connection.delete(`ou=deep,${PEOPLE}`);
      const told = (await model.walk(feed)).flatMap(({ changes }) => changes.map(({ kind }) => kind));
      expect(told).toEqual(['delete', 'delete']);
    },
  );

  it('are told again when a page was not handled', async () => {
    const { feed, model } = await open('dn');
    await model.begin(feed);
    await storm(connection, 91, 40);
    for await (const page of feed.changes(model.token, { memory: model.memory, pageSize: 3 })) {
      await model.take({ ...page, token: model.token });
      break;
    }
    await model.walk(feed, 3);
    expect(await model.isRight()).toBe(true);
  });

  it.each(['dn', 'uid'])('go on after a start where ids are %s, by what was kept', async (uidAttribute) => {
    const { feed, model } = await open(uidAttribute);
    await model.begin(feed);
    await storm(connection, 55, 30);
    const later = await open(uidAttribute);
    Object.assign(later.model, { token: model.token, memory: model.memory });
    for (const [id, object] of model.objects) later.model.objects.set(id, object);
    await later.model.walk(later.feed, 4);
    expect(await later.model.isRight()).toBe(true);
  });

  it('where ids are names and nothing was kept, or by other rules, are expired', async () => {
    const { feed, model } = await open('dn');
    await model.begin(feed);
    await connection.rename(`uid=${uidOf(model)},${PEOPLE}`, `uid=after-start`);
    for (const [uidAttribute, isKept] of [
      ['dn', false],
      ['uid', true],
    ] as const) {
      const later = await open(uidAttribute);
      Object.assign(later.model, { token: model.token, ...(isKept ? { memory: model.memory } : {}) });
      await expect(later.model.walk(later.feed)).rejects.toMatchObject({ code: 'expired' });
    }
  });

  it('after a restart of the server are told by what is still there', async () => {
    const { feed, model } = await open('entryUUID');
    await model.begin(feed);
    await storm(connection, 17, 20);
    await server.stop();
    await server.start();
    connection = await connection.reopen();
    await model.walk(feed);
    expect(await model.isRight()).toBe(true);
    const later = await open('entryUUID');
    later.model.token = model.token;
    await storm(connection, 18, 20);
    await server.stop();
    await server.start();
    connection = await connection.reopen();
    await expect(later.model.walk(later.feed)).rejects.toMatchObject({ code: 'expired' });
    await model.walk(feed);
    expect(await model.isRight()).toBe(true);
  });

  it.each([
    ['nothing', 'x'],
    ['the future', { cookies: { [PEOPLE]: cookie('rid=000,csn=20991231000000.000000Z#000000#000#000000') } }],
    ['another base', { cookies: { 'ou=else': 'YQ==' } }],
  ])('behind a token of %s are expired', async (_, token) => {
    const { feed, model } = await open('entryUUID');
    model.token = token;
    await expect(model.walk(feed)).rejects.toMatchObject({ code: 'expired' });
  });

  it.each(['entryUUID', 'dn'])('are pushed as they happen where ids are %s', async (uidAttribute) => {
    const { feed, model } = await open(uidAttribute);
    await model.begin(feed);
    await storm(connection, 23, 15);
    const controller = new AbortController();
    const pages = feed.watch!(model.token, { memory: model.memory, pageSize: 100, signal: controller.signal });
    const watching = (async () => {
      for await (const page of pages) await model.take(page);
    })();
    await addPerson(connection, `pushed-${uidAttribute}`);
    await storm(connection, 24, 30);
    await expect.poll(() => model.isRight(), { timeout: 10_000 }).toBe(true);
    controller.abort();
    await watching;
  });

  it('of one entry that come together while it is watched are told one after the other', async () => {
    const name = await addPerson(connection, 'several');
    const { feed, model } = await open('dn');
    await model.begin(feed);
    const controller = new AbortController();
    const { promise: isHeld, resolve: release } = Promise.withResolvers<void>();
    const watching = (async () => {
      const request = { pageSize: 100, memory: model.memory, signal: controller.signal };
      for await (const page of feed.watch!(model.token, request)) {
        await isHeld;
        await model.take(page);
      }
    })();
    await connection.modify(name, [{ operation: 'replace', name: 'l', values: ['Rom'] }]);
    for (const [from, to] of [
      ['several', 'once'],
      ['once', 'twice'],
      ['twice', 'thrice'],
    ])
      await connection.rename(`uid=${from},${PEOPLE}`, `uid=${to}`);
    release();
    await expect.poll(() => model.objects.has(`uid=thrice,${PEOPLE}`), { timeout: 10_000 }).toBe(true);
    expect(await model.isRight()).toBe(true);
    controller.abort();
    await watching;
  });

  it.each(['entryUUID', 'dn'])(
    'of what was below a container that is moved out are told (ids are %s)',
    async (uidAttribute) => {
      const place = `ou=leaving-${uidAttribute},${PEOPLE}`;
      await addUnit(connection, place);
      for (const i of [1, 2]) await addPerson(connection, `leaving${i}-${uidAttribute}`, place);
      const { feed, model } = await open(uidAttribute);
      await model.begin(feed);
      const before = model.objects.size;
      await connection.rename(place, `ou=left-${uidAttribute}`, { newSuperior: SUFFIX });
      await model.walk(feed, 1);
      expect(await model.isRight()).toBe(true);
      expect(model.objects.size).toBe(before - 2);
      await connection.rename(`ou=left-${uidAttribute},${SUFFIX}`, `ou=back-${uidAttribute}`, { newSuperior: PEOPLE });
      await model.walk(feed);
      expect(await model.isRight()).toBe(true);
      expect(model.objects.size).toBe(before);
    },
  );

  it.each(['entryUUID', 'dn', 'uid'])('of several bases are told completely (ids are %s)', async (uidAttribute) => {
    const [one, two] = [`ou=one-${uidAttribute},${SUFFIX}`, `ou=two-${uidAttribute},${SUFFIX}`];
    for (const dn of [one, two]) await addUnit(connection, dn);
    for (const base of [one, two])
      for (let i = 0; i < 14; i++) await addPerson(connection, `many${i}-${base.slice(3, 6)}-${uidAttribute}`, base);
    const { feed, model } = await open(uidAttribute, { baseContexts: [one, two] });
    await model.begin(feed);
    const name = (i: number, base: string): string => `uid=many${i}-${base.slice(3, 6)}-${uidAttribute}`;
    const shuffle = async (from: number): Promise<void> => {
      await connection.delete(`${name(from, one)},${one}`);
      await connection.rename(`${name(from + 1, one)},${one}`, name(from + 1, one), { newSuperior: two });
      await connection.rename(`${name(from + 1, two)},${two}`, name(from + 1, two), { newSuperior: one });
      await connection.rename(`${name(from + 2, two)},${two}`, `uid=new-${from}-${uidAttribute}`);
    };
    await shuffle(0);
    const told = (await model.walk(feed, 2)).flatMap(({ changes }) => changes);
    expect(await model.isRight()).toBe(true);
    // Moved from one base to the other is not gone.
    expect(new Set(told.flatMap(({ kind, id }) => (kind === 'delete' ? [id] : []))).size).toBe(1);
    // The server forgets what it deleted, and says what is there under each base.
    await shuffle(3);
    await server.stop();
    await server.start();
    connection = await connection.reopen();
    await model.walk(feed, 2);
    expect(await model.isRight()).toBe(true);
    const controller = new AbortController();
    const request = { pageSize: 100, memory: model.memory, signal: controller.signal };
    const watching = (async () => {
      for await (const page of feed.watch!(model.token, request)) await model.take(page);
    })();
    await shuffle(6);
    await expect.poll(() => model.isRight(), { timeout: 10_000 }).toBe(true);
    await addPerson(connection, `late-${uidAttribute}`, two);
    await expect.poll(() => model.isRight(), { timeout: 10_000 }).toBe(true);
    controller.abort();
    await watching;
    expect((await model.walk(feed)).flatMap(({ changes }) => changes)).toEqual([]);
  });

  it('that only say by their absence that many are gone are expired', async () => {
    const base = `ou=emptied,${SUFFIX}`;
    await addUnit(connection, base);
    for (let i = 0; i < 15; i++) await addPerson(connection, `emptied${i}`, base);
    const { feed, model } = await open('entryUUID', { baseContexts: [base] });
    await model.begin(feed);
    for (let i = 0; i < 12; i++) await connection.delete(`uid=emptied${i},${base}`);
    await server.stop();
    await server.start();
    connection = await connection.reopen();
    await expect(model.walk(feed)).rejects.toMatchObject({
      code: 'expired',
      message: expect.stringMatching(/12 of 15 entries/) as string,
    });
    expect(model.objects.size).toBe(15);
  });

  it('are told again when the connection is lost in the middle', async () => {
    await using proxy = await startCuttingProxy(server.port);
    const connector = personConnector(
      { ...login(), port: proxy.port },
      { baseContexts: [PEOPLE], uidAttribute: 'dn', readTimeout: 5000 },
    );
    connectors.push(connector);
    const feed = (await connector.feed!('account'))!;
    const model = new FeedModel(connect('dn').objectSet('account'));
    await model.begin(feed);
    await storm(connection, 71, 40);
    let losses = 0;
    // Wherever in the answer that is.
    for (let bytes = 150; bytes < 20_000 && losses >= 0; bytes = Math.ceil(bytes * 1.7)) {
      proxy.cutAfter(bytes);
      const end = await model.walk(feed, 3).then(
        () => null,
        (error: unknown) => error,
      );
      proxy.cutAfter(Infinity);
      if (end === null) break;
      expect(end).toMatchObject({ code: expect.stringMatching(/unreachable|incomplete-read/) as string });
      losses++;
    }
    expect(losses).toBeGreaterThan(3);
    await model.walk(feed, 3);
    expect(await model.isRight()).toBe(true);
  });

  it('a watch rejects when the connection is lost', async () => {
    const { feed, model } = await open('entryUUID');
    await model.begin(feed);
    const controller = new AbortController();
    const walk = feed.watch!(model.token, { memory: model.memory, pageSize: 100, signal: controller.signal })[
      Symbol.asyncIterator
    ]();
    await addPerson(connection, 'before-the-loss');
    expect((await walk.next()).done).toBe(false);
    const [end] = await Promise.allSettled([walk.next(), server.stop('SIGKILL')]);
    expect(end).toMatchObject({ status: 'rejected', reason: { code: 'incomplete-read' } });
    await server.start();
    connection = await connection.reopen();
  });

  it('by timestamps are told without deletes', async () => {
    const { feed, model } = await open('entryUUID', { useTimestampsForSync: true });
    expect(feed.nativeType).toBe('string');
    await model.begin(feed);
    expect(model.token).toMatch(/^\d{14}Z$/);
    await storm(connection, 31, 30, { canDelete: false });
    await model.walk(feed, 4);
    expect(await model.isRight()).toBe(true);
  });

  it('of a database without content synchronization are told by timestamps', async () => {
    const connector = connect('dn', { baseContexts: ['cn=Monitor'], accountObjectClasses: ['monitorContainer'] });
    expect(await connector.feed!('account')).toMatchObject({ nativeType: 'string' });
    await expect(connect('dn', { changeFeed: 'none' }).feed!('account')).resolves.toBeNull();
    await expect(connect('dn').feed!('__ALL__')).resolves.toBeNull();
    await expect(connect('dn', { changeFeed: 'dirSync' }).feed!('account')).rejects.toMatchObject({
      code: 'bad-configuration',
      message: expect.stringContaining('has no DirSync') as string,
    });
  });

  it('of an account of ours are left out', async () => {
    const { feed, model } = await open('entryUUID', { modifiersNamesToFilterOut: [SYNC_DN.toUpperCase()] });
    await model.begin(feed);
    await addPerson(connection, 'by-ourselves');
    expect((await model.walk(feed)).flatMap(({ changes }) => changes)).toEqual([]);
  });
});

async function addUnit(connection: LdapConnection, dn: string): Promise<void> {
  await connection.add(dn, [
    { name: 'objectClass', values: ['organizationalUnit'] },
    { name: 'ou', values: [dn.slice(3, dn.indexOf(','))] },
  ]);
}

function uidOf(model: FeedModel): string {
  return String([...model.objects.values()][0]!['uid']);
}

function cookie(text: string): string {
  return Buffer.from(text).toString('base64');
}
