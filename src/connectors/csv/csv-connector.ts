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
import { setsByType } from '../../connector/file-set.ts';
import { fileState } from '../../connector/file-state.ts';
import { compileObjectType } from '../../connector/object-type.ts';
import { readCsvFormat, type CsvFormat } from './csv-format.ts';
import { missingColumns } from './csv-header.ts';
import { csvSet } from './csv-set.ts';
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
  create: connect,
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

function connect(config: ConnectorConfig, { projectDirectory, log }: ConnectorServices): Connector {
  const { name } = config;
  const format = readCsvFormat(config.configurationProperties, ({ pointer, message }) => {
    throw new Failure('bad-configuration', `system/${name}${pointer}: ${message}`);
  });
  const location = { path: resolve(projectDirectory, format.csvFile), shownPath: format.csvFile };
  return {
    name,
    test: () => test(config, location, format, log),
    objectSet: setsByType(config, (path, type) => csvSet({ path, location, format, type, log })),
    state: () => fileState(location),
    close: () => Promise.resolve(),
  };
}

async function test(config: ConnectorConfig, location: CsvLocation, format: CsvFormat, log: Log): Promise<void> {
  const csv = await openCsv(location, format);
  await csv.close();
  for (const [type, objectType] of Object.entries(config.objectTypes))
    for (const column of missingColumns(csv.header, compileObjectType(objectType)))
      log.write(
        'warn',
        `system/${config.name}/${type}: ${location.shownPath} has no column for ${column}; it stays empty`,
      );
  await ensureWritable(location);
}
