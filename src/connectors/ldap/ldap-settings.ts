import { Failure } from '../../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import type { ConfigFault } from '../../connector/contract.ts';
import { parseLdapUrl, type LdapAddress } from '../../ldap/client/ldap-address.ts';
import { isWithin, parentOf } from '../../ldap/dn/compare-dn.ts';
import type { Filter } from '../../ldap/filter/filter.ts';
import { parseFilter } from '../../ldap/filter/parse-filter.ts';
import { ldapTimeouts, objectsAtOnce, type LdapTimeouts, type OperationLimits } from './operation-limits.ts';
import { settingReader, type Report, type SettingReader } from './setting-reader.ts';

export type AuthType = 'anonymous' | 'simple' | 'plain' | 'external';
/** How changes are found out: by what the server offers, or as configured. */
export type FeedKind = 'auto' | 'contentSync' | 'changeLog' | 'dirSync' | 'usn' | 'timestamps' | 'none';
export type PasswordForm = 'plain' | 'ssha' | 'sha' | 'smd5' | 'md5' | 'unicode';

/** `configurationProperties` of a directory (specification §10.8), in the form in which they are used. */
export interface LdapSettings {
  readonly servers: readonly LdapAddress[];
  /** The servers are those that DNS names for this domain (`useDNSSRVRecord`); null: those above. */
  readonly domain: string | null;
  readonly security: 'none' | 'tls' | 'startTls';
  readonly isVerified: boolean;
  readonly serverName: string | null;
  readonly caFile: string | null;
  readonly clientCertificateFile: string | null;
  readonly clientKeyFile: string | null;
  readonly authType: AuthType;
  readonly principal: string;
  readonly credentials: string;
  /** They are encrypted, by a key that is not at hand here. */
  readonly isSealed: boolean;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly timeouts: LdapTimeouts;
  /** None of them is within another. */
  readonly baseContexts: readonly string[];
  /** Search references are an incomplete read, or (`ignore`) passed over. */
  readonly references: 'fail' | 'skip';
  /** They are followed to the servers that they name, with the same login. */
  readonly followsReferrals: boolean;
  readonly account: ClassSettings;
  readonly group: ClassSettings;
  /** `dn`: the id is the name. */
  readonly uidAttribute: string;
  readonly accountUserNameAttributes: readonly string[];
  readonly groupMemberAttribute: string;
  readonly maintainsGroups: boolean;
  readonly maintainsPosixGroups: boolean;
  /** `getGroupMemberId`: groups are seen with the ids of their members. */
  readonly readsMemberIds: boolean;
  readonly passwordAttribute: string;
  readonly passwordForm: PasswordForm;
  readonly pageSize: number;
  readonly readsSchema: boolean;
  readonly requestsInFlight: number;
  readonly writeConnections: number;
  readonly sync: SyncSettings;
}

export interface ClassSettings {
  readonly objectClasses: readonly string[];
  readonly searchFilter: Filter | null;
}

export interface SyncSettings {
  readonly feed: FeedKind;
  /** Null: the base contexts. */
  readonly baseContexts: readonly string[] | null;
  /** In lower case; empty: those of the object type. */
  readonly objectClasses: readonly string[];
  /** In lower case; empty: all. */
  readonly attributes: readonly string[];
  readonly modifiersToLeaveOut: readonly string[];
  readonly accountFilter: Filter | null;
  readonly groupFilter: Filter | null;
  readonly changeNumberAttribute: string;
  readonly changeLogBlockSize: number;
  readonly resetSyncToken: 'never' | 'first' | 'last';
}

export const ACCOUNT_CLASSES = ['top', 'person', 'organizationalPerson', 'inetOrgPerson'] as const;
export const GROUP_CLASSES = ['top', 'groupOfUniqueNames'] as const;

/** Settings of the ICF connector whose effect is not provided; they are accepted, and told. */
const WITHOUT_EFFECT: Readonly<Record<string, (value: Json) => boolean>> = {
  synchronizePasswords: (value) => value === true,
  respectResourcePasswordPolicyChangeAfterReset: (value) => value === true,
  // What the log entries are asked for by is decided here.
  filterWithOrInsteadOfAnd: (value) => value === true,
  removeLogEntryObjectClassFromFilter: (value) => value === false,
};

/** Reads the properties, reporting every fault. With errors the settings are not usable. */
export function readLdapSettings(properties: JsonObject, report: Report, limits: OperationLimits = {}): LdapSettings {
  const read = settingReader(properties, report);
  const baseContexts = names(read, 'baseContexts', report);
  if (baseContexts.length === 0)
    report(
      fault(
        'baseContexts',
        'baseContexts is missing',
        'list the DNs under which objects are, e.g. ["ou=people,dc=example,dc=com"]',
      ),
    );
  for (const [key, hasEffect] of Object.entries(WITHOUT_EFFECT))
    if (Object.hasOwn(properties, key) && hasEffect(properties[key]!))
      report({ ...fault(key, `${key} has no effect here`), severity: 'warning' });
  const referrals = read.choice('referralsHandling', ['follow', 'throw', 'ignore'], 'follow');
  const requestTimeoutMs = read.integer('readTimeout', 60_000, 0);
  const security = read.flag('ssl', false) ? 'tls' : read.flag('startTLS', false) ? 'startTls' : 'none';
  return {
    servers: servers(read, report, security),
    domain: read.flag('useDNSSRVRecord', false) ? read.text('host', '') || null : null,
    security,
    isVerified: read.flag('verifyCertificates', true),
    serverName: read.text('tlsServerName', '') || null,
    caFile: read.text('caFile', '') || null,
    clientCertificateFile: read.text('clientCertificateFile', '') || null,
    clientKeyFile: read.text('clientKeyFile', '') || null,
    ...login(properties, read, report),
    connectTimeoutMs: read.integer('connectionTimeout', 15_000, 1),
    requestTimeoutMs,
    timeouts: ldapTimeouts(limits, requestTimeoutMs),
    baseContexts: outermost(baseContexts),
    references: referrals === 'ignore' ? 'skip' : 'fail',
    followsReferrals: referrals === 'follow',
    account: objects(read, report, 'account', ACCOUNT_CLASSES),
    group: objects(read, report, 'group', GROUP_CLASSES),
    uidAttribute: read.text('uidAttribute', 'entryUUID') || 'entryUUID',
    accountUserNameAttributes: read.texts('accountUserNameAttributes', ['uid', 'cn']),
    groupMemberAttribute: read.text('groupMemberAttribute', 'uniqueMember'),
    maintainsGroups: read.flag('maintainLdapGroupMembership', false),
    maintainsPosixGroups: read.flag('maintainPosixGroupMembership', false),
    readsMemberIds: read.flag('getGroupMemberId', false),
    ...password(read),
    pageSize: read.isGiven('blockSize') ? read.integer('blockSize', 1000, 1) : 1000,
    readsSchema: read.flag('readSchema', true),
    requestsInFlight: read.integer('requestsInFlight', objectsAtOnce(limits, report) ?? 16, 1),
    writeConnections: read.integer('writeConnections', 1, 1),
    sync: sync(read, report),
  };
}

function servers(read: SettingReader, report: Report, security: LdapSettings['security']): readonly LdapAddress[] {
  const port = read.integer('port', security === 'tls' ? 636 : 389, 1);
  const host = read.text('host', '');
  if (host === '') report(fault('host', 'host is missing', 'give the name or address of the directory server'));
  const address = (key: string, text: string): readonly LdapAddress[] => {
    try {
      if (!/^ldap[si]?:\/\//i.test(text)) return [hostAndPort(text, port)];
      const { address: target, isTls } = parseLdapUrl(text);
      if (target.kind === 'tcp' && isTls !== (security === 'tls'))
        report(fault(key, `${key} and "ssl" disagree about TLS`, 'all servers are reached in the same way'));
      return [target];
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      report(fault(key, error.message));
      return [];
    }
  };
  const failover = read.texts('failover', []).flatMap((text) => address('failover', text));
  return host === '' ? failover : [...address('host', host), ...failover];
}

function hostAndPort(text: string, port: number): LdapAddress {
  const match = /^(\[[0-9a-f:.]+\]|[^:]+):(\d{1,5})$/i.exec(text);
  if (match === null) return { kind: 'tcp', host: text.replace(/^\[(.*)\]$/, '$1'), port };
  return { kind: 'tcp', host: match[1]!.replace(/^\[(.*)\]$/, '$1'), port: Number(match[2]) };
}

const AUTH_TYPES: Readonly<Record<string, AuthType>> = {
  simple: 'simple',
  none: 'anonymous',
  anonymous: 'anonymous',
  plain: 'plain',
  'sasl-plain': 'plain',
  external: 'external',
  'sasl-external': 'external',
};

function login(
  properties: JsonObject,
  read: SettingReader,
  report: Report,
): Pick<LdapSettings, 'authType' | 'principal' | 'credentials' | 'isSealed'> {
  const principal = read.text('principal', '');
  const given = read.text('authType', 'simple').toLowerCase();
  const authType = AUTH_TYPES[given];
  if (authType === undefined)
    report(fault('authType', `authType "${given}" is not known`, 'use simple, none, SASL-PLAIN or SASL-EXTERNAL'));
  const secret = properties['credentials'] ?? '';
  const isSealed = isJsonObject(secret) && Object.hasOwn(secret, '$crypto');
  if (typeof secret !== 'string' && !isSealed)
    report(fault('credentials', 'credentials must be a text or a $crypto object'));
  const credentials = typeof secret === 'string' ? secret : '';
  if (principal !== '' && secret === '' && authType !== 'external' && authType !== 'anonymous')
    report(fault('credentials', 'credentials is missing', 'a server takes a login without a password for anonymous'));
  if (authType === 'simple' && principal === '') return { authType: 'anonymous', principal, credentials, isSealed };
  return { authType: authType ?? 'simple', principal, credentials, isSealed };
}

function objects(
  read: SettingReader,
  report: Report,
  kind: 'account' | 'group',
  classes: readonly string[],
): ClassSettings {
  const objectClasses = read.texts(`${kind}ObjectClasses`, classes);
  if (objectClasses.length === 0) report(fault(`${kind}ObjectClasses`, `${kind}ObjectClasses is empty`));
  return { objectClasses, searchFilter: filter(read, report, `${kind}SearchFilter`) };
}

function filter(read: SettingReader, report: Report, key: string): Filter | null {
  const text = read.text(key, '').trim();
  if (text === '') return null;
  try {
    return parseFilter(text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    report(fault(key, `${key}: ${error.message}`, 'write a filter such as (employeeType=internal)'));
    return null;
  }
}

const PASSWORD_FORMS: Readonly<Record<string, PasswordForm>> = {
  none: 'plain',
  ssha: 'ssha',
  sha: 'sha',
  smd5: 'smd5',
  md5: 'md5',
  'win-ad': 'unicode',
};

function password(read: SettingReader): Pick<LdapSettings, 'passwordAttribute' | 'passwordForm'> {
  const passwordAttribute = read.text('passwordAttribute', 'userPassword');
  const fallback = passwordAttribute.toLowerCase() === 'unicodepwd' ? 'WIN-AD' : 'NONE';
  const form = read.choice('passwordHashAlgorithm', ['NONE', 'SSHA', 'SHA', 'SMD5', 'MD5', 'WIN-AD'], fallback);
  return { passwordAttribute, passwordForm: PASSWORD_FORMS[form.toLowerCase()]! };
}

function sync(read: SettingReader, report: Report): SyncSettings {
  const bases = names(read, 'baseContextsToSynchronize', report);
  const kinds: readonly FeedKind[] = ['auto', 'contentSync', 'changeLog', 'dirSync', 'usn', 'timestamps', 'none'];
  const feed = read.choice('changeFeed', kinds, 'auto') as FeedKind;
  return {
    feed: read.flag('useTimestampsForSync', false) ? 'timestamps' : feed,
    baseContexts: bases.length === 0 ? null : outermost(bases),
    objectClasses: read.texts('objectClassesToSynchronize', []).map((name) => name.toLowerCase()),
    attributes: read.texts('attributesToSynchronize', []).map((name) => name.toLowerCase()),
    modifiersToLeaveOut: names(read, 'modifiersNamesToFilterOut', report),
    accountFilter: filter(read, report, 'accountSynchronizationFilter'),
    groupFilter: filter(read, report, 'groupSynchronizationFilter'),
    changeNumberAttribute: read.text('changeNumberAttribute', 'changeNumber') || 'changeNumber',
    changeLogBlockSize: read.integer('changeLogBlockSize', 100, 1),
    resetSyncToken: read.choice(
      'resetSyncToken',
      ['never', 'first', 'last'],
      'never',
    ) as SyncSettings['resetSyncToken'],
  };
}

/** A list of DNs that can be read. */
function names(read: SettingReader, key: string, report: Report): readonly string[] {
  return read.texts(key, []).filter((dn) => {
    try {
      parentOf(dn);
      return true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      report(fault(key, `${key}: ${error.message}`));
      return false;
    }
  });
}

function outermost(bases: readonly string[]): readonly string[] {
  return bases.filter(
    (base, i) => !bases.some((other, k) => k !== i && isWithin(base, other) && (k < i || !isWithin(other, base))),
  );
}

function fault(key: string, message: string, hint?: string): ConfigFault {
  const pointer = `/configurationProperties/${key}`;
  return { severity: 'error', pointer, message, ...(hint === undefined ? {} : { hint }) };
}
