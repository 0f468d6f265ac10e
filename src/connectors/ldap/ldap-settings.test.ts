import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../base/json.ts';
import type { ConfigFault } from '../../connector/contract.ts';
import { ldapConnector } from './ldap-connector.ts';
import { readLdapSettings, type LdapSettings } from './ldap-settings.ts';

const LEAST: JsonObject = { host: 'ldap.example.com', baseContexts: ['dc=example,dc=com'] };

function read(properties: JsonObject): LdapSettings & { readonly faults: readonly ConfigFault[] } {
  const faults: ConfigFault[] = [];
  return { ...readLdapSettings({ ...LEAST, ...properties }, (fault) => faults.push(fault)), faults };
}

describe('settings of a directory', () => {
  it('the defaults are those of the ICF connector', () => {
    expect(read({})).toMatchObject({
      faults: [],
      servers: [{ kind: 'tcp', host: 'ldap.example.com', port: 389 }],
      security: 'none',
      isVerified: true,
      authType: 'anonymous',
      uidAttribute: 'entryUUID',
      passwordAttribute: 'userPassword',
      passwordForm: 'plain',
      groupMemberAttribute: 'uniqueMember',
      account: { objectClasses: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'], searchFilter: null },
      sync: { feed: 'auto', changeNumberAttribute: 'changeNumber', changeLogBlockSize: 100 },
    });
  });

  it.each<[string, JsonObject, object]>([
    ['ssl', { ssl: true }, { security: 'tls', servers: [{ port: 636 }] }],
    [
      'texts for numbers and flags',
      { port: '1389', ssl: 'false', startTLS: 'true' },
      { security: 'startTls', servers: [{ port: 1389 }] },
    ],
    [
      'failover',
      { failover: ['ldap://b:1389', 'c', '[::1]:390'] },
      { servers: [{}, { host: 'b', port: 1389 }, { host: 'c', port: 389 }, { host: '::1', port: 390 }] },
    ],
    ['a socket', { host: 'ldapi://%2Frun%2Fldapi' }, { servers: [{ kind: 'local', path: '/run/ldapi' }] }],
    ['EXTERNAL', { authType: 'SASL-EXTERNAL' }, { authType: 'external' }],
    ['bases within others', { baseContexts: ['ou=a,dc=x', 'dc=x', 'DC=X'] }, { baseContexts: ['dc=x'] }],
    [
      'null for nothing',
      { accountSearchFilter: null, failover: null, principal: null },
      { account: { searchFilter: null } },
    ],
    ['timestamps', { useTimestampsForSync: true }, { sync: { feed: 'timestamps' } }],
    [
      'encrypted credentials',
      { principal: 'cn=a', credentials: { $crypto: {} } },
      { isSealed: true, authType: 'simple' },
    ],
    ['passwords of Active Directory', { passwordAttribute: 'unicodePwd' }, { passwordForm: 'unicode' }],
  ])('%s', (_, properties, expected) => {
    expect(read(properties)).toMatchObject({ ...expected, faults: [] });
  });

  it.each<[JsonObject, string]>([
    [{ host: '' }, 'host'],
    [{ host: 7 }, 'host'],
    [{ port: 0 }, 'port'],
    [{ port: 'x' }, 'port'],
    [{ ssl: 'yes' }, 'ssl'],
    [{ failover: ['ldaps://b'] }, 'failover'],
    [{ failover: ['ldap://b:99999'] }, 'failover'],
    [{ baseContexts: [] }, 'baseContexts'],
    [{ baseContexts: 'no name' }, 'baseContexts'],
    [{ baseContexts: [1] }, 'baseContexts'],
    [{ accountSearchFilter: '(a' }, 'accountSearchFilter'],
    [{ accountObjectClasses: [] }, 'accountObjectClasses'],
    [{ principal: 'cn=a' }, 'credentials'],
    [{ principal: 'cn=a', credentials: 7 }, 'credentials'],
    [{ authType: 'GSSAPI' }, 'authType'],
    [{ passwordHashAlgorithm: 'ROT13' }, 'passwordHashAlgorithm'],
    [{ blockSize: 0 }, 'blockSize'],
    [{ changeFeed: 'telepathy' }, 'changeFeed'],
    [{ modifiersNamesToFilterOut: ['cn'] }, 'modifiersNamesToFilterOut'],
  ])('%j is refused', (properties, key) => {
    const { faults } = read(properties);
    expect(faults.map(({ pointer, severity }) => [severity, pointer])).toContainEqual([
      'error',
      `/configurationProperties/${key}`,
    ]);
  });

  it('special attributes of ICF that a directory does not have are told', () => {
    const property = { type: 'string', itemType: null, nativeType: 'string', isRequired: false, flags: [] } as const;
    const names = { dn: '__NAME__', password: '__PASSWORD__', enabled: '__ENABLE__', on: '__LOCK_OUT__', mail: 'mail' };
    const properties = Object.fromEntries(
      Object.entries(names).map(([name, nativeName]) => [name, { ...property, nativeName }]),
    );
    const account = { nativeType: '__ACCOUNT__', properties };
    const config = { name: 'x', enabled: true, connectorName: 'ldap', configurationProperties: LEAST };
    expect(ldapConnector.check({ ...config, objectTypes: { account } })).toMatchObject([
      { severity: 'warning', pointer: '/objectTypes/account/properties/on/nativeName' },
    ]);
  });

  it('what has no effect is told', () => {
    expect(read({ synchronizePasswords: true, getGroupMemberId: false }).faults).toMatchObject([
      { severity: 'warning', pointer: '/configurationProperties/synchronizePasswords' },
    ]);
  });

  it('limits of the provisioner file are taken over', () => {
    const told: string[] = [];
    const limited = (operationTimeoutMs: Record<string, number>, maxObjects: Json): LdapSettings =>
      readLdapSettings(LEAST, ({ pointer }) => void told.push(pointer), {
        operationTimeoutMs,
        poolConfigOption: { maxObjects },
      });
    expect(limited({ CREATE: 5, SEARCH: 0 }, 7)).toMatchObject({
      requestsInFlight: 7,
      timeouts: { createMs: 5, searchMs: 60_000, getMs: 60_000 },
    });
    expect(told).toEqual([]);
    expect(limited({}, 'many').requestsInFlight).toBe(16);
    expect(told).toEqual(['/poolConfigOption/maxObjects']);
  });
});
