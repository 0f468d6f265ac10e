import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { decodeHeader, readCookie, readCredential } from './credentials.ts';
import { basic, openidmHeaders } from './testing/test-security.ts';

/** As Node hands over the bytes that curl sends. */
const raw = (text: string): string => Buffer.from(text).toString('latin1');

function kindOf(headers: Record<string, string>): string {
  try {
    return readCredential(headers).kind;
  } catch (error) {
    return error instanceof Failure ? `${error.code} ${error.message}` : String(error);
  }
}

describe('credentials in headers', () => {
  it('are read from the headers of OpenIDM, from Basic and Bearer', () => {
    expect(readCredential(openidmHeaders('ann', 'a:b'))).toEqual({
      kind: 'password',
      name: 'ann',
      password: 'a:b',
      form: 'header',
    });
    expect(readCredential(basic('ann', 'a:b'))).toMatchObject({ name: 'ann', password: 'a:b', form: 'basic' });
    expect(readCredential({ authorization: 'bearer abc' })).toEqual({ kind: 'bearer', token: 'abc' });
    expect(readCredential({})).toEqual({ kind: 'none' });
  });

  it.each([
    ["UTF-8''b%C3%A9", 'bé'],
    ["utf-8'en'b%c3%a9", 'bé'],
    ["iso-8859-1''b%E9", 'bé'],
    [raw('pässwörd €'), 'pässwörd €'],
    ['b\u00e9', 'bé'],
    ["UTF-8''100%", "UTF-8''100%"],
    ["it's 'fine'", "it's 'fine'"],
  ])('decode %j to %j', (value, text) => {
    expect(decodeHeader(value)).toBe(text);
  });

  it('of any kind give a credential or are refused, without another error', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('Basic ', 'Bearer', 'Basic ====', 'Basic Zm9v'),
    );
    fc.assert(
      fc.property(value, value, value, (name, password, authorization) => {
        for (const headers of [{ 'x-openidm-username': name, 'x-openidm-password': password }, { authorization }])
          expect(['password', 'bearer', 'unauthorized Access Denied']).toContain(kindOf(headers));
      }),
    );
  });

  it.each([
    { 'x-openidm-username': ['openidm-admin', 'ann'] },
    { authorization: ['Bearer a', 'Bearer b'] },
    { authorization: 'Basic' },
    { authorization: 'Basic YQ==' },
    { authorization: 'Digest username="a"' },
    { authorization: `Bearer ${'a'.repeat(10_000)}` },
  ])('that leave open what is meant are refused: %j', (headers) => {
    expect(() => readCredential(headers)).toThrow('Access Denied');
  });

  it('a cookie is found by its whole name', () => {
    const cookie = 'xsession-jwt=no; session-jwt2=no; session-jwt = yes ; session-jwt=second';
    expect(readCookie({ cookie }, 'session-jwt')).toBe('yes');
    expect(readCookie({ cookie: 'a=session-jwt=1' }, 'session-jwt')).toBeNull();
  });
});
