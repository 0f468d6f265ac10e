import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '../../src/base/json.ts';
import { loadProject } from '../../src/app/config/load-project.ts';
import { connectorKinds } from '../../src/app/connector-kinds.ts';
import { formatDiagnostic } from '../../src/base/diagnostic.ts';
import type { Log } from '../../src/base/log.ts';
import { openLockstep, type Lockstep } from '../../src/app/lockstep.ts';
import { openTree, type Tree } from '../../src/openidm/open-tree.ts';
import type { DirectoryLogin } from '../ldap/conformance-subject.ts';
import { SUFFIX } from '../ldap/openldap-config.ts';

export const PEOPLE = `ou=people,${SUFFIX}`;
export const COPIES = `ou=groups,${SUFFIX}`;
export const INWARD = 'people_user';
export const OUTWARD = 'user_copies';

/**
 * People of a directory become managed users by LiveSync, and those become entries elsewhere in it at once. The name of a copy follows its
 * person's place (`l`), so that copies are renamed, too.
 */
export function writeLdapCampaignProject(directory: string, login: DirectoryLogin, uidAttribute: string): void {
  const put = (file: string, content: JsonObject): void => {
    mkdirSync(path.join(directory, 'conf'), { recursive: true });
    writeFileSync(path.join(directory, 'conf', file), JSON.stringify(content, null, 2));
  };
  put('managed.json', { objects: [{ name: 'user' }] });
  put('provisioner.openicf-people.json', provisioner('people', login, PEOPLE, uidAttribute));
  put('provisioner.openicf-copies.json', provisioner('copies', login, COPIES, 'dn'));
  put('sync.json', { mappings: [inward(), outward()] });
}

const ATTRIBUTES = ['uid', 'cn', 'sn', 'mail', 'l', 'employeeNumber', 'description'];

function provisioner(
  name: string,
  { port, dn, password }: DirectoryLogin,
  base: string,
  uidAttribute: string,
): JsonObject {
  const text = (nativeName: string): JsonObject => ({ type: 'string', nativeName, nativeType: 'string' });
  return {
    name,
    connectorRef: { connectorName: 'org.identityconnectors.ldap.LdapConnector' },
    configurationProperties: {
      host: '127.0.0.1',
      port,
      principal: dn,
      credentials: password,
      baseContexts: [base],
      baseContextsToSynchronize: [base],
      accountObjectClasses: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'],
      uidAttribute,
    },
    objectTypes: {
      account: {
        nativeType: '__ACCOUNT__',
        properties: {
          dn: { ...text('__NAME__'), required: true },
          ...Object.fromEntries(ATTRIBUTES.map((attribute) => [attribute, text(attribute)])),
        },
      },
    },
  };
}

const POLICIES = [
  { situation: 'ABSENT', action: 'CREATE' },
  { situation: 'FOUND', action: 'UPDATE' },
  { situation: 'CONFIRMED', action: 'UPDATE' },
  { situation: 'MISSING', action: 'CREATE' },
  { situation: 'SOURCE_MISSING', action: 'DELETE' },
  { situation: 'UNASSIGNED', action: 'DELETE' },
];

const NO_GUARD = { guard: { enabled: false } };

function inward(): JsonObject {
  return {
    name: INWARD,
    source: 'system/people/account',
    target: 'managed/user',
    correlationQuery: {
      type: 'text/javascript',
      source: `({ _queryFilter: '/number eq "' + source.employeeNumber + '"' })`,
    },
    properties: [
      { source: 'uid', target: 'userName' },
      { source: 'dn', target: 'place' },
      { source: 'mail', target: 'mail' },
      { source: 'l', target: 'city' },
      { source: 'employeeNumber', target: 'number' },
    ],
    policies: POLICIES,
    ...NO_GUARD,
  };
}

function outward(): JsonObject {
  return {
    name: OUTWARD,
    source: 'managed/user',
    target: 'system/copies/account',
    correlationQuery: {
      type: 'text/javascript',
      source: `({ _queryFilter: '/employeeNumber eq "' + source.number + '"' })`,
    },
    properties: [
      {
        target: 'dn',
        transform: {
          type: 'text/javascript',
          source: `'cn=' + source.number + '-' + (source.city || 'nowhere') + ',${COPIES}'`,
        },
        source: '',
      },
      {
        source: '',
        target: 'cn',
        transform: { type: 'text/javascript', source: `source.number + '-' + (source.city || 'nowhere')` },
      },
      { source: 'userName', target: 'sn' },
      { source: 'userName', target: 'uid' },
      { source: 'mail', target: 'mail' },
      { source: 'city', target: 'l' },
      { source: 'number', target: 'employeeNumber' },
      { source: 'place', target: 'description' },
    ],
    policies: POLICIES,
    ...NO_GUARD,
  };
}

export interface LdapCampaignProject {
  readonly lockstep: Lockstep;
  readonly tree: Tree;
}

export async function openLdapCampaignProject(directory: string, log: Log): Promise<LdapCampaignProject> {
  const loadOptions = { env: {}, connectorKinds };
  const { config, diagnostics } = await loadProject(directory, loadOptions);
  if (config === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const dataDirectory = path.join(directory, '.lockstep');
  const lockstep = await openLockstep({ config, dataDirectory, log, env: {} });
  const tree = await openTree(lockstep, { loadOptions, isWatching: false, isServing: true });
  return { lockstep, tree };
}
