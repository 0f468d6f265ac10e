import type { JsonObject } from '../../base/json.ts';
import type { ObjectTypeConfig, PropertyConfig } from '../../connector/contract.ts';
import type { ProvisionerConfig, ResultsHandlerConfig, SyncFailureHandlerConfig } from './project-config.ts';
import { readScript } from './read-script.ts';
import type { ProvisionerJson } from './schema-provisioner.ts';

type ObjectTypeJson = ProvisionerJson['objectTypes'][string];
type PropertyJson = ObjectTypeJson['properties'][string];

/** Gives a provisioner file its final shape. */
export function readProvisioner(json: ProvisionerJson, raw: JsonObject, file: string): ProvisionerConfig {
  return {
    name: json.name,
    enabled: json.enabled,
    connectorName: json.connectorRef.connectorName,
    connectorRef: json.connectorRef as JsonObject,
    configurationProperties: json.configurationProperties,
    objectTypes: mapValues(json.objectTypes, (type, name) => readObjectType(type, name)),
    resultsHandler: readResultsHandler(json.resultsHandlerConfig),
    poolConfigOption: json.poolConfigOption,
    operationTimeoutMs: readTimeouts(json.operationTimeout),
    syncFailureHandler: readFailureHandler(json.syncFailureHandler),
    liveSync: { mode: json.liveSync.mode, objectTypes: json.liveSync.objectTypes ?? null },
    systemActions: json.systemActions,
    operationOptions: json.operationOptions,
    raw,
    file,
  };
}

function readObjectType(json: ObjectTypeJson, name: string): ObjectTypeConfig {
  return {
    nativeType: json.nativeType ?? name,
    properties: mapValues(json.properties, (property, key) => readProperty(property, key)),
  };
}

function readProperty(json: PropertyJson, key: string): PropertyConfig {
  return {
    type: json.type,
    itemType: json.items?.type ?? null,
    nativeName: json.nativeName ?? key,
    nativeType: json.nativeType ?? json.type,
    isRequired: json.required,
    flags: json.flags,
    ...(json.default === undefined ? {} : { default: json.default }),
  };
}

function readResultsHandler(json: ProvisionerJson['resultsHandlerConfig']): ResultsHandlerConfig {
  return {
    enableNormalizingResultsHandler: json.enableNormalizingResultsHandler ?? null,
    enableFilteredResultsHandler: json.enableFilteredResultsHandler ?? null,
    enableCaseInsensitiveFilter: json.enableCaseInsensitiveFilter ?? null,
    enableAttributesToGetSearchResultsHandler: json.enableAttributesToGetSearchResultsHandler ?? null,
  };
}

function readTimeouts(json: ProvisionerJson['operationTimeout']): Record<string, number> {
  const limits = Object.entries(json).map(([operation, ms]) => [operation, Number(ms)] as const);
  return Object.fromEntries(limits.filter(([, ms]) => ms >= 0));
}

function readFailureHandler(json: ProvisionerJson['syncFailureHandler']): SyncFailureHandlerConfig {
  const action = json.postRetryAction;
  const maxRetries = Math.max(-1, Number(json.maxRetries ?? -1));
  if (action === undefined) return { maxRetries, postRetryAction: { kind: 'none' } };
  if (typeof action === 'string') return { maxRetries, postRetryAction: { kind: action } };
  const script = readScript(action.script, '/syncFailureHandler/postRetryAction/script');
  return { maxRetries, postRetryAction: { kind: 'script', script } };
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, f: (value: A, key: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, f(value, key)]));
}
