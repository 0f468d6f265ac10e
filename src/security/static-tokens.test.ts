import { describe, expect, it } from 'vitest';
import { createToken, listTokens, revokeToken, TOKEN_TYPE, type NewToken } from './static-tokens.ts';
import { openTestSecurity, request } from './testing/test-security.ts';

const CI: NewToken = { name: 'ci', roles: ['openidm-admin'], expiresMs: null };
const bearer = (token: string) => request({ authorization: `Bearer ${token}` });

describe('static tokens', () => {
  it('stand for their roles and are kept as hashes', async () => {
    const { security, accounts, clock } = await openTestSecurity();
    const token = await createToken(accounts, clock, CI);
    const { caller, setCookies } = await security.authenticate(bearer(token));
    expect(caller).toEqual({ id: 'token:ci', component: 'internal/token', roles: ['openidm-admin'], isExternal: true });
    expect(setCookies).toEqual([]);
    expect(JSON.stringify(await accounts.list(TOKEN_TYPE))).not.toContain(token.slice(-43));
  });

  it('are refused when expired, revoked, or changed in any letter', async () => {
    const { security, accounts, clock } = await openTestSecurity();
    const token = await createToken(accounts, clock, { ...CI, expiresMs: clock.nowMs() + 1000 });
    const refused = (text: string) =>
      expect(security.authenticate(bearer(text))).rejects.toMatchObject({ status: 401 });
    for (const at of [9, 20, 33, 34, 50, token.length - 1])
      await refused(token.slice(0, at) + (token[at] === 'a' ? 'b' : 'a') + token.slice(at + 1));
    await refused(`${token}a`);
    await refused(token.slice(0, -1));
    await expect(security.authenticate(bearer(token))).resolves.toBeDefined();
    clock.advance(1000);
    await refused(token);
    const second = await createToken(accounts, clock, { ...CI, name: 'second' });
    await expect(security.authenticate(bearer(second))).resolves.toBeDefined();
    await revokeToken(accounts, 'second');
    await refused(second);
  });

  it('note their last use, now and then', async () => {
    const { security, accounts, clock, events } = await openTestSecurity();
    const token = await createToken(accounts, clock, CI);
    const startMs = clock.nowMs();
    for (let i = 0; i < 3; i++) {
      await security.authenticate(bearer(token));
      clock.advance(60_000);
    }
    expect((await listTokens(accounts))[0]).toMatchObject({ name: 'ci', lastUsedMs: startMs });
    expect(events.map((event) => event.userId)).toEqual(['token:ci']);
    clock.advance(300_000);
    await security.authenticate(bearer(token));
    expect((await listTokens(accounts))[0]!.lastUsedMs).toBe(clock.nowMs());
  });

  it('work while many use them at once', async () => {
    const { security, accounts, clock } = await openTestSecurity();
    const token = await createToken(accounts, clock, CI);
    const all = await Promise.all(Array.from({ length: 200 }, () => security.authenticate(bearer(token))));
    expect(new Set(all.map(({ caller }) => caller.id))).toEqual(new Set(['token:ci']));
  });

  it('have a name of their own and a role', async () => {
    const { accounts, clock } = await openTestSecurity();
    await createToken(accounts, clock, CI);
    await expect(createToken(accounts, clock, CI)).rejects.toMatchObject({ code: 'exists' });
    await expect(createToken(accounts, clock, { ...CI, name: 'a b' })).rejects.toMatchObject({ code: 'bad-request' });
    await expect(createToken(accounts, clock, { ...CI, name: 'x', roles: [] })).rejects.toMatchObject({
      code: 'bad-request',
    });
    await expect(revokeToken(accounts, 'none')).rejects.toMatchObject({ code: 'not-found' });
  });

  it('that are wrong, in a flood, hold up none that is right, and do not fill the audit', async () => {
    const { security, accounts, clock, events } = await openTestSecurity();
    const token = await createToken(accounts, clock, CI);
    for (let i = 0; i < 500; i++) await security.authenticate(bearer(`wrong${i}`)).catch(() => {});
    await expect(security.authenticate(bearer('wrong'))).rejects.toMatchObject({ status: 429 });
    expect(events.length).toBeLessThan(60);
    await expect(security.authenticate(bearer(token))).resolves.toBeDefined();
  });
});
