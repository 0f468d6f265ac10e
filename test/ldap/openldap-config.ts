export interface OpenLdapSettings {
  /**
   * Where the server remembers deletes for content synchronization: `memory` forgets them at a restart (the next refresh takes the
   * present phase), `accesslog` does not. Default `memory`.
   */
  readonly sessionLog?: 'memory' | 'accesslog';
  /** Without the password policy: there is no attribute that locks an account. */
  readonly withoutPolicy?: boolean;
  /** Lines to add to the main database. */
  readonly extraLines?: readonly string[];
}

export const SUFFIX = 'dc=example,dc=org';
export const ADMIN_DN = `cn=admin,${SUFFIX}`;
/** The policy of all accounts, where there is an entry of this name: there is none at first. */
export const POLICY_DN = `cn=policy,${SUFFIX}`;
export const ADMIN_PASSWORD = 'secret';
/** An account that may read and write everything, but is under the rules of access; reads without limits. */
export const SYNC_DN = `cn=sync,ou=service,${SUFFIX}`;
export const SYNC_PASSWORD = 'sync-secret';

const SCHEMAS = ['core', 'cosine', 'inetorgperson', 'nis'];
const MODULES = ['back_mdb', 'syncprov', 'accesslog', 'memberof', 'refint', 'ppolicy', 'sssvlv'];

/** The configuration of a server in a directory of its own: slapd.conf(5). */
export function openLdapConfig(base: string, settings: OpenLdapSettings): string {
  const { sessionLog = 'memory', extraLines = [], withoutPolicy = false } = settings;
  const isWanted = (line: string): boolean => !withoutPolicy || !/ppolicy(_default .*)?$/.test(line);
  return [
    ...SCHEMAS.map((name) => `include /etc/ldap/schema/${name}.schema`),
    `pidfile ${base}/slapd.pid`,
    `argsfile ${base}/slapd.args`,
    'modulepath /usr/lib/ldap',
    ...MODULES.map((name) => `moduleload ${name}`).filter(isWanted),
    'threads 4',
    'sizelimit size.soft=500 size.hard=unlimited size.prtotal=unlimited size.pr=10000',
    `TLSCACertificateFile ${base}/tls/ca.crt`,
    `TLSCertificateFile ${base}/tls/server.crt`,
    `TLSCertificateKeyFile ${base}/tls/server.key`,
    'TLSVerifyClient try',
    // Who comes over the Unix socket as the server's own user is the administrator; who shows the certificate CN=sync is that account.
    `authz-regexp "gidNumber=.*\\+uidNumber=${process.getuid?.() ?? 0},cn=peercred,cn=external,cn=auth" "${ADMIN_DN}"`,
    `authz-regexp "^cn=sync$" "${SYNC_DN}"`,
    'password-hash {CLEARTEXT}',
    ...accessLogDatabase(base),
    ...mainDatabase(base, sessionLog).filter(isWanted),
    ...extraLines,
    '',
  ].join('\n');
}

function accessLogDatabase(base: string): readonly string[] {
  return [
    'database mdb',
    'suffix cn=accesslog',
    `directory ${base}/accesslog`,
    'maxsize 1073741824',
    'dbnosync',
    'rootdn cn=accesslog',
    'index entryCSN,objectClass,reqStart,reqEnd,reqResult,reqType,reqDN eq',
    `access to * by dn.exact="${ADMIN_DN}" read by dn.exact="${SYNC_DN}" read`,
    `limits dn.exact="${SYNC_DN}" size=unlimited time=unlimited`,
    'overlay syncprov',
    'syncprov-nopresent TRUE',
    'syncprov-reloadhint TRUE',
  ];
}

function mainDatabase(base: string, sessionLog: 'memory' | 'accesslog'): readonly string[] {
  const sync = `dn.exact="${SYNC_DN}"`;
  return [
    'database mdb',
    `suffix ${SUFFIX}`,
    `directory ${base}/db`,
    'maxsize 2147483648',
    'dbnosync',
    `rootdn ${ADMIN_DN}`,
    `rootpw ${ADMIN_PASSWORD}`,
    'index objectClass,entryCSN,entryUUID,modifyTimestamp eq',
    'index uid,mail,employeeNumber,member,memberOf eq',
    'index cn,sn,givenName eq,sub',
    `limits ${sync} size=unlimited time=unlimited`,
    `access to attrs=userPassword by self write by anonymous auth by ${sync} write by * none`,
    `access to * by ${sync} write by users read by * none`,
    'overlay memberof',
    'memberof-refint TRUE',
    'overlay refint',
    'refint_attributes member manager',
    `refint_nothing ${ADMIN_DN}`,
    'overlay ppolicy',
    `ppolicy_default ${POLICY_DN}`,
    'overlay sssvlv',
    'overlay syncprov',
    'syncprov-checkpoint 100 10',
    sessionLog === 'accesslog' ? 'syncprov-sessionlog-source cn=accesslog' : 'syncprov-sessionlog 100000',
    'overlay accesslog',
    'logdb cn=accesslog',
    'logops writes',
    'logsuccess TRUE',
    'logold (objectClass=*)',
    'logpurge 07+00:00 01+00:00',
  ];
}

/** What is there from the start: the suffix, three containers, the account. */
export const BASE_LDIF = `dn: ${SUFFIX}
objectClass: top
objectClass: domain
dc: example

dn: ou=people,${SUFFIX}
objectClass: organizationalUnit
ou: people

dn: ou=groups,${SUFFIX}
objectClass: organizationalUnit
ou: groups

dn: ou=service,${SUFFIX}
objectClass: organizationalUnit
ou: service

dn: ${SYNC_DN}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: sync
userPassword: ${SYNC_PASSWORD}
`;
