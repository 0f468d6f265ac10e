import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SYNC_DN, SYNC_PASSWORD } from '../../test/ldap/openldap-config.ts';
import { PEOPLE } from './directory-people.ts';

export const LDAP_MAPPING = { inward: 'people_user', outward: 'user_target' } as const;

/** Attribute of the entry by property of the managed user: 15. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  userName: 'uid',
  cn: 'cn',
  surname: 'sn',
  givenName: 'givenName',
  displayName: 'displayName',
  email: 'mail',
  phone: 'telephoneNumber',
  mobile: 'mobile',
  title: 'title',
  department: 'departmentNumber',
  address: 'postalAddress',
  employeeNumber: 'employeeNumber',
  status: 'employeeType',
  groups: 'businessCategory',
  notes: 'description',
};

/** Where the server of a benchmark is: the process that started it tells those that use it. */
export interface ServerAddress {
  readonly port: number;
}

export function writeAddress(directory: string, address: ServerAddress): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'server.json'), JSON.stringify(address));
}

export function readAddress(directory: string): ServerAddress {
  return JSON.parse(readFileSync(path.join(directory, 'server.json'), 'utf8')) as ServerAddress;
}

/** A directory's people to managed users, and managed users to entries below `target`. */
export function writeLdapProject(directory: string, target: string): void {
  const { port } = readAddress(directory);
  const put = (name: string, value: unknown): void => {
    mkdirSync(path.join(directory, 'conf'), { recursive: true });
    writeFileSync(path.join(directory, 'conf', name), JSON.stringify(value, null, 2));
  };
  put('managed.json', { objects: [{ name: 'user', schema: { properties: managedProperties() } }] });
  put('provisioner.openicf-people.json', provisioner('people', port, PEOPLE));
  put('provisioner.openicf-target.json', provisioner('target', port, target));
  put('sync.json', { mappings: [inward(), outward(target)] });
}

function managedProperties(): Record<string, unknown> {
  return Object.fromEntries(
    Object.keys(ATTRIBUTES).map((name) => [
      name,
      { type: name === 'groups' ? 'array' : 'string', ...(name === 'employeeNumber' ? { searchable: true } : {}) },
    ]),
  );
}

function provisioner(name: string, port: number, base: string): unknown {
  const text = (nativeName: string) => ({ type: 'string', nativeName, nativeType: 'string' });
  const properties = Object.entries(ATTRIBUTES).map(([property, attribute]) => [
    property,
    property === 'groups'
      ? { ...text(attribute), type: 'array', items: { type: 'string', nativeType: 'string' } }
      : text(attribute),
  ]);
  return {
    name,
    connectorRef: { connectorName: 'org.identityconnectors.ldap.LdapConnector' },
    configurationProperties: {
      host: '127.0.0.1',
      port,
      ssl: false,
      principal: SYNC_DN,
      credentials: SYNC_PASSWORD,
      baseContexts: [base],
      baseContextsToSynchronize: [base],
      accountObjectClasses: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'],
      accountUserNameAttributes: ['uid'],
      uidAttribute: 'dn',
      usePagedResultControl: true,
      blockSize: 1000,
    },
    resultsHandlerConfig: { enableFilteredResultsHandler: false },
    objectTypes: {
      account: {
        nativeType: '__ACCOUNT__',
        properties: {
          dn: { type: 'string', nativeName: '__NAME__', nativeType: 'string', required: true },
          ...Object.fromEntries(properties),
        },
      },
    },
  };
}

function inward(): unknown {
  return {
    name: LDAP_MAPPING.inward,
    source: 'system/people/account',
    target: 'managed/user',
    enableSync: true,
    properties: Object.keys(ATTRIBUTES).map((name) => ({ source: name, target: name })),
  };
}

/** The first `OUTWARD_COUNT` of them. Only when it is asked for: a first load is to be measured alone. */
function outward(target: string): unknown {
  const name = { type: 'text/javascript', source: `'uid=' + source + ',${target}'` };
  return {
    name: LDAP_MAPPING.outward,
    source: 'managed/user',
    target: 'system/target/account',
    enableSync: false,
    sourceQuery: { _queryFilter: `/employeeNumber le "E${String(OUTWARD_COUNT).padStart(8, '0')}"` },
    properties: [
      ...Object.keys(ATTRIBUTES).map((property) => ({ source: property, target: property })),
      { source: 'userName', target: 'dn', transform: name },
    ],
  };
}

export const OUTWARD_COUNT = 10_000;
