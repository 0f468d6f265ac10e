import { userInfo } from 'node:os';
import { SUFFIX, SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';

export const MANAGER_DN = 'cn=Directory Manager';
export const MANAGER_PASSWORD = 'secret12';

const PLUGINS =
  /^dn: cn=(retro changelog plugin|content synchronization|memberof plugin|referential integrity postoperation|usn),/i;
const RETRO = /^dn: cn=retro changelog plugin,/i;
const DATABASE = /^dn: cn=config,cn=ldbm database/i;
const INDEXES = ['uid:eq,pres,sub', 'employeeNumber:eq', 'modifyTimestamp:eq', 'entryuuid:eq'];

/** The server's own template, filled in: dse.ldif for a directory of its own, without TLS. */
export function dseLdif(template: string, suffixTemplate: string, base: string, port: number): string {
  const values: Readonly<Record<string, string>> = {
    schema_dir: `${base}/conf/schema`,
    lock_dir: `${base}/lock`,
    tmp_dir: `${base}/tmp`,
    cert_dir: `${base}/conf`,
    ldif_dir: `${base}/ldif`,
    bak_dir: `${base}/bak`,
    run_dir: `${base}/run`,
    inst_dir: `${base}/run`,
    log_dir: `${base}/log`,
    config_dir: `${base}/conf`,
    db_dir: `${base}/db`,
    db_home_dir: `${base}/dbhome`,
    db_lib: 'bdb',
    fqdn: 'localhost',
    ds_port: String(port),
    ds_user: userInfo().username,
    rootdn: MANAGER_DN,
    ds_passwd: `{CLEAR}${MANAGER_PASSWORD}`,
    ldapi_enabled: 'off',
    ldapi: `${base}/run/ldapi`,
    ldapi_autobind: 'off',
    ds_suffix: SUFFIX,
    ds_bename: 'userRoot',
  };
  const fill = (text: string): string => text.replaceAll(/%(\w+)%/g, (whole, key: string) => values[key] ?? whole);
  const entries = fill(template).split(/\n\n+/).map(tuned);
  const suffix = fill(suffixTemplate)
    .replaceAll(/^#.*\n/gm, '')
    .replace(/^(nsslapd-suffix:.*)$/m, '$1\nnsslapd-cachememsize: 268435456');
  // Two empty lines in a row break its parser.
  const all = [...entries, ...suffix.split(/\n\n+/), ...INDEXES.map(indexEntry)].map((entry) => entry.trim());
  return `${all.filter((entry) => entry !== '').join('\n\n')}\n`;
}

function tuned(entry: string): string {
  if (PLUGINS.test(entry)) return switchedOn(entry);
  if (DATABASE.test(entry)) {
    const limits = 'nsslapd-cache-autosize: 0\nnsslapd-dbcachesize: 67108864\nnsslapd-lookthroughlimit: 1000000';
    return entry.replace(/^(nsslapd-mode:.*)$/m, `$1\n${limits}\nnsslapd-pagedlookthroughlimit: 0`);
  }
  const here = 'nsslapd-listenhost: 127.0.0.1\nnsslapd-accesslog-logging-enabled: off';
  const more = `${here}\nnsslapd-sizelimit: 2000\nnsslapd-defaultnamingcontext: ${SUFFIX}`;
  return entry.replace(/^(nsslapd-port:.*)$/m, `$1\n${more}`);
}

function switchedOn(entry: string): string {
  const ids = 'nsslapd-attribute: nsuniqueid:targetUniqueId\nnsslapd-attribute: entryuuid:targetEntryUuid';
  const extra = RETRO.test(entry) ? `\n${ids}\nnsslapd-changelogmaxage: 7d` : '';
  return entry.replace(/^nsslapd-pluginenabled:.*$/im, `nsslapd-pluginEnabled: on${extra}`);
}

function indexEntry(index: string): string {
  const [name, types] = index.split(':');
  const lines = types!.split(',').map((type) => `nsindextype: ${type}`);
  const dn = `cn=${name},cn=index,cn=userRoot,cn=ldbm database,cn=plugins,cn=config`;
  return [
    `dn: ${dn}`,
    'objectClass: top',
    'objectClass: nsIndex',
    `cn: ${name}`,
    'nssystemindex: false',
    ...lines,
  ].join('\n');
}

/** What is there from the start. The account reads and writes everything; only itself reads passwords. */
export const BASE_LDIF_389 = `dn: ${SUFFIX}
objectClass: top
objectClass: domain
dc: example
aci: (targetattr != "userPassword || aci")(version 3.0; acl "sync"; allow (all) userdn = "ldap:///${SYNC_DN}";)
aci: (targetattr = "userPassword")(version 3.0; acl "passwords"; allow (write) userdn = "ldap:///self";)
aci: (targetattr = "userPassword")(version 3.0; acl "sync passwords"; allow (add, write, delete, selfwrite) userdn = "ldap:///${SYNC_DN}";)

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
