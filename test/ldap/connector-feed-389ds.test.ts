import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Connector } from '../../src/connector/contract.ts';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import type { ChangeFeed } from '../../src/model/change-feed.ts';
import { openAs, type DirectoryLogin } from './conformance-subject.ts';
import { MANAGER_DN, MANAGER_PASSWORD } from './directory389-config.ts';
import { startDirectory389, type Directory389 } from './directory389.ts';
import { addPerson, PEOPLE, storm } from './directory-storm.ts';
import { FeedModel, personConnector } from './feed-model.ts';
import { SUFFIX, SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { peopleLdif } from './people.ts';
import { isServerSkipped } from './skipped-servers.ts';

describe.skipIf(isServerSkipped('389ds'))('changes of a 389 Directory Server', () => {
  let server: Directory389;
  let connection: LdapConnection;
  const connectors: Connector[] = [];

  const login = (): DirectoryLogin => ({ port: server.port, dn: MANAGER_DN, password: MANAGER_PASSWORD });
  const open = async (
    more = {},
    as = login(),
  ): Promise<{ feed: ChangeFeed; model: FeedModel; connector: Connector }> => {
    const connector = personConnector(as, { baseContexts: [PEOPLE], ...more });
    connectors.push(connector);
    const model = new FeedModel(connector.objectSet('account'));
    return { feed: (await connector.feed!('account'))!, model, connector };
  };

  beforeAll(async () => {
    server = await startDirectory389(peopleLdif(30));
    connection = await openAs(login());
  });
  afterEach(async () => {
    for (const connector of connectors.splice(0)) await connector.close();
  });
  afterAll(async () => {
    connection?.close();
    await server?.dispose();
  });

  it.each([
    ['nsUniqueId', 'auto'],
    ['dn', 'auto'],
    ['nsUniqueId', 'contentSync'],
    ['dn', 'contentSync'],
  ])('are told completely where ids are %s, by %s', async (uidAttribute, changeFeed) => {
    const { feed, model } = await open({ uidAttribute, changeFeed, changeLogBlockSize: 9 });
    expect(feed.nativeType).toBe(changeFeed === 'auto' ? 'integer' : 'object');
    await model.begin(feed);
    for (const seed of [1, 2, 3]) {
      await storm(connection, seed * 7 + uidAttribute.length, 25);
      await model.walk(feed, 7);
      expect(await model.isRight()).toBe(true);
    }
    expect((await model.walk(feed)).flatMap(({ changes }) => changes)).toEqual([]);
  });

  it.each(['nsUniqueId', 'dn'])(
    'of what is moved in, moved out, and below a renamed container are told (%s)',
    async (uidAttribute) => {
      const { feed, model } = await open({ uidAttribute });
      const place = `ou=place-${uidAttribute},${PEOPLE}`;
      const outside = `ou=groups,${SUFFIX}`;
      const ou = { name: 'ou', values: [`place-${uidAttribute}`] };
      await connection.add(place, [{ name: 'objectClass', values: ['organizationalUnit'] }, ou]);
      const inner = [1, 2, 3].map((i) => addPerson(connection, `inner${i}-${uidAttribute}`, place));
      await Promise.all(inner);
      const leaving = await addPerson(connection, `leaving-${uidAttribute}`);
      const coming = await addPerson(connection, `coming-${uidAttribute}`, outside);
      await model.begin(feed);
      await connection.rename(place, `ou=elsewhere-${uidAttribute}`);
      await connection.rename(leaving, `uid=leaving-${uidAttribute}`, { newSuperior: outside });
      await connection.rename(coming, `uid=coming-${uidAttribute}`, { newSuperior: PEOPLE });
      await model.walk(feed, 2);
      expect(await model.isRight()).toBe(true);
    },
  );

  it('have the numbers of the change log as tokens, each of which can be gone on with', async () => {
    const { feed, model } = await open({ uidAttribute: 'dn' });
    await model.begin(feed);
    const before = Number(model.token);
    await addPerson(connection, 'numbered');
    await connection.modify(`uid=numbered,${PEOPLE}`, [{ operation: 'replace', name: 'l', values: ['Rom'] }]);
    const [page] = await model.walk(feed);
    expect(page).toMatchObject({ isResumable: true, token: before + 2 });
    expect(page!.changes.map(({ kind, token, id }) => [kind, token, id])).toEqual([
      ['create', before + 1, `uid=numbered,${PEOPLE}`],
      ['update', before + 2, `uid=numbered,${PEOPLE}`],
    ]);
  });

  it('of attributes that are not to be synchronized are passed over', async () => {
    const { feed, model } = await open({ attributesToSynchronize: ['mail'] });
    model.token = await feed.latest();
    await connection.modify(`uid=numbered,${PEOPLE}`, [{ operation: 'replace', name: 'l', values: ['Oslo'] }]);
    const [page] = await model.walk(feed);
    expect(page!.changes).toEqual([]);
    expect(page!.token).toBe(await feed.latest());
    await connection.modify(`uid=numbered,${PEOPLE}`, [{ operation: 'add', name: 'mail', values: ['n@example.org'] }]);
    expect((await model.walk(feed)).flatMap(({ changes }) => changes)).toHaveLength(1);
  });

  it('are pushed as they happen', async () => {
    const { feed, model } = await open({ uidAttribute: 'nsUniqueId' });
    await model.begin(feed);
    const controller = new AbortController();
    const watching = (async () => {
      for await (const page of feed.watch!(model.token, {
        memory: model.memory,
        pageSize: 100,
        signal: controller.signal,
      }))
        await model.take(page);
    })();
    await storm(connection, 24, 20);
    await expect.poll(() => model.isRight(), { timeout: 15_000 }).toBe(true);
    controller.abort();
    await watching;
  });

  it.each([1_000_000, 'x', -5])('behind the token %j are expired', async (token) => {
    const { feed, model } = await open();
    model.token = token;
    await expect(model.walk(feed)).rejects.toMatchObject({ code: 'expired' });
  });

  it('cannot be told to an account that may not read the change log', async () => {
    const { feed } = await open({}, { port: server.port, dn: SYNC_DN, password: SYNC_PASSWORD });
    await expect(feed.latest()).rejects.toMatchObject({
      code: 'denied',
      message:
        "Unable to locate the DS replication change log suffix. Please make sure it's enabled, and changelog-read access is granted.",
    });
  });
});
