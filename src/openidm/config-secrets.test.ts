import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { withoutSecrets, withStoredSecrets } from './config-secrets.ts';

const MARK = { $secret: true };

describe('secrets of configurations', () => {
  it.each([
    ['credentials', 'x', true],
    ['password', 'x', true],
    ['trustStorePassword', 'x', true],
    ['clientSecret', 'x', true],
    ['passwordDecryptionKey', 'x', true],
    ['password', 123, true],
    ['password', { $crypto: { type: 't', value: {} } }, true],
    ['jdbcUrl', 'jdbc:mysql://h/db?user=u&password=x', true],
    ['url', 'https://user:x@host/', true],
    ['password', '&{ldap.password}', false],
    ['password', '', false],
    ['password', { type: 'string' }, false],
    ['password', true, false],
    ['headerPassword', 'password', false],
    ['passwordAttribute', 'userPassword', false],
    ['passwordHashAlgorithm', 'SSHA', false],
    ['url', 'https://host/?x=y', false],
    ['principal', 'cn=admin', false],
  ] as const)('%s: %j is a secret: %s', (name, value, isSecret) => {
    expect(withoutSecrets({ [name]: value } as JsonObject)).toEqual({ [name]: isSecret ? MARK : value });
  });

  it.each([
    ['token', true],
    ['apikey', true],
    ['signingKey', true],
    ['sharedSecretText', true],
    ['keyPassphrase', true],
    ['oauthCredential', true],
    ['bindPasswordValue', true],
    ['keyColumn', false],
    ['headerPassword', false],
    ['headerApiKey', true],
    ['adminPwd', true],
    ['passwordAttribute', false],
    ['passwordHashAlgorithm', false],
    ['url', false],
  ])('%s of a connector is a secret: %s', (name, isSecret) => {
    const settings = (value: string): JsonObject => ({
      name: 'hr',
      configurationProperties: { [name]: value, host: 'h' },
    });
    const stored = settings('s3cret');
    const shown = withoutSecrets(stored);
    expect(shown).toEqual({ name: 'hr', configurationProperties: { host: 'h', [name]: isSecret ? MARK : 's3cret' } });
    expect(withStoredSecrets(shown, stored)).toEqual(stored);
    expect(withoutSecrets(settings('&{hr.secret}'))).toEqual(settings('&{hr.secret}'));
  });

  it('keys that are names elsewhere stay as they are', () => {
    const managed = { objects: [{ schema: { properties: { a: { encryption: { key: 'openidm-sym-default' } } } } }] };
    expect(withoutSecrets(managed)).toEqual(managed);
  });

  it('a mark that comes back keeps the secret at its place', () => {
    const stored = { a: { password: 'one', other: 1 }, tokens: { apiToken: ['x', 'y'] } };
    const shown = withoutSecrets(stored);
    expect(withStoredSecrets({ ...shown, more: true }, stored)).toEqual({ ...stored, more: true });
  });

  it('a mark where nothing secret is stored is refused', () => {
    expect(() => withStoredSecrets({ description: MARK }, { password: 'x', description: 'd' })).toThrow(
      /\/description/,
    );
    expect(() => withStoredSecrets({ password: MARK }, {})).toThrow(/none is stored/);
    expect(() => withStoredSecrets({ password: MARK }, null)).toThrow(/none is stored/);
  });

  it('elements of a list keep their own secret when they change places', () => {
    const stored = {
      list: [
        { name: 'a', password: '1' },
        { name: 'b', password: '2' },
      ],
    };
    const shown = withoutSecrets(stored);
    const moved = { list: [shown.list[1]!, shown.list[0]!] };
    expect(withStoredSecrets(moved, stored)).toEqual({ list: [stored.list[1], stored.list[0]] });
    expect(withStoredSecrets({ list: [shown.list[1]!] }, stored)).toEqual({ list: [stored.list[1]] });
  });

  it('a changed element of a list whose length changed too has to name its secret', () => {
    const stored = {
      list: [
        { name: 'a', password: '1' },
        { name: 'b', password: '2' },
      ],
    };
    expect(() => withStoredSecrets({ list: [{ name: 'b2', password: MARK }] }, stored)).toThrow(/\/list\/0\/password/);
  });

  it('what is shown never holds the secret, and sending it back changes nothing', () => {
    const name = fc.constantFrom('password', 'credentials', 'host', 'a', 'clientSecret', '__proto__');
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('sEcReT-1', 'sEcReT-2'),
        fc.boolean(),
        fc.dictionary(name, tie('value'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(name, value as fc.Arbitrary<JsonObject>), (stored) => {
        const hidden = JSON.parse(
          JSON.stringify(stored, (key, one: unknown) =>
            /^(?:password|credentials|clientSecret)$/.test(key) && typeof one === 'string' ? MARK : one,
          ),
        ) as JsonObject;
        const shown = withoutSecrets(stored as JsonObject);
        expect(JSON.stringify(shown)).toBe(JSON.stringify(hidden));
        expect(JSON.stringify(withStoredSecrets(shown, stored as JsonObject))).toBe(JSON.stringify(stored));
      }),
    );
  });
});
