import { expect, it } from 'vitest';
import { redact, redactHeaders } from './redact.ts';

it('hides secrets by the names of their members, at any depth', () => {
  const crypto = { $crypto: { type: 'x-simple-encryption', value: { data: 'x' } } };
  const value = {
    userName: 'bjensen',
    password: 'Passw0rd',
    passwordChanged: true,
    passwordAttempts: '0',
    oldPassword: ['a', 'b'],
    configurationProperties: { credentials: 'x', clientSecret: { a: 1 }, host: 'h' },
    list: [{ access_token: 't' }, { PWD: 'x' }],
    securityAnswer: crypto,
    syncToken: 7,
    apiKey: null,
    ['__proto__']: { password: 'x' },
  };
  expect(redact(value)).toEqual({
    ...value,
    password: '***',
    oldPassword: ['***', '***'],
    configurationProperties: { credentials: '***', clientSecret: '***', host: 'h' },
    list: [{ access_token: '***' }, { PWD: '***' }],
    ['__proto__']: { password: '***' },
  });
  expect(redact({ pin: '1', Code: '2' }, ['/pin', 'code'])).toEqual({ pin: '***', Code: '***' });
});

it('hides headers that carry credentials', () => {
  const headers = { authorization: 'Basic x', Cookie: 'a=b', 'X-OpenIDM-Password': 'p', 'user-agent': 'curl' };
  expect(redactHeaders(headers)).toEqual({
    authorization: '***',
    Cookie: '***',
    'X-OpenIDM-Password': '***',
    'user-agent': 'curl',
  });
});
