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
import { readCsvFormat, type CsvFormat } from './csv-format.ts';
import { missingColumns } from './csv-header.ts';
import { CsvSet } from './csv-set.ts';
import { openCsv, type CsvLocation } from './open-csv.ts';

const ACCOUNT = '__ACCOUNT__';

/** CSV files (specification §10.8). One file holds the objects of one type. */
export const csvConnector: ConnectorKind = {
  connectorNames: [
    'org.forgerock.openicf.csvfile.CSVFileConnector',
    'org.forgerock.openicf.connectors.csv.CSVFileConnector',
    'csv',
  ],
  knownProperties: [
    'csvFile',
    'headerUid',
    'headerName',
    'headerPassword',
    'quoteCharacter',
    'fieldDelimiter',
    'newlineString',
    'multivalueDelimiter',
    'encoding',
    'maxCellMiB',
    'syncFileRetentionCount',
  ],
  check(config) {
    const faults: ConfigFault[] = [];
    readCsvFormat(config.configurationProperties, (fault) => faults.push(fault));
    return [...faults, ...checkTypes(config)];
  },
  create: (config, services) => new CsvConnector(config, services),
};

function checkTypes(config: ConnectorConfig): readonly ConfigFault[] {
  return Object.entries(config.objectTypes)
    .filter(([, { nativeType }]) => nativeType !== ACCOUNT)
    .map(([name, { nativeType }]) => ({
      severity: 'error',
      pointer: `/objectTypes/${name}/nativeType`,
      message: `a CSV file has no objects of type ${nativeType}`,
      hint: `use ${ACCOUNT}`,
    }));
}

class CsvConnector implements Connector {
  readonly name: string;
  readonly #config: ConnectorConfig;
  readonly #format: CsvFormat;
  readonly #location: CsvLocation;
  readonly #log: Log;
  readonly #sets = new Map<string, CsvSet>();

  constructor(config: ConnectorConfig, { projectDirectory, log }: ConnectorServices) {
    this.name = config.name;
    this.#config = config;
    this.#log = log;
    this.#format = readCsvFormat(config.configurationProperties, ({ pointer, message }) => {
      throw new Failure('bad-configuration', `system/${config.name}${pointer}: ${message}`);
    });
    const { csvFile } = this.#format;
    this.#location = { path: resolve(projectDirectory, csvFile), shownPath: csvFile };
  }

  async test(): Promise<void> {
    const { path, shownPath } = this.#location;
    try {
      await access(path, constants.R_OK | constants.W_OK);
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      const what = isMissing ? 'does not exist' : `cannot be read and written: ${messageOf(error)}`;
      throw new Failure('bad-configuration', `system/${this.name}: ${shownPath} (${path}) ${what}; check csvFile`);
    }
    const csv = await openCsv(this.#location, this.#format);
    await csv.close();
    for (const [type, config] of Object.entries(this.#config.objectTypes))
      for (const column of missingColumns(csv.header, compileObjectType(config)))
        this.#log.write(
          'warn',
          `system/${this.name}/${type}: ${shownPath} has no column for ${column}; it stays empty`,
        );
  }

  objectSet(type: string): ObjectSet {
    const existing = this.#sets.get(type);
    if (existing !== undefined) return existing;
    const config = Object.hasOwn(this.#config.objectTypes, type) ? this.#config.objectTypes[type] : undefined;
    if (config === undefined) throw new Failure('not-found', `system/${this.name} has no object type ${type}`);
    const set = new CsvSet({
      path: `system/${this.name}/${type}`,
      location: this.#location,
      format: this.#format,
      type: compileObjectType(config),
      log: this.#log,
    });
    this.#sets.set(type, set);
    return set;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
