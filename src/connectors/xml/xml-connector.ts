import { resolve } from 'node:path';
import { Failure } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type {
  ConfigFault,
  Connector,
  ConnectorConfig,
  ConnectorKind,
  ConnectorServices,
} from '../../connector/contract.ts';
import { ensureWritable } from '../../connector/data-file.ts';
import { identify } from '../../connector/file-identity.ts';
import { setsByType } from '../../connector/file-set.ts';
import { fileState } from '../../connector/file-state.ts';
import { openXml, type XmlLocation } from './open-xml.ts';
import { isElementName } from './xml-names.ts';
import { readXmlSchema, type XmlClass, type XmlSchema } from './xml-schema.ts';
import { xmlSet } from './xml-set.ts';

/** XML files (specification §10.8). One file may hold objects of several types. */
export const xmlConnector: ConnectorKind = {
  connectorNames: ['org.forgerock.openicf.connectors.xml.XMLConnector', 'xml'],
  knownProperties: ['xmlFilePath', 'xsdFilePath', 'xsdIcfFilePath', 'createFileIfNotExists'],
  check: (config) => [...checkProperties(config), ...checkTypes(config)],
  create: connect,
};

function connect(config: ConnectorConfig, { projectDirectory, log }: ConnectorServices): Connector {
  const { name, configurationProperties } = config;
  const { xmlFilePath, xsdFilePath } = configurationProperties;
  if (typeof xmlFilePath !== 'string' || xmlFilePath === '')
    throw new Failure('bad-configuration', `system/${name}: xmlFilePath is missing`);
  const createFileIfNotExists = String(configurationProperties['createFileIfNotExists']) === 'true';
  const fileAt = (shownPath: string): XmlLocation => ({ path: resolve(projectDirectory, shownPath), shownPath });
  const location = fileAt(xmlFilePath);
  const schemaFile = typeof xsdFilePath === 'string' && xsdFilePath !== '' ? fileAt(xsdFilePath) : null;
  const classOf = schemaClasses(name, schemaFile, log);
  return {
    name,
    test: () => test(config, location, createFileIfNotExists, classOf),
    objectSet: setsByType(config, (path, type) => {
      const loadSchema = (): Promise<XmlClass | null> => classOf(type.nativeType);
      return xmlSet({ path, location, type, log, createFileIfNotExists, loadSchema });
    }),
    state: () => fileState(location),
    close: () => Promise.resolve(),
  };
}

/** What the schema says about a class; null, with a warning, if it says nothing. */
type ClassOf = (nativeType: string) => Promise<XmlClass | null>;

async function test(
  config: ConnectorConfig,
  location: XmlLocation,
  createFileIfNotExists: boolean,
  classOf: ClassOf,
): Promise<void> {
  if (!createFileIfNotExists || (await identify(location.path)) !== null) await (await openXml(location)).close();
  for (const { nativeType } of Object.values(config.objectTypes)) await classOf(nativeType);
  await ensureWritable(location);
}

/** The schema is read when it is first needed. */
function schemaClasses(name: string, file: XmlLocation | null, log: Log): ClassOf {
  let loaded: Promise<XmlSchema> | null = null;
  return async (nativeType) => {
    loaded ??= loadSchema(name, file, log);
    const schema = await loaded;
    const found = schema.get(nativeType) ?? null;
    if (found === null && schema.size > 0)
      log.write('warn', `system/${name}: ${file?.shownPath} does not define ${nativeType}`);
    return found;
  };
}

async function loadSchema(name: string, file: XmlLocation | null, log: Log): Promise<XmlSchema> {
  if (file === null) return new Map();
  try {
    return await readXmlSchema(file.path, file.shownPath);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    log.write('warn', `system/${name}: objects are not checked against the schema: ${error.message}`);
    return new Map();
  }
}

function* checkProperties({ configurationProperties }: ConnectorConfig): Iterable<ConfigFault> {
  for (const key of ['xmlFilePath', 'xsdFilePath', 'xsdIcfFilePath']) {
    const value = configurationProperties[key];
    if (value !== undefined && value !== null && typeof value !== 'string')
      yield { severity: 'error', pointer: `/configurationProperties/${key}`, message: `${key} must be a path` };
  }
  if (!configurationProperties['xmlFilePath'])
    yield {
      severity: 'error',
      pointer: '/configurationProperties/xmlFilePath',
      message: 'xmlFilePath is missing',
      hint: 'give the path of the data file',
    };
  if (!configurationProperties['xsdFilePath'])
    yield {
      severity: 'warning',
      pointer: '/configurationProperties/xsdFilePath',
      message: 'xsdFilePath is missing, so objects are not checked before they are written',
    };
}

function* checkTypes(config: ConnectorConfig): Iterable<ConfigFault> {
  for (const [type, { nativeType, properties }] of Object.entries(config.objectTypes)) {
    if (!isElementName(nativeType))
      yield {
        severity: 'error',
        pointer: `/objectTypes/${type}/nativeType`,
        message: `"${nativeType}" cannot be the name of an XML element`,
      };
    for (const [name, { nativeName }] of Object.entries(properties))
      if (!isElementName(nativeName))
        yield {
          severity: 'error',
          pointer: `/objectTypes/${type}/properties/${name}/nativeName`,
          message: `"${nativeName}" cannot be the name of an XML element`,
        };
  }
}
