import path from 'node:path';
import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import { readCsvFormat } from '../connectors/csv/csv-format.ts';
import { csvConnector } from '../connectors/csv/csv-connector.ts';
import { openCsv } from '../connectors/csv/open-csv.ts';
import { discoverLdapTypes } from '../connectors/ldap/discover-types.ts';
import { ldapConnector } from '../connectors/ldap/ldap-connector.ts';
import { readXmlSchema } from '../connectors/xml/xml-schema.ts';
import { xmlConnector } from '../connectors/xml/xml-connector.ts';
import { connectorKind } from './connector-kinds.ts';
import type { ProjectConfig, ProvisionerConfig } from './config/project-config.ts';

/**
 * The `objectTypes` that an external system itself tells about: the header of a CSV file, the XSD of an XML file, the schema of a
 * directory. Empty for
 * a connector that cannot tell. Rejects as reading them does.
 */
export async function discoverObjectTypes(config: ProjectConfig, draft: ProvisionerConfig): Promise<JsonObject> {
  const kind = connectorKind(draft.connectorName);
  if (kind === csvConnector) return csvTypes(config, draft);
  if (kind === xmlConnector) return xmlTypes(config, draft);
  if (kind === ldapConnector) return discoverLdapTypes(draft, config.directory);
  return {};
}

async function csvTypes({ directory }: ProjectConfig, draft: ProvisionerConfig): Promise<JsonObject> {
  const format = readCsvFormat(draft.configurationProperties, ({ pointer, message }) => {
    throw new Failure('bad-request', `${pointer}: ${message}`);
  });
  const csv = await openCsv({ path: path.resolve(directory, format.csvFile), shownPath: format.csvFile }, format);
  await csv.close();
  const properties = csv.header.columns.map((column) => [column, csvProperty(column, format)] as const);
  return { account: objectType('__ACCOUNT__', Object.fromEntries(properties)) };
}

function csvProperty(column: string, format: ReturnType<typeof readCsvFormat>): JsonObject {
  if (column === format.headerName) return property('__NAME__', { required: true });
  if (column !== format.headerPassword) return property(column, {});
  return {
    ...property('__PASSWORD__', { flags: ['NOT_READABLE', 'NOT_RETURNED_BY_DEFAULT'] }),
    nativeType: 'JAVA_TYPE_GUARDEDSTRING',
  };
}

async function xmlTypes({ directory }: ProjectConfig, draft: ProvisionerConfig): Promise<JsonObject> {
  const file = draft.configurationProperties['xsdFilePath'];
  if (typeof file !== 'string' || file === '') throw new Failure('bad-request', 'xsdFilePath is missing');
  const types: JsonObject = {};
  for (const [name, elements] of await readXmlSchema(path.resolve(directory, file), file)) {
    if (!/^__\w+__$/.test(name)) continue;
    const properties: JsonObject = {};
    for (const [element, { isRequired, isMultiValued }] of elements) {
      if (element === '__UID__') continue;
      const more: JsonObject = isRequired ? { required: true } : {};
      properties[element] = isMultiValued
        ? { ...property(element, more), type: 'array', items: { type: 'string', nativeType: 'string' } }
        : property(element, more);
    }
    types[name.replaceAll('__', '').toLowerCase()] = objectType(name, properties);
  }
  return types;
}

function property(nativeName: string, more: JsonObject): JsonObject {
  return { type: 'string', nativeName, nativeType: 'string', ...more };
}

function objectType(nativeType: string, properties: JsonObject): JsonObject {
  return { $schema: 'http://json-schema.org/draft-03/schema', id: nativeType, type: 'object', nativeType, properties };
}
