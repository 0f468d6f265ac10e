import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Connector } from '../../src/connector/contract.ts';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import type { ChangeFeed } from '../../src/model/change-feed.ts';
import { openAs } from './conformance-subject.ts';
import { addPerson, PEOPLE, storm } from './directory-storm.ts';
import { FeedModel, personConnector } from './feed-model.ts';
import { startOpenLdap, type OpenLdap } from './openldap.ts';
import { SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
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
    for await (const page of feed.changes(model.token, { pageSize: 3 })) {
      await model.take({ ...page, token: model.token });
      break;
    }
    await model.walk(feed, 3);
    expect(await model.isRight()).toBe(true);
  });

  it('where ids are names, a start forgets which names there were, and says so', async () => {
    const { feed, model } = await open('dn');
    await model.begin(feed);
    await connection.rename(`uid=${uidOf(model)},${PEOPLE}`, 'uid=after-start');
    const later = await open('dn');
    later.model.token = model.token;
    await expect(later.model.walk(later.feed)).rejects.toMatchObject({ code: 'expired' });
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
    const pages = feed.watch!(model.token, { pageSize: 100, signal: controller.signal });
    const watching = (async () => {
      for await (const page of pages) await model.take(page);
    })();
    await addPerson(connection, `pushed-${uidAttribute}`);
    await storm(connection, 24, 30);
    await expect.poll(() => model.isRight(), { timeout: 10_000 }).toBe(true);
    controller.abort();
    await watching;
  });

  it('a watch rejects when the connection is lost', async () => {
    const { feed, model } = await open('entryUUID');
    await model.begin(feed);
    const controller = new AbortController();
    const walk = feed.watch!(model.token, { pageSize: 100, signal: controller.signal })[Symbol.asyncIterator]();
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
  });

  it('of an account of ours are left out', async () => {
    const { feed, model } = await open('entryUUID', { modifiersNamesToFilterOut: [SYNC_DN.toUpperCase()] });
    await model.begin(feed);
    await addPerson(connection, 'by-ourselves');
    expect((await model.walk(feed)).flatMap(({ changes }) => changes)).toEqual([]);
  });
});

function uidOf(model: FeedModel): string {
  return String([...model.objects.values()][0]!['uid']);
}

function cookie(text: string): string {
  return Buffer.from(text).toString('base64');
}
