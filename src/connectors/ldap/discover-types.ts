import { Failure } from '../../base/failure.ts';
import type { JsonObject } from '../../base/json.ts';
import { silentLog } from '../../base/log.ts';
import type { ConnectorConfig } from '../../connector/contract.ts';
import type { LdapSchema } from '../../ldap/schema/ldap-schema.ts';
import { GROUPS } from './attribute-plan.ts';
import { ENABLE, enableRule, isDomain } from './enable.ts';
import type { LdapSettings } from './ldap-settings.ts';
import { directoryOf } from './ldap-connector.ts';

/**
 * `objectTypes` out of a directory's schema: accounts and groups, with every attribute that their classes allow. Rejects as reads do;
 * `bad-configuration` where the directory does not know a class.
 */
export async function discoverLdapTypes(
  config: Pick<ConnectorConfig, 'name' | 'configurationProperties'>,
  projectDirectory: string,
): Promise<JsonObject> {
  const directory = directoryOf(config, { projectDirectory, log: silentLog });
  try {
    const { schema, isActiveDirectory } = await directory.facts();
    if (schema === null)
      throw new Failure(
        'bad-configuration',
        `${directory.system}: object types are made out of the schema, which was not read ("readSchema")`,
      );
    const { account, group } = directory.settings;
    return {
      account: accountType(schema, account.objectClasses, directory.settings, isActiveDirectory),
      group: objectType('__GROUP__', attributesOf(schema, group.objectClasses, isActiveDirectory)),
    };
  } finally {
    directory.close();
  }
}

function accountType(
  schema: LdapSchema,
  classes: readonly string[],
  settings: LdapSettings,
  isActiveDirectory: boolean,
): JsonObject {
  const { [settings.passwordAttribute]: _, ...properties } = attributesOf(schema, classes, isActiveDirectory);
  const password = {
    type: 'string',
    nativeName: '__PASSWORD__',
    nativeType: 'JAVA_TYPE_GUARDEDSTRING',
    flags: ['NOT_READABLE', 'NOT_RETURNED_BY_DEFAULT'],
  };
  const groups = { ...list('string'), nativeName: GROUPS, nativeType: 'string', flags: ['NOT_RETURNED_BY_DEFAULT'] };
  const enable = { type: 'boolean', nativeName: ENABLE, nativeType: 'boolean' };
  const hasEnable = enableRule(schema, isDomain(schema, isActiveDirectory)) !== null;
  const more = { password, ldapGroups: groups, ...(hasEnable ? { [ENABLE]: enable } : {}) };
  return objectType('__ACCOUNT__', { ...properties, ...more });
}

/** Active Directory fills in by itself what its classes ask for (objectSid, instanceType). */
function attributesOf(schema: LdapSchema, classes: readonly string[], isActiveDirectory: boolean): JsonObject {
  const unknown = classes.find((name) => schema.objectClass(name) === null);
  if (unknown !== undefined) throw new Failure('bad-configuration', `the directory has no object class ${unknown}`);
  const { must, may } = schema.attributesOf(classes);
  const names = [...must.values(), ...may.values()].filter((name) => name.toLowerCase() !== 'objectclass').sort();
  const isRequired = (name: string): boolean => !isActiveDirectory && must.has(name.toLowerCase());
  return Object.fromEntries(names.map((name) => [name, property(schema, name, isRequired(name))]));
}

const TYPES = {
  boolean: 'boolean',
  integer: 'integer',
  text: 'string',
  dn: 'string',
  time: 'string',
  bytes: 'string',
} as const;

function property(schema: LdapSchema, name: string, isRequired: boolean): JsonObject {
  const kind = schema.valueKind(name);
  const type = schema.attributeType(name);
  const shown = TYPES[kind];
  const flags = type?.isModifiable === false ? ['NOT_CREATABLE', 'NOT_UPDATEABLE'] : [];
  return {
    ...(type?.isSingleValued === true ? { type: shown } : list(shown)),
    nativeName: name,
    nativeType: kind === 'bytes' ? 'JAVA_TYPE_BYTE_ARRAY' : shown,
    ...(isRequired ? { required: true } : {}),
    ...(flags.length === 0 ? {} : { flags }),
  };
}

function list(type: string): JsonObject {
  return { type: 'array', items: { type, nativeType: type } };
}

function objectType(nativeType: string, properties: JsonObject): JsonObject {
  const dn = { type: 'string', nativeName: '__NAME__', nativeType: 'string', required: true };
  const $schema = 'http://json-schema.org/draft-03/schema';
  return { $schema, id: nativeType, type: 'object', nativeType, properties: { dn, ...properties } };
}
