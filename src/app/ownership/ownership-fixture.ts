import type { JsonObject } from '../../base/json.ts';
import { configOf, js, type Files } from '../config/load-fixture.ts';
import { ownershipFindings } from '../ownership-findings.ts';
import type { Finding } from './finding.ts';

/** What tests of ownership start from: people in a file, managed users, a directory, and mappings between them. */
type Properties = Readonly<Record<string, string | JsonObject>>;

export function system(name: string, properties: Properties, className = 'csv'): Files {
  const typed = Object.entries(properties).map(([key, value]) => [
    key,
    typeof value === 'string' ? { type: value, nativeName: key } : value,
  ]);
  return {
    [`conf/provisioner.openicf-${name}.json`]: {
      name,
      connectorRef: { connectorName: className },
      objectTypes: { account: { nativeType: '__ACCOUNT__', properties: Object.fromEntries(typed) } },
    },
  };
}

export const id = { type: 'string', nativeName: '__NAME__' };
const WORLD: Files = {
  'conf/managed.json': { objects: [{ name: 'user' }] },
  ...system('hr', { id, mail: 'string', name: 'string', level: 'string' }),
  ...system('ldap', {
    id,
    mail: 'string',
    name: 'string',
    level: 'integer',
    secret: { type: 'string', flags: ['NOT_READABLE'] },
  }),
};

export const HR: JsonObject = { name: 'hr_user', source: 'system/hr/account', target: 'managed/user' };
export const OUT: JsonObject = { name: 'user_ldap', source: 'managed/user', target: 'system/ldap/account' };
export const BACK: JsonObject = { name: 'ldap_user', source: 'system/ldap/account', target: 'managed/user' };
export const correlated = (attribute: string, from = attribute): JsonObject => ({
  correlationQuery: js(`({_queryFilter: '${attribute} eq "' + source.${from} + '"'})`),
});
export const copy = (source: string, target = source): JsonObject => ({ source, target });
export const made = (source: string, target: string, code: string): JsonObject => ({
  source,
  target,
  transform: js(code),
});

export interface Case {
  readonly mappings: readonly JsonObject[];
  readonly files?: Files;
  readonly lockstep?: JsonObject;
}

/** `warning two-writers /mappings/1/properties/0` of each finding, of one code if one is given. */
export async function found({ mappings, files = {}, lockstep = {} }: Case, code?: string): Promise<readonly string[]> {
  return (await findings({ mappings, files, lockstep }))
    .filter((one) => code === undefined || one.code === code)
    .map(({ severity, code: kind, pointer }) => `${severity} ${kind} ${pointer}`);
}

export async function findings({ mappings, files = {}, lockstep = {} }: Case): Promise<readonly Finding[]> {
  return ownershipFindings(
    await configOf({ ...WORLD, ...files, 'conf/sync.json': { mappings }, 'conf/lockstep.json': lockstep }),
  );
}
