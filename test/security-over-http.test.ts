import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject } from '../src/base/json.ts';
import { authenticationResource } from '../src/openidm/authentication-resource.ts';
import { infoResource } from '../src/openidm/info-resource.ts';
import { Router } from '../src/resource/router.ts';
import { createToken } from '../src/security/static-tokens.ts';
import { ADMIN_PASSWORD, basic, openidmHeaders, openTestSecurity } from '../src/security/testing/test-security.ts';
import { memoryCollection } from '../src/server/testing/memory-collection.ts';
import { openServer } from '../src/server/testing/open-server.ts';

type Headers = Readonly<Record<string, string>>;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: JsonObject;
}

const ADMIN = openidmHeaders('openidm-admin', ADMIN_PASSWORD);
const ANN = openidmHeaders('ann', 'pw-ann');
const ANONYMOUS = openidmHeaders('anonymous', 'anonymous');
const DENIED = { code: 403, reason: 'Forbidden', message: 'Access denied' };
const REFUSED = { code: 401, reason: 'Unauthorized', message: 'Access Denied' };

let world: Awaited<ReturnType<typeof openWorld>>;

async function openWorld() {
  const users = {
    ann: { userName: 'ann', password: 'pw-ann', roles: ['user'] },
    bob: { userName: 'bob', password: 'pw-bob', roles: ['user'] },
  };
  const stored = new Map(Object.entries(users).map(([id, doc]) => [id, { id, rev: '0', object: { _id: id, ...doc } }]));
  const opened = await openTestSecurity({ users, security: { managedUsers: { enabled: true } } });
  const { security } = opened;
  const router = new Router();
  router.addFilter(security.filter);
  router.mount('info', infoResource({ security, version: '1' }));
  router.mount('authentication', authenticationResource(security));
  router.mount('managed/user', memoryCollection(stored));
  for (const prefix of ['config', 'repo', 'system', 'audit', 'recon', 'script', 'managed/role'])
    router.mount(prefix, memoryCollection());
  const { server } = await openServer({ router, security });
  const send = (method: string, path: string, headers: Headers = {}, body?: unknown): Promise<Answer> =>
    sendTo(server.port, method, path, headers, body);
  return { ...opened, server, send, stored };
}

function sendTo(port: number, method: string, path: string, headers: Headers, body: unknown): Promise<Answer> {
  const bytes = body === undefined ? undefined : JSON.stringify(body);
  const all = bytes === undefined ? headers : { ...headers, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: '127.0.0.1', port, method, path, headers: all, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const value: unknown = text.startsWith('{') ? JSON.parse(text) : {};
        resolve({ status: response.statusCode!, headers: response.headers, body: isJsonObject(value) ? value : {} });
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(bytes);
  });
}

beforeEach(async () => {
  world = await openWorld();
});

afterEach(async () => {
  await world.server.stop();
});

const EVERYTHING: readonly [string, string, unknown][] = [
  ['GET', '/openidm/managed/user/bob', undefined],
  ['GET', '/openidm/managed/user?_queryFilter=true', undefined],
  ['GET', '/openidm/managed/user?_queryId=query-all', undefined],
  ['POST', '/openidm/managed/user?_action=create', { userName: 'x' }],
  ['PUT', '/openidm/managed/user/bob', { roles: ['openidm-admin'] }],
  ['PATCH', '/openidm/managed/user/bob', [{ operation: 'add', field: '/roles/-', value: 'x' }]],
  ['DELETE', '/openidm/managed/user/bob', undefined],
  ['GET', '/openidm/config/sync', undefined],
  ['PUT', '/openidm/config/sync', {}],
  ['GET', '/openidm/repo/internal/user/openidm-admin', undefined],
  ['GET', '/openidm/repo/link?_queryFilter=true', undefined],
  ['POST', '/openidm/system?_action=test', {}],
  ['GET', '/openidm/audit/recon?_queryFilter=true', undefined],
  ['POST', '/openidm/recon?_action=recon&mapping=m', {}],
  ['POST', '/openidm/script?_action=eval', { type: 'text/javascript', source: '1' }],
  ['GET', '/openidm/no/such/thing', undefined],
];

describe('every endpoint', () => {
  it.each(EVERYTHING)('is closed without credentials and with wrong ones: %s %s', async (method, path, body) => {
    const before = JSON.stringify([...world.stored]);
    const wrong = [
      {},
      openidmHeaders('openidm-admin', 'openidm-admin'),
      basic('ann', 'x'),
      { authorization: 'Bearer x' },
    ];
    for (const headers of wrong) {
      const answer = await world.send(method, path, headers, body);
      expect([answer.status, answer.body]).toEqual([401, REFUSED]);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    expect(JSON.stringify([...world.stored])).toBe(before);
  });

  it.each(EVERYTHING)('is closed for a lesser role: %s %s', async (method, path, body) => {
    const before = JSON.stringify([...world.stored]);
    for (const headers of [ANN, ANONYMOUS]) {
      const answer = await world.send(method, path, headers, body);
      expect([answer.status, answer.body]).toEqual([403, DENIED]);
    }
    expect(JSON.stringify([...world.stored])).toBe(before);
  });
});

describe('paths', () => {
  it.each([
    '/openidm/managed/user/ann/../bob',
    '/openidm/managed/user/ann/%2e%2e/bob',
    '/openidm/managed/user/ann%2F..%2Fbob',
    '/openidm/managed/user/..%2Fuser%2Fbob',
    '/openidm/managed/user/%62ob',
    '/openidm/managed/user/%2562ob',
    '/openidm/managed/user//bob',
    '/openidm/managed//user/bob',
    '/openidm//managed/user/bob',
    '/openidm/managed/user/bob/',
    '/openidm/managed/user/BOB',
    '/openidm/MANAGED/user/bob',
    '/openidm/info/../managed/user/bob',
    '/openidm/info/%2e%2e/managed/user/bob',
    '/openidm/managed/user/ann%00bob',
    '/openidm/managed/user/%7Bself%7D',
    '/openidm/managed/user/*',
    '/openidm/repo/managed/user/ann',
    '/openidm/managed/user/ann/roles',
  ])('lead a user to nobody else: %s', async (path) => {
    const answer = await world.send('GET', path, ANN);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(JSON.stringify(answer.body)).not.toContain('pw-bob');
  });

  it('lead a user to himself', async () => {
    expect((await world.send('GET', '/openidm/managed/user/ann', ANN)).status).toBe(200);
    expect((await world.send('GET', '/openidm/managed/user/%61nn', ANN)).status).toBe(200);
  });
});

describe('sessions over HTTP', () => {
  const cookieOf = ({ headers }: Answer): string => headers['set-cookie']![0]!.split(';')[0]!;

  it('begin, serve and end', async () => {
    const login = await world.send('POST', '/openidm/authentication?_action=login', ADMIN);
    expect(login.body).toMatchObject({ authenticationId: 'openidm-admin' });
    const cookie = cookieOf(login);
    expect((await world.send('GET', '/openidm/managed/user/bob', { cookie })).status).toBe(200);
    expect((await world.send('DELETE', '/openidm/managed/user/bob', { cookie })).status).toBe(403);
    const query = '/openidm/managed/user?_queryFilter=true';
    expect((await world.send('GET', query, { cookie })).status).toBe(403);
    const xhr = { cookie, 'x-requested-with': 'XMLHttpRequest' };
    expect((await world.send('GET', query, xhr)).status).toBe(200);
    const override = { cookie, 'x-http-method-override': 'PATCH' };
    expect((await world.send('POST', '/openidm/managed/user/bob', override, [])).status).toBe(403);
    const out = await world.send('POST', '/openidm/authentication?_action=logout', xhr);
    expect(out.headers['set-cookie']).toEqual(['session-jwt=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0']);
    expect((await world.send('GET', '/openidm/managed/user/bob', xhr)).status).toBe(401);
  });

  it('of a user are no more than the user', async () => {
    const cookie = cookieOf(await world.send('GET', '/openidm/info/login', ANN));
    const xhr = { cookie, 'x-requested-with': 'XMLHttpRequest' };
    expect((await world.send('GET', '/openidm/managed/user/ann', xhr)).status).toBe(200);
    expect((await world.send('GET', '/openidm/managed/user/bob', xhr)).status).toBe(403);
    const roles = [{ operation: 'replace', field: '/roles', value: ['openidm-admin'] }];
    expect((await world.send('PATCH', '/openidm/managed/user/ann', xhr, roles)).status).toBe(403);
  });
});

describe('other ways in', () => {
  it('Basic and tokens work, and tell who it is', async () => {
    const token = await createToken(world.accounts, world.clock, {
      name: 'ci',
      roles: ['openidm-admin'],
      expiresMs: null,
    });
    for (const [headers, id] of [
      [basic('openidm-admin', ADMIN_PASSWORD), 'openidm-admin'],
      [{ authorization: `Bearer ${token}` }, 'token:ci'],
    ] as const) {
      const answer = await world.send('GET', '/openidm/info/login', headers);
      expect(answer.body).toMatchObject({ _id: 'login', authorization: { id } });
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
  });

  it('too many failures are answered with 429 and a time', async () => {
    for (let i = 0; i < 6; i++) await world.send('GET', '/openidm/info/ping', openidmHeaders('openidm-admin', `${i}`));
    const answer = await world.send('GET', '/openidm/info/ping', ADMIN);
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '1']);
  });

  it('a name in UTF-8 arrives as it was sent', async () => {
    await world.send('GET', '/openidm/info/ping', openidmHeaders(Buffer.from('jörg').toString('latin1'), 'x'));
    expect(world.events.at(-1)?.event['principal']).toEqual(['jörg']);
    await world.send('GET', '/openidm/info/ping', openidmHeaders("UTF-8''j%C3%B6rg", 'x'));
    expect(world.events.at(-1)?.event['principal']).toEqual(['jörg']);
  });
});
