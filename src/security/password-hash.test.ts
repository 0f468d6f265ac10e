import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashPassword, isPasswordHash, verifyPassword } from './password-hash.ts';
import { CHEAP } from './testing/test-security.ts';

describe('slow hashes', () => {
  it('match the password they were made from and no other', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.string({ unit: 'binary' }),
        async (one, other) => {
          const stored = await hashPassword(one, CHEAP);
          expect(isPasswordHash(stored)).toBe(true);
          expect(await verifyPassword(stored, one, CHEAP)).toBe(true);
          expect(await verifyPassword(stored, other, CHEAP)).toBe(one.normalize('NFKC') === other.normalize('NFKC'));
        },
      ),
      { numRuns: 50 },
    );
  });

  it('of one password differ, and hold nothing of it', async () => {
    const [a, b] = await Promise.all([hashPassword('Passw0rd', CHEAP), hashPassword('Passw0rd', CHEAP)]);
    expect(a).not.toBe(b);
    expect(a).not.toContain('Passw0rd');
  });

  it.each([
    ['$scrypt$ln=31,r=8,p=1$', 'a cost of 256 GiB'],
    ['$scrypt$ln=15,r=99,p=1$', 'a large block'],
    ['$scrypt$ln=15,r=8,p=99$', 'many rounds'],
    ['$scrypt$ln=0,r=8,p=1$', 'no cost'],
  ])('are not computed with what stored text asks for: %s (%s)', async (prefix) => {
    const stored = `${prefix}${'A'.repeat(22)}$${'A'.repeat(43)}`;
    expect(isPasswordHash(stored)).toBe(false);
    expect(await verifyPassword(stored, 'x', CHEAP)).toBe(false);
  });

  it.each(['', 'Passw0rd', '$scrypt$', '$scrypt$ln=15,r=8,p=3$$', '$2b$10$abcdefghijklmnopqrstuv'])(
    'other text matches nothing: %j',
    async (stored) => {
      expect(await verifyPassword(stored, stored, CHEAP)).toBe(false);
    },
  );
});
