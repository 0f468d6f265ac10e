import type { Json, JsonObject } from '../base/json.ts';

/** What connectors take where a configuration says nothing (specification §10.8), by the first of their class names. */
const DEFAULTS: Readonly<Record<string, JsonObject>> = {
  'org.forgerock.openicf.csvfile.CSVFileConnector': {
    headerUid: 'uid',
    headerPassword: 'password',
    quoteCharacter: '"',
    fieldDelimiter: ',',
    newlineString: '\n',
    encoding: 'utf-8',
    syncFileRetentionCount: 3,
  },
  'org.forgerock.openicf.connectors.xml.XMLConnector': { createFileIfNotExists: false },
};

/** Every setting of a connector, with its default, or null where there is none. */
export function defaultSettings(connectorName: string, settings: readonly string[]): JsonObject {
  const defaults = Object.hasOwn(DEFAULTS, connectorName) ? DEFAULTS[connectorName]! : {};
  return Object.fromEntries(settings.map((name): [string, Json] => [name, defaults[name] ?? null]));
}
