import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { connectorKind, connectorKinds } from '../app/connector-kinds.ts';
import { discoverObjectTypes } from '../app/discover-schema.ts';
import type { Lockstep } from '../app/lockstep.ts';
import { readDraft } from '../app/provisioner-draft.ts';
import { defaultSettings } from './connector-defaults.ts';
import { displayNameOf } from './system-test.ts';

const OPERATIONS =
  'CREATE UPDATE DELETE TEST SCRIPT_ON_CONNECTOR SCRIPT_ON_RESOURCE GET RESOLVEUSERNAME AUTHENTICATE SEARCH VALIDATE SYNC SCHEMA';

/** What configurations that were written for the ICF bundles say. */
const BUNDLES: Readonly<Record<string, { readonly bundleName: string; readonly bundleVersion: string }>> = {
  'org.forgerock.openicf.csvfile.CSVFileConnector': {
    bundleName: 'org.forgerock.openicf.connectors.csvfile-connector',
    bundleVersion: '1.1.0.1',
  },
  'org.identityconnectors.ldap.LdapConnector': {
    bundleName: 'org.forgerock.openicf.connectors.ldap-connector',
    bundleVersion: '1.4.0.0',
  },
  'org.forgerock.openicf.connectors.xml.XMLConnector': {
    bundleName: 'org.forgerock.openicf.connectors.xml-connector',
    bundleVersion: '1.1.0.2',
  },
};
const OWN_BUNDLE = { bundleName: 'lockstep', bundleVersion: '1.0.0' };

/** `system?_action=availableConnectors` (specification §10.7). */
export function availableConnectors(): JsonObject {
  const connectorRef = connectorKinds.map(({ connectorNames }): Json => {
    const connectorName = connectorNames[0]!;
    const bundle = BUNDLES[connectorName] ?? OWN_BUNDLE;
    const displayName = displayNameOf({}, connectorName);
    return { connectorName, displayName, ...bundle, systemType: 'provisioner.openicf', connectorHostRef: '#LOCAL' };
  });
  return { connectorRef };
}

/** `system?_action=createCoreConfig`: the body with the settings that the connector has, to be filled in. */
export function createCoreConfig(content: Json): JsonObject {
  const given = bodyOf(content, 'createCoreConfig');
  const kind = connectorKind(connectorNameOf(given));
  if (kind === null)
    throw new Failure(
      'bad-request',
      `the connector ${connectorNameOf(given)} is not available here; see availableConnectors`,
    );
  return {
    ...given,
    poolConfigOption: {
      maxObjects: 10,
      maxIdle: 10,
      maxWait: 150_000,
      minEvictableIdleTimeMillis: 120_000,
      minIdle: 1,
    },
    resultsHandlerConfig: {
      enableNormalizingResultsHandler: true,
      enableFilteredResultsHandler: true,
      enableCaseInsensitiveFilter: false,
      enableAttributesToGetSearchResultsHandler: true,
    },
    operationTimeout: Object.fromEntries(OPERATIONS.split(' ').map((operation) => [operation, -1])),
    configurationProperties: defaultSettings(kind.connectorNames[0]!, kind.knownProperties),
  };
}

/** `system?_action=createFullConfig`: the body with the object types that the external system tells about. */
export async function createFullConfig(lockstep: Lockstep, content: Json): Promise<JsonObject> {
  const given = bodyOf(content, 'createFullConfig');
  const properties = isJsonObject(given['configurationProperties']) ? given['configurationProperties'] : {};
  const set = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null));
  const draft = readDraft(lockstep, { name: 'draft', ...withoutId(given), configurationProperties: set });
  const objectTypes = await discover(lockstep, draft);
  return {
    ...given,
    objectTypes,
    operationOptions: isJsonObject(given['operationOptions']) ? given['operationOptions'] : {},
  };
}

/** Settings that do not lead to a readable system are the caller's, not ours. */
async function discover(lockstep: Lockstep, draft: ReturnType<typeof readDraft>): Promise<JsonObject> {
  try {
    return await discoverObjectTypes(lockstep.config, draft);
  } catch (error) {
    if (error instanceof Failure) throw new Failure('bad-request', error.message, { cause: error });
    throw error;
  }
}

/** `system?_action=createConfiguration`: the next of the three steps that the body is ready for. */
export async function createConfiguration(lockstep: Lockstep, content: Json): Promise<JsonObject> {
  const given = isJsonObject(content) ? content : {};
  if (!isJsonObject(given['connectorRef'])) return availableConnectors();
  return isJsonObject(given['configurationProperties']) ? createFullConfig(lockstep, given) : createCoreConfig(given);
}

function bodyOf(content: Json, action: string): JsonObject {
  if (isJsonObject(content) && isJsonObject(content['connectorRef'])) return content;
  throw new Failure('bad-request', `${action} requires a body with a "connectorRef" from availableConnectors`);
}

function connectorNameOf({ connectorRef }: JsonObject): string {
  const name = isJsonObject(connectorRef) ? connectorRef['connectorName'] : undefined;
  if (typeof name === 'string') return name;
  throw new Failure('bad-request', '"connectorRef" needs a "connectorName"');
}

function withoutId({ _id, ...rest }: JsonObject): JsonObject {
  return rest;
}
