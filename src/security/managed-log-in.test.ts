import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../base/json.ts';
import { isJsonObject } from '../base/json.ts';
import type { Crypto } from '../crypto/crypto.ts';
import { ADMIN_PASSWORD, cookieOf, openidmHeaders, openTestSecurity, request } from './testing/test-security.ts';

/** Turns texts around: enough to tell plain from encrypted. */
const turned = (text: string): string => [...text].reverse().join('');
const envelope = (type: string, text: string): JsonObject => ({ $crypto: { type, value: turned(text) } });
const inside = (value: Json, type: string): string | null => {
  const held = isJsonObject(value) && isJsonObject(value['$crypto']) ? value['$crypto'] : null;
  return held?.['type'] === type && typeof held['value'] === 'string' ? turned(held['value']) : null;
};
const crypto: Crypto = {
  encrypt: (value) => envelope('enc', String(value)),
  decrypt: (value) => inside(value, 'enc') ?? value,
  isEncrypted: (value) => inside(value, 'enc') !== null,
  hash: (value) => envelope('hash', String(value)),
  isHashed: (value) => inside(value, 'hash') !== null,
  matches: (plain, hashed) => inside(hashed, 'hash') === plain,
};

const users: Record<string, JsonObject> = {
  u1: { userName: 'ann', password: 'plain', roles: 'openidm-authorized,openidm-admin' },
  u2: { userName: 'bob', password: crypto.encrypt('secret', null, null) },
  u3: { userName: 'cleo', password: crypto.hash('hashed', 'SHA-256') },
  u4: { userName: 'dan', password: 'plain', accountStatus: 'inactive' },
  u5: { userName: 'twin', password: 'plain' },
  u6: { userName: 'twin', password: 'plain' },
  u7: { userName: 'openidm-admin', password: 'mine' },
  u8: { userName: 'eve' },
  u9: { userName: 'fay', password: '' },
};

async function logIn(settings: JsonObject, name: string, password: string) {
  const { security } = await openTestSecurity({ users, crypto, security: { managedUsers: settings } });
  return security.authenticate(request(openidmHeaders(name, password)));
}

describe('managed users', () => {
  it('do not log in unless they may', async () => {
    await expect(logIn({}, 'ann', 'plain')).rejects.toMatchObject({ status: 401 });
  });

  it.each([
    ['ann', 'plain', 'u1'],
    ['bob', 'secret', 'u2'],
    ['cleo', 'hashed', 'u3'],
  ])('log in: %s with %s', async (name, password, id) => {
    const { caller } = await logIn({ enabled: true }, name, password);
    expect(caller).toEqual({
      id,
      authenticationId: name,
      component: 'managed/user',
      roles: ['openidm-authorized'],
      isExternal: true,
    });
  });

  it.each([
    ['bob', 'plain'],
    ['bob', JSON.stringify(users['u2']!['password'])],
    ['cleo', '[object Object]'],
    ['dan', 'plain'],
    ['twin', 'plain'],
    ['openidm-admin', 'mine'],
    ['eve', ''],
    ['eve', 'undefined'],
    ['eve', 'null'],
    ['fay', ''],
    ['u1', 'plain'],
  ])('are refused: %s with %j', async (name, password) => {
    await expect(logIn({ enabled: true }, name, password)).rejects.toMatchObject({ status: 401 });
  });

  it('do not take the administrator’s place', async () => {
    const { caller } = await logIn({ enabled: true }, 'openidm-admin', ADMIN_PASSWORD);
    expect(caller.component).toBe('internal/user');
  });

  it('are not what they write of themselves, beyond what may be granted', async () => {
    const own = { enabled: true, rolesProperty: 'roles' };
    expect((await logIn(own, 'ann', 'plain')).caller.roles).toEqual(['openidm-authorized']);
    const generous = { ...own, grantableRoles: ['openidm-admin'] };
    expect((await logIn(generous, 'ann', 'plain')).caller.roles).toEqual(['openidm-authorized', 'openidm-admin']);
  });

  it('are out when they become inactive or change the password', async () => {
    const { security, accounts } = await openTestSecurity({
      users,
      crypto,
      security: { managedUsers: { enabled: true } },
    });
    for (const change of [{ accountStatus: 'inactive' }, { password: 'other' }]) {
      const cookie = cookieOf(await security.authenticate(request(openidmHeaders('ann', 'plain'))));
      const before = (await accounts.read('user', 'u1'))!;
      await accounts.update('user', before, { ...before.doc, ...change });
      await expect(security.authenticate(request(cookie))).rejects.toMatchObject({ status: 401 });
      const after = (await accounts.read('user', 'u1'))!;
      await accounts.update('user', after, before.doc);
    }
  });
});
