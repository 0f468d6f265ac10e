import type { Json, JsonObject } from '../../src/base/json.ts';
import type { DirectoryLogin } from './conformance-subject.ts';
import { PEOPLE } from './directory-storm.ts';
import { SUFFIX } from './openldap-config.ts';

/** A project as it was written for OpenIDM: managed users and the accounts of a directory, both ways. */
export function ldapProject({ port, dn, password }: DirectoryLogin, more: JsonObject = {}): Record<string, unknown> {
  return {
    'conf/managed.json': { objects: [{ name: 'user' }] },
    'conf/provisioner.openicf-ldap.json': {
      name: 'ldap',
      connectorRef: {
        bundleName: 'org.forgerock.openicf.connectors.ldap-connector',
        bundleVersion: '[1.4.0.0,1.5.0.0)',
        connectorName: 'org.identityconnectors.ldap.LdapConnector',
      },
      configurationProperties: {
        host: '127.0.0.1',
        port,
        ssl: false,
        principal: dn,
        credentials: password,
        baseContexts: [SUFFIX],
        baseContextsToSynchronize: [SUFFIX],
        accountSearchFilter: null,
        accountObjectClasses: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'],
        accountUserNameAttributes: ['uid'],
        uidAttribute: 'dn',
        usePagedResultControl: true,
        blockSize: 100,
        groupObjectClasses: ['top', 'groupOfNames'],
        groupMemberAttribute: 'member',
        attributesToSynchronize: [],
        modifiersNamesToFilterOut: [],
        ...more,
      },
      resultsHandlerConfig: { enableNormalizingResultsHandler: true, enableFilteredResultsHandler: false },
      objectTypes: { account: ACCOUNT, group: GROUP },
    },
    'conf/sync.json': { mappings: [FROM_LDAP, TO_LDAP] },
  };
}

const ACCOUNT: JsonObject = {
  nativeType: '__ACCOUNT__',
  properties: {
    dn: { type: 'string', nativeName: '__NAME__', nativeType: 'string', required: true },
    uid: { type: 'string', nativeName: 'uid', nativeType: 'string' },
    cn: { type: 'string', nativeName: 'cn', nativeType: 'string' },
    sn: { type: 'string', nativeName: 'sn', nativeType: 'string' },
    givenName: { type: 'string', nativeName: 'givenName', nativeType: 'string' },
    mail: { type: 'string', nativeName: 'mail', nativeType: 'string' },
    telephoneNumber: { type: 'string', nativeName: 'telephoneNumber', nativeType: 'string' },
    userPassword: {
      type: 'string',
      nativeName: '__PASSWORD__',
      nativeType: 'JAVA_TYPE_GUARDEDSTRING',
      flags: ['NOT_READABLE', 'NOT_RETURNED_BY_DEFAULT'],
    },
    ldapGroups: {
      type: 'array',
      items: { type: 'string', nativeType: 'string' },
      nativeName: 'ldapGroups',
      nativeType: 'string',
    },
  },
};

const GROUP: JsonObject = {
  nativeType: '__GROUP__',
  properties: {
    dn: { type: 'string', nativeName: '__NAME__', nativeType: 'string', required: true },
    cn: { type: 'string', nativeName: 'cn', nativeType: 'string' },
    member: {
      type: 'array',
      items: { type: 'string', nativeType: 'string' },
      nativeName: 'member',
      nativeType: 'string',
    },
  },
};

const ACTIONS: Json = [
  { situation: 'CONFIRMED', action: 'UPDATE' },
  { situation: 'FOUND', action: 'UPDATE' },
  { situation: 'ABSENT', action: 'CREATE' },
  { situation: 'SOURCE_MISSING', action: 'DELETE' },
  { situation: 'UNASSIGNED', action: 'IGNORE' },
];

const FROM_LDAP: JsonObject = {
  name: 'systemLdapAccounts_managedUser',
  source: 'system/ldap/account',
  target: 'managed/user',
  correlationQuery: {
    type: 'text/javascript',
    source: `({ _queryFilter: '/userName eq "' + source.uid + '"' })`,
  },
  properties: [
    { source: 'cn', target: 'displayName' },
    { source: 'sn', target: 'sn' },
    { source: 'givenName', target: 'givenName' },
    { source: 'mail', target: 'mail' },
    { source: 'uid', target: 'userName' },
    { source: 'ldapGroups', target: 'groups' },
  ],
  policies: ACTIONS,
};

const TO_LDAP: JsonObject = {
  name: 'managedUser_systemLdapAccounts',
  source: 'managed/user',
  target: 'system/ldap/account',
  links: 'systemLdapAccounts_managedUser',
  correlationQuery: {
    type: 'text/javascript',
    source: `({ _queryFilter: '/uid eq "' + source.userName + '"' })`,
  },
  properties: [
    { source: 'displayName', target: 'cn' },
    { source: 'sn', target: 'sn' },
    { source: 'givenName', target: 'givenName' },
    { source: 'mail', target: 'mail' },
    { source: 'userName', target: 'uid' },
    {
      source: 'userName',
      target: 'dn',
      transform: { type: 'text/javascript', source: `'uid=' + source + ',${PEOPLE}'` },
    },
  ],
  policies: ACTIONS,
};
