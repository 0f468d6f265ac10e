import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  SignJWT,
  UnsecuredJWT,
  type JWK,
  type JWTPayload,
} from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { openOidc } from './oidc.ts';
import { securitySchema, type OidcIssuer } from './security-config.ts';
import { TestClock } from './testing/test-security.ts';

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;

const clock = new TestClock();
const NOW = Math.floor(clock.nowMs() / 1000);
const GOOD: JWTPayload = {
  iss: 'https://login.example.com',
  aud: 'lockstep',
  sub: 'ann',
  exp: NOW + 60,
  roles: ['idm-admins', 'staff'],
};

let trusted: Pair;
let foreign: Pair;
let publicKey: JWK;

beforeAll(async () => {
  trusted = await generateKeyPair('RS256', { extractable: true });
  foreign = await generateKeyPair('RS256', { extractable: true });
  publicKey = { ...(await exportJWK(trusted.publicKey)), kid: 'k1' };
});

function issuer(more: Record<string, unknown> = {}): OidcIssuer {
  const one = { name: 'corp', issuer: GOOD.iss, audience: 'lockstep', keys: [publicKey], ...more };
  return securitySchema.parse({ oidc: [one] }).oidc[0]!;
}

function sign(claims: JWTPayload, header: Record<string, unknown> = {}, pair = trusted): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header }).sign(pair.privateKey);
}

const check = (token: string, one: OidcIssuer) => openOidc(clock)(token, [one]);

describe('tokens of an issuer', () => {
  it('tell who it is, under a name that nobody here has', async () => {
    expect(await check(await sign(GOOD), issuer())).toEqual({
      id: 'corp:ann',
      subject: 'ann',
      issuer: 'corp',
      roles: ['idm-admins', 'staff'],
    });
  });

  it('give only the roles that the table gives', async () => {
    const roles = { 'idm-admins': ['openidm-admin', 'openidm-authorized'] };
    const named = await check(await sign(GOOD), issuer({ roles, defaultRoles: ['openidm-authorized'] }));
    expect(named?.roles).toEqual(['openidm-authorized', 'openidm-admin']);
    const forged = await check(await sign({ ...GOOD, roles: ['openidm-admin', 'constructor'] }), issuer({ roles }));
    expect(forged?.roles).toEqual([]);
  });

  it('have their roles anywhere, as a list or a text', async () => {
    const claims = { ...GOOD, realm_access: { roles: 'a b' } };
    expect((await check(await sign(claims), issuer({ rolesClaim: '/realm_access/roles' })))?.roles).toEqual(['a', 'b']);
    expect((await check(await sign({ ...GOOD, roles: { a: 1 } }), issuer()))?.roles).toEqual([]);
  });

  it.each<[string, JWTPayload]>([
    ['expired', { ...GOOD, exp: NOW - 6 }],
    ['without an expiry', { iss: GOOD.iss!, aud: 'lockstep', sub: 'ann' }],
    ['not valid yet', { ...GOOD, nbf: NOW + 60 }],
    ['for another audience', { ...GOOD, aud: 'payroll' }],
    ['of another issuer', { ...GOOD, iss: 'https://evil.example.com' }],
    ['without an issuer', { aud: 'lockstep', sub: 'ann', exp: NOW + 60 }],
    ['without a subject', { ...GOOD, sub: '' }],
  ])('are refused when %s', async (_, claims) => {
    expect(await check(await sign(claims), issuer())).toBeNull();
  });

  it('may be a little late: clocks differ', async () => {
    expect(await check(await sign({ ...GOOD, exp: NOW - 4 }), issuer())).not.toBeNull();
  });

  it('are refused without a signature', async () => {
    expect(await check(new UnsecuredJWT(GOOD).encode(), issuer())).toBeNull();
    const [header, body] = (await sign(GOOD)).split('.');
    expect(await check(`${header}.${body}.`, issuer())).toBeNull();
  });

  it('are refused when signed with the public key as a shared secret', async () => {
    for (const secret of [await exportSPKI(trusted.publicKey), JSON.stringify(publicKey), publicKey.n!]) {
      const forged = await new SignJWT(GOOD)
        .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
        .sign(new TextEncoder().encode(secret));
      expect(await check(forged, issuer())).toBeNull();
    }
  });

  it('are refused when they bring their own key, or name a place for it', async () => {
    const jwk = await exportJWK(foreign.publicKey);
    expect(await check(await sign(GOOD, { jwk }, foreign), issuer())).toBeNull();
    expect(await check(await sign(GOOD, { jku: 'https://evil.example.com/keys' }, foreign), issuer())).toBeNull();
    expect(await check(await sign(GOOD, { kid: '../../etc/passwd' }, foreign), issuer())).toBeNull();
  });

  it('are refused with an algorithm that is not configured, though the key is right', async () => {
    const key = await importJWK(await exportJWK(trusted.privateKey), 'RS512');
    const token = await new SignJWT(GOOD).setProtectedHeader({ alg: 'RS512', kid: 'k1' }).sign(key);
    expect(await check(token, issuer())).toBeNull();
    expect(await check(token, issuer({ algorithms: ['RS512'] }))).not.toBeNull();
  });

  it('are refused after any change, without another error', async () => {
    const token = await sign(GOOD);
    const one = issuer();
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 2), fc.constantFrom('A', 'B', '_', '.', ''), async (at, piece) => {
        const changed = token.slice(0, at) + piece + token.slice(at + 1);
        fc.pre(changed !== token);
        expect(await check(changed, one)).toBeNull();
      }),
    );
  });

  it('cannot be configured with a shared secret, a private key or a key address without https', async () => {
    const faulty = [{ keys: [{ kty: 'oct', k: 'AAAA' }] }, { keys: [await exportJWK(trusted.privateKey)] }];
    for (const more of faulty) expect(() => issuer(more)).toThrow('is not a public key');
    expect(() => issuer({ algorithms: ['HS256'] })).toThrow('is not one of');
    expect(() => issuer({ algorithms: ['none'] })).toThrow('is not one of');
    const byAddress = (jwksUri: string) => issuer({ keys: undefined, jwksUri });
    expect(() => byAddress('http://login.example.com/keys')).toThrow('is not an https address');
    expect(() => byAddress('file:///etc/passwd')).toThrow('is not an https address');
    expect(() => issuer({ jwksUri: 'https://a/b' })).toThrow('either');
  });

  it('are checked with the keys that the issuer publishes; without them nobody knows', async () => {
    let status = 200;
    const server = createServer((_, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [publicKey] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const jwksUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
      const published = issuer({ keys: undefined, jwksUri });
      expect((await check(await sign(GOOD), published))?.id).toBe('corp:ann');
      expect(await check(await sign(GOOD, {}, foreign), published)).toBeNull();
      status = 500;
      await expect(check(await sign(GOOD), issuer({ keys: undefined, jwksUri }))).rejects.toMatchObject({
        code: 'unreachable',
        retryable: true,
      });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
