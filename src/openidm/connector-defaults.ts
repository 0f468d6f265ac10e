import type { Json, JsonObject } from '../base/json.ts';

/** What connectors take where a configuration says nothing (specification §10.8), by the first of their class names. */
const DEFAULTS: Readonly<Record<string, JsonObject>> = {
  'org.forgerock.openicf.csvfile.CSVFileConnector': {
    headerUid: 'uid',
    headerPassword: 'password',
    quoteCharacter: '"',
    fieldDelimiter: ',',
    newlineString: '\n',
    encoding: 'utf-8',
    syncFileRetentionCount: 3,
  },
  'org.identityconnectors.ldap.LdapConnector': {
    port: 389,
    ssl: false,
    startTLS: false,
    failover: [],
    authType: 'simple',
    baseContexts: [],
    referralsHandling: 'follow',
    passwordAttribute: 'userPassword',
    accountObjectClasses: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'],
    accountUserNameAttributes: ['uid', 'cn'],
    groupObjectClasses: ['top', 'groupOfUniqueNames'],
    groupMemberAttribute: 'uniqueMember',
    maintainLdapGroupMembership: false,
    maintainPosixGroupMembership: false,
    getGroupMemberId: false,
    uidAttribute: 'entryUUID',
    readSchema: true,
    resetSyncToken: 'never',
    baseContextsToSynchronize: [],
    attributesToSynchronize: [],
    modifiersNamesToFilterOut: [],
    changeLogBlockSize: 100,
    changeNumberAttribute: 'changeNumber',
    useTimestampsForSync: false,
    verifyCertificates: true,
    changeFeed: 'auto',
  },
  'org.forgerock.openicf.connectors.xml.XMLConnector': { createFileIfNotExists: false },
};

/** Every setting of a connector, with its default, or null where there is none. */
export function defaultSettings(connectorName: string, settings: readonly string[]): JsonObject {
  const defaults = Object.hasOwn(DEFAULTS, connectorName) ? DEFAULTS[connectorName]! : {};
  return Object.fromEntries(settings.map((name): [string, Json] => [name, defaults[name] ?? null]));
}
