import { Failure } from '../../base/failure.ts';
import type {
  ConfigFault,
  Connector,
  ConnectorConfig,
  ConnectorKind,
  ConnectorServices,
} from '../../connector/contract.ts';
import { NAME, PASSWORD, UID } from '../../connector/object-type.ts';
import { ALL_OBJECT_TYPES } from '../../model/change-feed.ts';
import type { ObjectSet } from '../../model/object-set.ts';
import { authenticate } from './authenticate.ts';
import { openDirectory, type Directory } from './directory.ts';
import { ENABLE } from './enable.ts';
import { ldapSet } from './ldap-set.ts';
import { readLdapSettings } from './ldap-settings.ts';
import { scopeReader, type ScopeReader } from './ldap-scope.ts';
import { LDAP_PROPERTIES } from './ldap-properties.ts';
import { openFeed } from './feeds/open-feed.ts';
import type { OperationLimits } from './operation-limits.ts';
import { testDirectory } from './test-directory.ts';

/** LDAP directories (specification §10.8). */
export const ldapConnector: ConnectorKind = {
  connectorNames: [
    'org.identityconnectors.ldap.LdapConnector',
    'org.forgerock.openicf.connectors.ldap.LdapConnector',
    'ldap',
  ],
  knownProperties: LDAP_PROPERTIES,
  check(config) {
    const faults: ConfigFault[] = [];
    readLdapSettings(config.configurationProperties, (fault) => faults.push(fault), config);
    return [...faults, ...unknownNatives(config)];
  },
  create: connect,
};

const SPECIAL = new Set([NAME, UID, PASSWORD, ENABLE]);

/** Attributes that ICF knows, and a directory does not have under one name. */
function unknownNatives({ objectTypes }: ConnectorConfig): readonly ConfigFault[] {
  return Object.entries(objectTypes).flatMap(([type, { properties }]) =>
    Object.entries(properties)
      .filter(([, { nativeName }]) => nativeName.startsWith('__') && !SPECIAL.has(nativeName))
      .map(([name, { nativeName }]): ConfigFault => ({
        severity: 'warning',
        pointer: `/objectTypes/${type}/properties/${name}/nativeName`,
        message: `the native attribute ${nativeName} is not provided for directories: it stays empty, and is refused in writes`,
        hint: 'name the attribute of the directory instead, such as userAccountControl or nsAccountLock',
      })),
  );
}

/** The directory of a configuration. Throws `bad-configuration` for settings that are not usable. */
export function directoryOf(
  config: Pick<ConnectorConfig, 'name' | 'configurationProperties'> & OperationLimits,
  { projectDirectory, log }: ConnectorServices,
): Directory {
  const { name, configurationProperties } = config;
  const refuse = ({ severity, pointer, message }: ConfigFault): void => {
    if (severity === 'error') throw new Failure('bad-configuration', `system/${name}${pointer}: ${message}`);
  };
  const settings = readLdapSettings(configurationProperties, refuse, config);
  return openDirectory(`system/${name}`, settings, projectDirectory, log);
}

function connect(config: ConnectorConfig, services: ConnectorServices): Connector {
  const { name, objectTypes } = config;
  const directory = directoryOf(config, services);
  const scopes = new Map<string, ScopeReader>();
  const sets = new Map<string, ObjectSet>();
  const scopeOf = (type: string): ScopeReader => {
    const objectType = Object.hasOwn(objectTypes, type) ? objectTypes[type] : undefined;
    if (objectType === undefined) throw new Failure('not-found', `system/${name} has no object type ${type}`);
    const scope = scopes.get(type) ?? scopeReader(directory, `system/${name}/${type}`, objectType);
    scopes.set(type, scope);
    return scope;
  };
  return {
    name,
    test: (signal) => testDirectory(directory, config, signal),
    objectSet: (type) => {
      const set =
        sets.get(type) ?? ldapSet(scopeOf(type), config.resultsHandler?.enableFilteredResultsHandler === false);
      sets.set(type, set);
      return set;
    },
    feed: async (type, signal) => {
      if (type === ALL_OBJECT_TYPES && !Object.hasOwn(objectTypes, type)) return null;
      return openFeed(await scopeOf(type).ready(signal), signal);
    },
    authenticate: async (type, userName, password, signal) =>
      authenticate(await scopeOf(type).ready(signal), userName, password, signal),
    close: async () => directory.close(),
  };
}
