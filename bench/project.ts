import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ATTRIBUTES, GROUP_DELIMITER, type Person } from './people.ts';

/** `plain`: 15 properties copied. `scripts`: five of them go through a script, and every object is correlated by a query. */
export type Variant = 'plain' | 'scripts';

export const MAPPING = { csv: 'people_user', memory: 'left_right' } as const;

/** Writes the configuration of a project whose people lie in `data/people.csv`. */
export function writeProject(directory: string, variant: Variant): void {
  const put = (name: string, value: unknown): void => {
    mkdirSync(path.join(directory, 'conf'), { recursive: true });
    writeFileSync(path.join(directory, 'conf', name), JSON.stringify(value, null, 2));
  };
  mkdirSync(path.join(directory, 'data'), { recursive: true });
  put('managed.json', { objects: [{ name: 'user', schema: { properties: managedProperties() } }] });
  put('provisioner.openicf-people.json', csvProvisioner());
  put('provisioner.openicf-left.json', memoryProvisioner('left'));
  put('provisioner.openicf-right.json', memoryProvisioner('right'));
  put('sync.json', { mappings: [csvMapping(variant), memoryMapping()] });
}

export function peopleFile(directory: string): string {
  return path.join(directory, 'data', 'people.csv');
}

/** Has an index: correlation asks for it. */
export const SEARCHABLE: keyof Person = 'employeeNumber';

function managedProperties(): Record<string, unknown> {
  return Object.fromEntries(
    ATTRIBUTES.map((name) => {
      return [
        name,
        { type: name === 'groups' ? 'array' : 'string', ...(name === SEARCHABLE ? { searchable: true } : {}) },
      ];
    }),
  );
}

function objectType(nativeNames: (name: string) => string): unknown {
  const properties = ATTRIBUTES.map((name) => {
    const nativeName = nativeNames(name);
    return [
      name,
      name === 'groups'
        ? { type: 'array', items: { type: 'string' }, nativeName, nativeType: 'string' }
        : { type: 'string', nativeName, nativeType: 'string' },
    ];
  });
  return { id: '__ACCOUNT__', type: 'object', nativeType: '__ACCOUNT__', properties: Object.fromEntries(properties) };
}

function csvProvisioner(): unknown {
  return {
    name: 'people',
    connectorRef: { connectorName: 'org.forgerock.openicf.csvfile.CSVFileConnector' },
    configurationProperties: {
      csvFile: '&{launcher.project.location}/data/people.csv',
      headerUid: 'employeeNumber',
      encoding: 'UTF-8',
      multivalueDelimiter: GROUP_DELIMITER,
    },
    objectTypes: { account: objectType((name) => (name === 'employeeNumber' ? '__NAME__' : name)) },
  };
}

function memoryProvisioner(name: string): unknown {
  const account = objectType((attribute) => (attribute === 'employeeNumber' ? '__NAME__' : attribute));
  return { name, connectorRef: { connectorName: 'memory' }, configurationProperties: {}, objectTypes: { account } };
}

function csvMapping(variant: Variant): unknown {
  const base = { name: MAPPING.csv, source: 'system/people/account', target: 'managed/user' };
  if (variant === 'plain') return { ...base, properties: ATTRIBUTES.map((name) => ({ source: name, target: name })) };
  return {
    ...base,
    correlateEmptyTargetSet: true,
    correlationQuery: script(`({ '_queryFilter': 'employeeNumber eq "' + source.employeeNumber + '"' })`),
    properties: ATTRIBUTES.map((name) => ({ ...(TRANSFORMS[name] ?? { source: name }), target: name })),
  };
}

const TRANSFORMS: Readonly<Record<string, unknown>> = {
  displayName: { source: '', transform: script(`source.givenName + ' ' + source.surname`) },
  email: { source: 'email', transform: script('source.toLowerCase()') },
  phone: { source: 'phone', transform: script(`source.replace(/[^0-9+]/g, '')`) },
  groups: {
    source: 'groups',
    transform: script(`source.map(function (dn) { return dn.split(',')[0].substring(3); })`),
  },
  status: { source: 'status', transform: script(`if (source === 'active') { 'enabled'; } else { 'disabled'; }`) },
};

function script(source: string): unknown {
  return { type: 'text/javascript', source };
}

function memoryMapping(): unknown {
  return {
    name: MAPPING.memory,
    source: 'system/left/account',
    target: 'system/right/account',
    properties: ATTRIBUTES.map((name) => ({ source: name, target: name })),
  };
}
