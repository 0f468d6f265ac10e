import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Failure, messageOf } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type {
  ConfigFault,
  Connector,
  ConnectorConfig,
  ConnectorKind,
  ConnectorServices,
} from '../../connector/contract.ts';
import { compileObjectType } from '../../connector/object-type.ts';
import type { ObjectSet } from '../../model/object-set.ts';
import { openXml, type XmlLocation } from './open-xml.ts';
import { isElementName } from './xml-names.ts';
import { readXmlSchema, type XmlClass, type XmlSchema } from './xml-schema.ts';
import { ensureFile, XmlSet } from './xml-set.ts';

/** XML files (specification §10.8). One file may hold objects of several types. */
export const xmlConnector: ConnectorKind = {
  connectorNames: ['org.forgerock.openicf.connectors.xml.XMLConnector', 'xml'],
  knownProperties: ['xmlFilePath', 'xsdFilePath', 'xsdIcfFilePath', 'createFileIfNotExists'],
  check: (config) => [...checkProperties(config), ...checkTypes(config)],
  create: (config, services) => new XmlConnector(config, services),
};

class XmlConnector implements Connector {
  readonly name: string;
  readonly #config: ConnectorConfig;
  readonly #location: XmlLocation;
  readonly #schemaPath: XmlLocation | null;
  readonly #createFileIfNotExists: boolean;
  readonly #log: Log;
  readonly #sets = new Map<string, XmlSet>();
  #schema: Promise<XmlSchema> | null = null;

  constructor(config: ConnectorConfig, { projectDirectory, log }: ConnectorServices) {
    const { xmlFilePath, xsdFilePath, createFileIfNotExists } = config.configurationProperties;
    if (typeof xmlFilePath !== 'string' || xmlFilePath === '')
      throw new Failure('bad-configuration', `system/${config.name}: xmlFilePath is missing`);
    this.name = config.name;
    this.#config = config;
    this.#log = log;
    this.#location = { path: resolve(projectDirectory, xmlFilePath), shownPath: xmlFilePath };
    this.#schemaPath =
      typeof xsdFilePath === 'string' && xsdFilePath !== ''
        ? { path: resolve(projectDirectory, xsdFilePath), shownPath: xsdFilePath }
        : null;
    this.#createFileIfNotExists = createFileIfNotExists === true || createFileIfNotExists === 'true';
  }

  async test(): Promise<void> {
    const { path, shownPath } = this.#location;
    await ensureFile({ location: this.#location, createFileIfNotExists: this.#createFileIfNotExists });
    try {
      await access(path, constants.R_OK | constants.W_OK);
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const what = isMissing ? 'does not exist' : `cannot be read and written: ${messageOf(error)}`;
      throw new Failure('bad-configuration', `system/${this.name}: ${shownPath} (${path}) ${what}; check xmlFilePath`);
    }
    const xml = await openXml(this.#location);
    await xml.close();
    for (const { nativeType } of Object.values(this.#config.objectTypes)) await this.#classOf(nativeType);
  }

  objectSet(type: string): ObjectSet {
    const existing = this.#sets.get(type);
    if (existing !== undefined) return existing;
    const config = Object.hasOwn(this.#config.objectTypes, type) ? this.#config.objectTypes[type] : undefined;
    if (config === undefined) throw new Failure('not-found', `system/${this.name} has no object type ${type}`);
    const set = new XmlSet({
      path: `system/${this.name}/${type}`,
      location: this.#location,
      type: compileObjectType(config),
      log: this.#log,
      createFileIfNotExists: this.#createFileIfNotExists,
      loadSchema: () => this.#classOf(config.nativeType),
    });
    this.#sets.set(type, set);
    return set;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What the schema says about a class; null, with a warning, if it says nothing. */
  async #classOf(nativeType: string): Promise<XmlClass | null> {
    this.#schema ??= this.#loadSchema();
    const schema = await this.#schema;
    const found = schema.get(nativeType) ?? null;
    if (found === null && schema.size > 0)
      this.#log.write('warn', `system/${this.name}: ${this.#schemaPath?.shownPath} does not define ${nativeType}`);
    return found;
  }

  async #loadSchema(): Promise<XmlSchema> {
    if (this.#schemaPath === null) return new Map();
    try {
      return await readXmlSchema(this.#schemaPath.path, this.#schemaPath.shownPath);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#log.write('warn', `system/${this.name}: objects are not checked against the schema: ${error.message}`);
      return new Map();
    }
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
