import { expect, it } from 'vitest';
import { parseLdapUrl, shownAddress } from './ldap-address.ts';

it.each([
  ['ldap://ds.example.org', 'ds.example.org:389', false],
  ['LDAPS://ds.example.org', 'ds.example.org:636', true],
  ['ldap://ds.example.org:1389/dc=example??sub?(a=b)', 'ds.example.org:1389', false],
  ['ldap:///dc=x', 'localhost:389', false],
  ['ldap://[::1]:3389', '[::1]:3389', false],
  ['ldapi://%2Frun%2Fslapd%2Fldapi', '/run/slapd/ldapi', false],
  ['ldapi:///', '/run/ldapi', false],
])('%s is %s', (url, shown, isTls) => {
  const target = parseLdapUrl(url);
  expect([shownAddress(target.address), target.isTls]).toEqual([shown, isTls]);
});

it.each([
  '',
  'ds.example.org',
  'http://x',
  'ldap://x:0',
  'ldap://x:99999',
  'ldap://a b',
  'ldap://x:y',
  'ldap://%zz',
  'ldap://u@h',
])('%j is none', (url) => {
  expect(() => parseLdapUrl(url)).toThrow('is no address of an LDAP server');
});
