import { mkdtempSync, rmSync, statSync, chmodSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { INTERNAL_USER_TYPE, rolesOf, setPassword, storableInternalUser } from './internal-users.ts';
import type { RequestCredentials } from './credentials.ts';
import { hashPassword } from './password-hash.ts';
import type { Security } from './security.ts';
import { readSessionKey } from './session-key.ts';
import { keyedHash } from './keyed-hash.ts';
import { signSession } from './session-cookie.ts';
import {
  ADMIN_PASSWORD,
  basic,
  CHEAP,
  contextOf,
  cookieOf,
  openidmHeaders,
  openTestSecurity,
  request,
} from './testing/test-security.ts';

const ADMIN = openidmHeaders('openidm-admin', ADMIN_PASSWORD);
const GUESS = openidmHeaders('openidm-admin', 'openidm-admin');
const XHR = { 'x-requested-with': 'XMLHttpRequest' };
const HOUR = 3_600_000;

async function statusOf(security: Security, one: RequestCredentials): Promise<number> {
  try {
    await security.authenticate(one);
    return 200;
  } catch (error) {
    return (error as { status: number }).status;
  }
}

describe('the first start', () => {
  it('takes the password of the environment, and keeps a slow hash of it only', async () => {
    const { security, accounts } = await openTestSecurity();
    expect(security.firstPassword).toBeNull();
    const [user] = await accounts.list(INTERNAL_USER_TYPE);
    expect(user).toMatchObject({ id: 'openidm-admin', doc: { roles: ['openidm-admin', 'openidm-authorized'] } });
    expect(user!.doc['password']).toMatch(/^\$scrypt\$/);
    expect(JSON.stringify(user)).not.toContain(ADMIN_PASSWORD);
    expect(await statusOf(security, request(ADMIN))).toBe(200);
  });

  it('makes a password up, tells it once and keeps it nowhere', async () => {
    const { security, accounts, reopen, events } = await openTestSecurity({ env: {} });
    const password = security.firstPassword!;
    expect(password).toMatch(/^[\w-]{24}$/);
    expect(JSON.stringify([await accounts.list(INTERNAL_USER_TYPE), events])).not.toContain(password);
    expect(await statusOf(security, request(openidmHeaders('openidm-admin', password)))).toBe(200);
    expect(await statusOf(security, request(GUESS))).toBe(401);
    expect((await reopen()).firstPassword).toBeNull();
  });

  it('is the first only once: another environment changes nothing later', async () => {
    const world = await openTestSecurity({ env: {} });
    const { firstPassword } = world.security;
    const again = await world.reopen();
    expect(await statusOf(again, request(openidmHeaders('openidm-admin', firstPassword!)))).toBe(200);
  });
});

describe('a log-in', () => {
  it('with headers or Basic tells who it is', async () => {
    const { security } = await openTestSecurity();
    for (const headers of [ADMIN, basic('openidm-admin', ADMIN_PASSWORD)])
      expect((await security.authenticate(request(headers))).caller).toEqual({
        id: 'openidm-admin',
        component: 'internal/user',
        roles: ['openidm-admin', 'openidm-authorized'],
        isExternal: true,
      });
  });

  it.each<[string, RequestCredentials['headers']]>([
    ['nothing', {}],
    ['a wrong password', GUESS],
    ['no password', { 'x-openidm-username': 'openidm-admin' }],
    ['an empty password', openidmHeaders('openidm-admin', '')],
    ['nobody', openidmHeaders('', '')],
    ['an unknown user', openidmHeaders('mallory', ADMIN_PASSWORD)],
    ['the stored hash', openidmHeaders('openidm-admin', '$scrypt$ln=4,r=1,p=1$')],
    ['a name with more', openidmHeaders('openidm-admin\u0000', ADMIN_PASSWORD)],
    ['a name in capitals', openidmHeaders('OPENIDM-ADMIN', ADMIN_PASSWORD)],
    ['a path for a name', openidmHeaders('../user/openidm-admin', ADMIN_PASSWORD)],
    ['a filter for a name', openidmHeaders('openidm-admin" or true', ADMIN_PASSWORD)],
    ['a long name', openidmHeaders('x'.repeat(8000), ADMIN_PASSWORD)],
    ['a lone surrogate', openidmHeaders('\ud800', ADMIN_PASSWORD)],
    ['a prototype', openidmHeaders('__proto__', ADMIN_PASSWORD)],
    ['an unknown token', { authorization: `Bearer lockstep_${'0'.repeat(24)}_${'A'.repeat(43)}` }],
    ['no token', { authorization: 'Bearer x' }],
    ['right Basic, wrong headers', { ...GUESS, ...basic('openidm-admin', ADMIN_PASSWORD) }],
  ])('with %s is refused, in the same words', async (_, headers) => {
    const { security } = await openTestSecurity();
    await expect(security.authenticate(request(headers))).rejects.toMatchObject({
      code: 'unauthorized',
      status: 401,
      message: 'Access Denied',
      detail: undefined,
    });
  });

  it('as anonymous gives the role for info, if it is allowed', async () => {
    const headers = openidmHeaders('anonymous', 'anonymous');
    const { security } = await openTestSecurity();
    const { caller, setCookies } = await security.authenticate(request(headers));
    expect(caller.roles).toEqual(['openidm-reg']);
    expect(setCookies).toEqual([]);
    const strict = await openTestSecurity({ security: { anonymous: false } });
    expect(await statusOf(strict.security, request(headers))).toBe(401);
  });

  it('is held up after failures, not elsewhere, and for a time', async () => {
    const { security, clock } = await openTestSecurity();
    for (let i = 0; i < 6; i++)
      expect(await statusOf(security, request(openidmHeaders('openidm-admin', `${i}`)))).toBe(401);
    await expect(security.authenticate(request(ADMIN))).rejects.toMatchObject({
      status: 429,
      detail: { retryAfterSeconds: 1 },
    });
    expect(await statusOf(security, request(ADMIN, { clientIp: '203.0.113.9' }))).toBe(200);
    clock.advance(1000);
    expect(await statusOf(security, request(ADMIN))).toBe(200);
  });

  it('with the same wrong words again and again is refused each time, and holds up nothing', async () => {
    const { security, events } = await openTestSecurity();
    for (let i = 0; i < 200; i++) expect(await statusOf(security, request(GUESS))).toBe(401);
    expect(await statusOf(security, request(ADMIN))).toBe(200);
    const failures = events.filter(({ event }) => event['result'] === 'FAILED');
    expect(failures).toHaveLength(2);
  });

  it('is not refused from memory after the password was changed to what was wrong before', async () => {
    const { security, accounts } = await openTestSecurity();
    expect(await statusOf(security, request(GUESS))).toBe(401);
    await setPassword(accounts, 'openidm-admin', 'openidm-admin', CHEAP);
    expect(await statusOf(security, request(GUESS))).toBe(200);
  });

  it('a hundred times at once from one place is one', async () => {
    const { security } = await openTestSecurity();
    const statuses = await Promise.all(Array.from({ length: 100 }, () => statusOf(security, request(ADMIN))));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it('of guesses side by side is counted as one after the other', async () => {
    const { security } = await openTestSecurity();
    const guesses = Array.from({ length: 100 }, (_, i) => request(openidmHeaders('openidm-admin', `guess ${i}`)));
    const statuses = await Promise.all(guesses.map((guess) => statusOf(security, guess)));
    expect(statuses.filter((status) => status === 401).length).toBeLessThan(10);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(90);
  });

  it('is told to the audit, without the password', async () => {
    const { security, events } = await openTestSecurity();
    await security.authenticate(request(ADMIN, { transactionId: 'tx-7' }));
    await security.authenticate(request(ADMIN));
    await statusOf(security, request(openidmHeaders('mal\nlory', 'hunter2')));
    expect(events).toHaveLength(2);
    expect(events[0]).toMatchObject({
      topic: 'authentication',
      transactionId: 'tx-7',
      userId: 'openidm-admin',
      event: {
        eventName: 'LOGIN',
        result: 'SUCCESSFUL',
        principal: ['openidm-admin'],
        entries: [{ moduleId: 'INTERNAL_USER', result: 'SUCCESSFUL', info: { ipAddress: '192.0.2.1' } }],
      },
    });
    expect(events[1]).toMatchObject({ userId: '', event: { result: 'FAILED', principal: ['mal\ufffdlory'] } });
    expect(JSON.stringify(events)).not.toMatch(/hunter2|Correct horse/);
  });
});

describe('a session', () => {
  it('begins with a log-in by headers, and stands for it', async () => {
    const { security } = await openTestSecurity();
    const login = await security.authenticate(request(ADMIN, { isSecure: true }));
    expect(login.setCookies).toHaveLength(1);
    expect(login.setCookies[0]).toMatch(/^session-jwt=[\w.-]+; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
    const { caller, setCookies } = await security.authenticate(request(cookieOf(login)));
    expect(caller).toEqual(login.caller);
    expect(setCookies).toEqual([]);
    expect(security.loginInfo(contextOf({ caller, setCookies }))).toEqual({
      authenticationId: 'openidm-admin',
      authorization: {
        id: 'openidm-admin',
        component: 'internal/user',
        roles: ['openidm-admin', 'openidm-authorized'],
        authLogin: true,
        moduleId: 'JWT_SESSION',
        ipAddress: '192.0.2.1',
      },
    });
  });

  it('is not begun where none is wanted', async () => {
    const { security } = await openTestSecurity();
    const cookies = async (headers: Record<string, string>, path = 'x') =>
      (await security.authenticate(request(headers, { path }))).setCookies.length;
    expect(await cookies({ ...ADMIN, 'x-openidm-nosession': 'true' })).toBe(0);
    expect(await cookies(basic('openidm-admin', ADMIN_PASSWORD))).toBe(0);
    expect(await cookies(basic('openidm-admin', ADMIN_PASSWORD), 'authentication')).toBe(1);
  });

  it('gets an id of its own, whatever cookie is brought along', async () => {
    const { security } = await openTestSecurity();
    const first = await security.authenticate(request(ADMIN));
    const planted = await security.authenticate(request({ ...ADMIN, cookie: 'session-jwt=v1.planted.x' }));
    expect(cookieOf(planted)['cookie']).not.toContain('planted');
    expect(cookieOf(planted)).not.toEqual(cookieOf(first));
    const again = await security.authenticate(request({ ...ADMIN, ...cookieOf(first) }));
    expect(again.setCookies).toEqual([]);
  });

  it('changes something only with a header that no other site can send', async () => {
    const { security } = await openTestSecurity();
    const cookie = cookieOf(await security.authenticate(request(ADMIN)));
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect(await statusOf(security, request(cookie, { method }))).toBe(403);
    expect(await statusOf(security, request(cookie, { isQuery: true }))).toBe(403);
    expect(await statusOf(security, request({ ...cookie, ...XHR }, { method: 'PUT' }))).toBe(200);
    expect(await statusOf(security, request(cookie))).toBe(200);
  });

  it('is not stood in for by Basic credentials that a browser adds for another site', async () => {
    const { security } = await openTestSecurity();
    const from = (site: string) =>
      request({ ...basic('openidm-admin', ADMIN_PASSWORD), 'sec-fetch-site': site }, { method: 'POST' });
    expect(await statusOf(security, from('cross-site'))).toBe(403);
    expect(await statusOf(security, from('same-site'))).toBe(403);
    expect(await statusOf(security, from('same-origin'))).toBe(200);
  });

  it.each([
    ['https://evil.example', 403],
    ['http://id.example.com:8081', 403],
    ['null', 403],
    ['http://id.example.com:8080', 200],
    ['HTTP://ID.example.com:8080', 200],
  ])('nor with the Origin %s: %i', async (origin, status) => {
    const { security } = await openTestSecurity();
    const headers = { ...basic('openidm-admin', ADMIN_PASSWORD), origin, host: 'id.example.com:8080' };
    expect(await statusOf(security, request(headers, { method: 'POST' }))).toBe(status);
    expect(await statusOf(security, request(headers))).toBe(200);
    expect(await statusOf(security, request({ ...headers, ...XHR }, { method: 'PUT' }))).toBe(200);
  });

  it('ends when nothing is heard for half an hour, and is kept alive by requests', async () => {
    const { security, clock } = await openTestSecurity();
    let cookie = cookieOf(await security.authenticate(request(ADMIN)));
    for (let i = 0; i < 3; i++) {
      clock.advance(HOUR / 2 - 1);
      cookie = cookieOf(await security.authenticate(request(cookie)));
    }
    clock.advance(HOUR / 2);
    expect(await statusOf(security, request(cookie))).toBe(401);
  });

  it('ends two hours after the log-in, however busy', async () => {
    const { security, clock } = await openTestSecurity();
    let cookie = cookieOf(await security.authenticate(request(ADMIN)));
    for (let i = 0; i < 7; i++) {
      clock.advance(HOUR / 4);
      cookie = cookieOf(await security.authenticate(request(cookie)));
    }
    clock.advance(HOUR / 4);
    expect(await statusOf(security, request(cookie))).toBe(401);
  });

  it('ends with the log-out, for every copy of its cookie, over a restart, too', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'lockstep-'));
    try {
      const world = await openTestSecurity({ dataDirectory: directory });
      const cookie = cookieOf(await world.security.authenticate(request(ADMIN)));
      const other = cookieOf(await world.security.authenticate(request(ADMIN)));
      const mine = await world.security.authenticate(request({ ...cookie, ...XHR }, { method: 'POST' }));
      await world.security.logout(contextOf(mine, 'tx-9'));
      expect(world.security.cookiesAfter('tx-9')).toEqual([
        'session-jwt=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0',
      ]);
      expect(world.security.cookiesAfter('tx-9')).toEqual([]);
      const after = await world.reopen();
      for (const security of [world.security, after]) {
        expect(await statusOf(security, request(cookie))).toBe(401);
        expect(await statusOf(security, request(other))).toBe(200);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });

  it('ends when the password, the roles or the user change', async () => {
    const { security, accounts } = await openTestSecurity();
    const signIn = async (password: string) =>
      cookieOf(await security.authenticate(request(openidmHeaders('openidm-admin', password))));
    const account = async () => (await accounts.read(INTERNAL_USER_TYPE, 'openidm-admin'))!;
    const first = await signIn(ADMIN_PASSWORD);
    await setPassword(accounts, 'openidm-admin', 'new', CHEAP);
    expect(await statusOf(security, request(first))).toBe(401);
    expect(await statusOf(security, request(ADMIN))).toBe(401);
    const second = await signIn('new');
    const held = await account();
    await accounts.update(INTERNAL_USER_TYPE, held, { ...held.doc, roles: ['openidm-authorized'] });
    expect(await statusOf(security, request(second))).toBe(401);
    const third = await signIn('new');
    await accounts.delete(INTERNAL_USER_TYPE, await account());
    expect(await statusOf(security, request(third))).toBe(401);
  });

  it('is not made by who does not have the key, nor by one who has another', async () => {
    const { security } = await openTestSecurity();
    const who = { name: 'openidm-admin', component: 'internal/user', id: 'openidm-admin', stamp: '', sessionId: 's' };
    const forged = signSession(
      { ...who, startedMs: 1_800_000_000_000, seenMs: 1_800_000_000_000 },
      keyedHash(new Uint8Array(32)),
    );
    expect(await statusOf(security, request({ cookie: `session-jwt=${forged}` }))).toBe(401);
  });

  it('keeps its key to itself', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'lockstep-'));
    const file = path.join(directory, 'session.key');
    try {
      await openTestSecurity({ dataDirectory: directory });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      const again = await Promise.all([readSessionKey(directory), readSessionKey(directory)]);
      expect(again[0]).toEqual(again[1]);
      rmSync(file);
      const [one, other] = await Promise.all([readSessionKey(directory), readSessionKey(directory)]);
      expect(one).toEqual(other);
      expect(one).not.toEqual(again[0]);
      chmodSync(file, 0o644);
      await expect(openTestSecurity({ dataDirectory: directory })).rejects.toThrow(
        /can be read by others; run: chmod 600/,
      );
      chmodSync(file, 0o600);
      writeFileSync(file, 'short');
      await expect(openTestSecurity({ dataDirectory: directory })).rejects.toThrow('is damaged');
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

describe('the password once more', () => {
  it('is asked for by a header, and checked like a log-in', async () => {
    const { security } = await openTestSecurity();
    const cookie = { ...cookieOf(await security.authenticate(request(ADMIN))), ...XHR };
    const shows = async (more: Record<string, string>) => {
      const one = await security.authenticate(request({ ...cookie, ...more }, { method: 'POST' }));
      return security.reauthenticate(contextOf(one));
    };
    await expect(shows({ 'x-openidm-reauth-password': ADMIN_PASSWORD })).resolves.toBeUndefined();
    await expect(shows({ 'x-openidm-reauth-password': 'no' })).rejects.toMatchObject({ status: 403 });
    await expect(shows({})).rejects.toMatchObject({ status: 403 });
    for (let i = 0; i < 6; i++) await shows({ 'x-openidm-reauth-password': `${i}` }).catch(() => {});
    await expect(shows({ 'x-openidm-reauth-password': ADMIN_PASSWORD })).rejects.toMatchObject({ status: 429 });
  });
});

describe('what is written to internal users', () => {
  it('is hashed; a password that is not sent stays', async () => {
    const stored = await storableInternalUser({ password: 'plain', roles: ['a'] }, null, CHEAP);
    expect(stored['password']).toMatch(/^\$scrypt\$/);
    expect(await storableInternalUser({ roles: ['b'] }, stored, CHEAP)).toEqual({ ...stored, roles: ['b'] });
    const foreign = await storableInternalUser({ password: stored['password']! }, null, CHEAP);
    expect(foreign['password']).not.toBe(stored['password']);
    await expect(storableInternalUser({ password: 7 }, null, CHEAP)).rejects.toMatchObject({ status: 400 });
    await expect(storableInternalUser({ password: '' }, null, CHEAP)).rejects.toMatchObject({ status: 400 });
  });

  it('a plain text that got there anyhow is no password', async () => {
    const { security, accounts } = await openTestSecurity();
    await accounts.create(INTERNAL_USER_TYPE, 'raw', { password: 'plain', roles: ['openidm-admin'] });
    expect(await statusOf(security, request(openidmHeaders('raw', 'plain')))).toBe(401);
  });

  it('a password that is kept too weakly is kept better after the next log-in', async () => {
    const crypto = {
      isHashed: () => true,
      isEncrypted: () => false,
      matches: (plain: unknown) => plain === 'old',
      encrypt: () => ({}),
      decrypt: () => null,
      hash: () => ({}),
    };
    const { security, accounts } = await openTestSecurity({ crypto });
    const weak = { $crypto: { type: 'salted-hash', value: {} } };
    const asToday = await hashPassword('weak', CHEAP);
    await accounts.create(INTERNAL_USER_TYPE, 'old', { password: weak, roles: ['openidm-admin'] });
    await accounts.create(INTERNAL_USER_TYPE, 'same', { password: asToday, roles: ['openidm-admin'] });
    const passwordOf = async (id: string) => (await accounts.read(INTERNAL_USER_TYPE, id))!.doc['password'];
    expect(await statusOf(security, request(openidmHeaders('old', 'wrong')))).toBe(401);
    expect(await passwordOf('old')).toEqual(weak);
    const login = await security.authenticate(request(openidmHeaders('old', 'old')));
    expect(await passwordOf('old')).toMatch(/^\$scrypt\$/);
    expect(await statusOf(security, request(cookieOf(login)))).toBe(200);
    expect(await statusOf(security, request(openidmHeaders('old', 'old')))).toBe(200);
    expect(await statusOf(security, request(openidmHeaders('same', 'weak')))).toBe(200);
    expect(await passwordOf('same')).toBe(asToday);
  });

  it('roles are read in every form', () => {
    expect(rolesOf('a, b,a')).toEqual(['a', 'b']);
    expect(rolesOf(['a', { _ref: 'internal/role/b' }, { _ref: 'repo/internal/role/c' }, 7, null])).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(rolesOf(undefined)).toEqual([]);
  });
});
