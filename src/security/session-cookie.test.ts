import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedHash } from './keyed-hash.ts';
import { openSession, sessionCookie, signSession, stampOf, type SessionClaims } from './session-cookie.ts';

const KEY = keyedHash(new Uint8Array(32).fill(7));
const CLAIMS: SessionClaims = {
  sessionId: 'abc',
  name: 'bé;"',
  component: 'managed/user',
  id: 'a/b,c=d',
  startedMs: 1,
  seenMs: 2,
  stamp: 's',
};

describe('session cookies', () => {
  it('say what they were made to say', () => {
    const text = signSession(CLAIMS, KEY);
    expect(text).toMatch(/^[\w.-]+$/);
    expect(openSession(text, KEY)).toEqual(CLAIMS);
  });

  it('are refused with any character changed, added or taken away', () => {
    const text = signSession(CLAIMS, KEY);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 0, maxLength: 2 }), (at, piece) => {
        const changed = text.slice(0, at) + piece + text.slice(at + 1);
        fc.pre(changed !== text);
        expect(openSession(changed, KEY)).toBeNull();
      }),
      { numRuns: 1000 },
    );
  });

  it('are refused under another key, without a signature, and as a JWT', () => {
    const [version, body] = signSession(CLAIMS, KEY).split('.');
    expect(openSession(`${version}.${body}.`, KEY)).toBeNull();
    expect(openSession(signSession(CLAIMS, keyedHash(new Uint8Array(32))), KEY)).toBeNull();
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(openSession(`${none}.${body}.`, KEY)).toBeNull();
  });

  it('are out of reach of scripts and of other sites, and travel over https only where there is https', () => {
    expect(sessionCookie('v', true)).toBe('session-jwt=v; Path=/; HttpOnly; SameSite=Strict; Secure');
    expect(sessionCookie('v', false)).toBe('session-jwt=v; Path=/; HttpOnly; SameSite=Strict');
    expect(sessionCookie(null, true)).toContain('Max-Age=0');
  });

  it('a stamp depends on what is in the account, not on the order of its members', () => {
    const stamp = stampOf({ password: { a: 1, b: 2 }, roles: ['x'] }, KEY);
    expect(stampOf({ roles: ['x'], password: { b: 2, a: 1 } }, KEY)).toBe(stamp);
    expect(stampOf({ password: { a: 1, b: 2 }, roles: ['x', 'y'] }, KEY)).not.toBe(stamp);
    expect(stampOf({ password: { a: 1, b: 3 }, roles: ['x'] }, KEY)).not.toBe(stamp);
  });
});
