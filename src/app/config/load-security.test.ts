import { describe, expect, it } from 'vitest';
import { configOf, loadFiles } from './load-fixture.ts';

const ISSUER = {
  name: 'corp',
  issuer: 'https://login.example.com',
  audience: 'lockstep',
  jwksUri: 'https://a.example/k',
};

async function faults(lockstep: unknown): Promise<readonly string[]> {
  const { diagnostics } = await loadFiles({
    'conf/lockstep.json': lockstep,
    'conf/managed.json': { objects: [{ name: 'user' }] },
  });
  return diagnostics
    .filter(({ file }) => file === 'conf/lockstep.json')
    .map(({ severity, pointer, message, hint }) => `${severity} ${pointer} ${message} ${hint ?? ''}`);
}

describe('security and access in lockstep.json', () => {
  it('are filled up with what is usual', async () => {
    const { lockstep } = await configOf({
      'conf/lockstep.json': {
        security: { session: { idleMinutes: 5 }, oidc: [ISSUER], managedUsers: { enabled: true } },
        access: { rules: [{ pattern: 'audit/*', roles: ['auditor'], methods: ['read', 'query'] }] },
      },
    });
    expect(lockstep.security).toMatchObject({
      session: { idleMinutes: 5, lifeMinutes: 120 },
      anonymous: true,
      oidc: [{ algorithms: ['RS256', 'ES256'], rolesClaim: 'roles', clockToleranceSeconds: 5 }],
      managedUsers: { enabled: true, collection: 'managed/user', roles: ['openidm-authorized'] },
    });
    expect(lockstep.access.useDefaults).toBe(true);
    expect(lockstep.access.rules[0]).toMatchObject({ actions: [], exclude: [], fields: '*' });
  });

  it.each<[unknown, string]>([
    [{ security: { sesion: {} } }, 'warning /security/sesion'],
    [{ security: { session: { idleMinutes: 0 } } }, 'error /security/session/idleMinutes'],
    [{ security: { oidc: [{ ...ISSUER, algorithms: ['HS256'] }] } }, 'error /security/oidc/0/algorithms/0'],
    [{ security: { oidc: [{ ...ISSUER, jwksUri: 'http://a.example/k' }] } }, 'error /security/oidc/0/jwksUri'],
    [{ security: { oidc: [{ ...ISSUER, jwksUri: null }] } }, 'error /security/oidc/0'],
    [{ security: { managedUsers: { collection: 'managed/usr' } } }, 'error /security/managedUsers/collection'],
    [{ security: { managedUsers: { collection: 'system/x/y' } } }, 'error /security/managedUsers/collection'],
    [{ access: { rules: [{ pattern: '*', roles: [], methods: ['read'] }] } }, 'error /access/rules/0/roles'],
    [{ access: { rules: [{ pattern: '*', roles: ['*'], methods: ['get'] }] } }, 'error /access/rules/0/methods/0'],
  ])('are checked: %j', async (lockstep, start) => {
    const found = await faults(lockstep);
    expect(found.map((text) => text.slice(0, start.length))).toEqual([start]);
    expect(found[0]).not.toMatch(/undefined|\[object/);
  });
});
