import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/base/json.ts';
import type { Connector } from '../../src/connector/contract.ts';
import { ldapConnector } from '../../src/connectors/ldap/ldap-connector.ts';
import { openLdap, type LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import type { ChangeFeed, FeedPage } from '../../src/model/change-feed.ts';
import { connectorConfig } from './conformance-subject.ts';
import { addDomainPart, addUser, domainStorm, type DomainPart } from './domain-storm.ts';
import { FeedModel, PERSON, property } from './feed-model.ts';
import { ADMINISTRATOR, ADMINISTRATOR_PASSWORD, canRunSamba, DOMAIN, startSamba, type SambaServer } from './samba.ts';
import { isServerSkipped } from './skipped-servers.ts';

const USER = { ...PERSON, properties: { ...PERSON.properties, uid: property('sAMAccountName') } };
const PLAIN = { name: 'plain', password: 'Passw0rd!77' };

describe.skipIf(isServerSkipped('samba') || !canRunSamba())('changes of Active Directory (Samba)', () => {
  let server: SambaServer;
  let connection: LdapConnection;
  const connectors: Connector[] = [];
  const lines: string[] = [];

  const connect = (base: string, more: JsonObject = {}): Connector => {
    const settings: JsonObject = {
      host: server.host,
      principal: ADMINISTRATOR,
      credentials: ADMINISTRATOR_PASSWORD,
      baseContexts: [base],
      accountObjectClasses: ['top', 'person', 'organizationalPerson', 'user'],
      uidAttribute: 'objectGUID',
      ...more,
    };
    const log = { write: (_: unknown, text: string) => void lines.push(text) };
    const connector = ldapConnector.create(connectorConfig(settings, { account: USER }), {
      projectDirectory: '/',
      log,
    });
    connectors.push(connector);
    return connector;
  };
  const open = async (base: string, more: JsonObject = {}): Promise<{ feed: ChangeFeed; model: FeedModel }> => {
    const connector = connect(base, more);
    return { feed: (await connector.feed!('account'))!, model: new FeedModel(connector.objectSet('account')) };
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
    await connection.add(`CN=${PLAIN.name},CN=Users,${DOMAIN}`, [
      { name: 'objectClass', values: ['user'] },
      { name: 'sAMAccountName', values: [PLAIN.name] },
      { name: 'unicodePwd', values: [Buffer.from(`"${PLAIN.password}"`, 'utf16le')] },
      { name: 'userAccountControl', values: ['512'] },
    ]);
  }, 60_000);
  afterEach(async () => {
    lines.length = 0;
    for (const connector of connectors.splice(0)) await connector.close();
  });
  afterAll(async () => {
    connection?.close();
    await server?.dispose();
  });

  const kinds = ['dirSync', 'usn'].flatMap((changeFeed) =>
    ['objectGUID', 'dn', 'sAMAccountName'].map((uidAttribute) => ({ changeFeed, uidAttribute })),
  );

  it.each(kinds)(
    'are told completely, whatever happens ($changeFeed, ids are $uidAttribute)',
    async (settings) => {
      const { changeFeed, uidAttribute } = settings;
      const part = await addDomainPart(connection, `${changeFeed}-${uidAttribute}`, DOMAIN);
      await domainStorm(connection, part, 1, 15);
      const { feed, model } = await open(part.base, settings);
      await model.begin(feed);
      for (const seed of [2, 3, 4, 5]) {
        await domainStorm(connection, part, seed + uidAttribute.length, 12);
        for (const { changes } of await model.walk(feed, 3)) expect(changes.length).toBeLessThanOrEqual(3);
        expect(await model.isRight(), `seed ${seed}`).toBe(true);
      }
      expect((await model.walk(feed)).flatMap(({ changes }) => changes)).toEqual([]);
    },
    60_000,
  );

  it.each(['dirSync', 'usn'])('tell deletes by id, and renames by both (%s)', async (changeFeed) => {
    const { base } = await addDomainPart(connection, `single-${changeFeed}`, DOMAIN);
    for (const name of ['a', 'b', 'c']) await addUser(connection, `CN=${name},${base}`);
    const { feed, model } = await open(base, { changeFeed, uidAttribute: 'dn' });
    await model.begin(feed);
    await connection.delete(`CN=a,${base}`);
    await connection.rename(`CN=b,${base}`, 'CN=bb');
    await addUser(connection, `CN=b,${base}`);
    const told = (await model.walk(feed)).flatMap(({ changes }) => changes);
    expect(told.map(({ kind, id, previousId }) => [kind, id, previousId])).toEqual([
      ['delete', `CN=a,${base}`, null],
      ['createOrUpdate', `CN=bb,${base}`, `CN=b,${base}`],
      ['createOrUpdate', `CN=b,${base}`, null],
    ]);
  });

  it.each(['dirSync', 'usn'])('are told again when a page was not handled (%s)', async (changeFeed) => {
    const part = await addDomainPart(connection, `again-${changeFeed}`, DOMAIN);
    await domainStorm(connection, part, 11, 12);
    const { feed, model } = await open(part.base, { changeFeed, uidAttribute: 'dn' });
    await model.begin(feed);
    await domainStorm(connection, part, 12, 15);
    const request = { pageSize: 2, memory: model.memory };
    for await (const page of feed.changes(model.token, request)) {
      await model.take({ ...page, token: model.token });
      break;
    }
    await model.walk(feed, 2);
    expect(await model.isRight()).toBe(true);
  });

  it.each(['dirSync', 'usn'])('are pushed as they happen (%s)', async (changeFeed) => {
    const part: DomainPart = await addDomainPart(connection, `push-${changeFeed}`, DOMAIN);
    const { feed, model } = await open(part.base, { changeFeed, uidAttribute: 'dn' });
    await model.begin(feed);
    await domainStorm(connection, part, 21, 5);
    const controller = new AbortController();
    const request = { pageSize: 100, memory: model.memory, signal: controller.signal };
    const watching = (async () => {
      for await (const page of feed.watch!(model.token, request)) await model.take(page);
    })();
    await domainStorm(connection, part, 22, 10);
    await expect.poll(() => model.isRight(), { timeout: 15_000 }).toBe(true);
    // Nothing else is under way: what comes now comes because the server says so.
    await addUser(connection, `CN=late,${part.base}`);
    await expect.poll(() => model.isRight(), { timeout: 5000 }).toBe(true);
    controller.abort();
    await watching;
  });

  it('are told by DirSync where the server has it, also to an account without rights', async () => {
    const { base } = await addDomainPart(connection, 'plain', DOMAIN);
    await addUser(connection, `CN=a,${base}`);
    const login = { principal: `${PLAIN.name}@AD.EXAMPLE.ORG`, credentials: PLAIN.password };
    const { feed, model } = await open(base, login);
    await model.begin(feed);
    expect(model.token).toHaveProperty('cookies');
    await addUser(connection, `CN=b,${base}`);
    await connection.modify(`CN=a,${base}`, [{ operation: 'replace', name: 'l', values: ['Rom'] }]);
    await model.walk(feed);
    expect(await model.isRight()).toBe(true);
    expect(model.objects.size).toBe(2);
  });

  it('of attributes that are not to be synchronized are passed over', async () => {
    const { base } = await addDomainPart(connection, 'attributes', DOMAIN);
    await addUser(connection, `CN=a,${base}`);
    const { feed, model } = await open(base, { attributesToSynchronize: ['mail'] });
    await model.begin(feed);
    await connection.modify(`CN=a,${base}`, [{ operation: 'replace', name: 'l', values: ['Oslo'] }]);
    expect((await model.walk(feed)).flatMap(({ changes }) => changes)).toEqual([]);
    await connection.modify(`CN=a,${base}`, [{ operation: 'replace', name: 'mail', values: ['a@x.org'] }]);
    expect((await model.walk(feed)).flatMap(({ changes }) => changes)).toHaveLength(1);
  });

  it.each([
    ['dirSync', 'nothing', () => 'x'],
    ['dirSync', 'junk', (token: JsonObject) => ({ ...token, usn: '1', cookies: { [DOMAIN]: 'anVuaw==' } })],
    ['dirSync', 'the future', (token: JsonObject) => ({ ...token, usn: '999999999' })],
    ['dirSync', 'a controller that was restored', (token: JsonObject) => ({ ...token, invocation: '00' })],
    ['usn', 'nothing', () => 'x'],
    ['usn', 'the future', (token: JsonObject) => ({ ...token, usn: '999999999' })],
    ['usn', 'a controller that was restored', (token: JsonObject) => ({ ...token, invocation: '00' })],
    ['usn', 'another controller', (token: JsonObject) => ({ ...token, server: 'CN=other' })],
  ] as const)('by %s behind a token of %s are expired', async (changeFeed, _, change) => {
    const { feed, model } = await open(DOMAIN, { changeFeed });
    model.token = change((await feed.latest()) as JsonObject);
    const pages: FeedPage[] = [];
    await expect(model.walk(feed).then((told) => pages.push(...told))).rejects.toMatchObject({ code: 'expired' });
    expect(pages).toEqual([]);
  });

  it('a watch rejects when the connection is lost', async () => {
    const { base } = await addDomainPart(connection, 'lost', DOMAIN);
    const { feed, model } = await open(base);
    await model.begin(feed);
    const controller = new AbortController();
    const request = { pageSize: 10, memory: model.memory, signal: controller.signal };
    const walk = feed.watch!(model.token, request)[Symbol.asyncIterator]();
    await addUser(connection, `CN=before,${base}`);
    expect((await walk.next()).done).toBe(false);
    const rest = (async () => {
      while ((await walk.next()).done !== true);
    })();
    rest.catch(() => {});
    await connectors.at(-1)!.close();
    await expect(rest).rejects.toMatchObject({ code: expect.stringMatching(/incomplete-read|unreachable/) as string });
  });
});
