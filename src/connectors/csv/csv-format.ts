import type { JsonObject } from '../../base/json.ts';
import type { ConfigFault } from '../../connector/contract.ts';
import { codecFor, type TextCodec } from './text-codec.ts';

/** How the file is written, from `configurationProperties` (specification §10.8). */
export interface CsvFormat {
  readonly csvFile: string;
  readonly headerUid: string;
  /** Column of `__NAME__`; the uid column unless configured. */
  readonly headerName: string;
  readonly headerPassword: string;
  readonly quote: string;
  readonly delimiter: string;
  readonly newline: string;
  /** Separates the values of a multi-valued cell; null when cells have one value. */
  readonly multivalueDelimiter: string | null;
  readonly codec: TextCodec;
  /** A cell that is longer is a fault of its row. */
  readonly maxCellBytes: number;
}

const MIB = 1024 * 1024;
const DEFAULT_MAX_CELL_MIB = 16;
/** Rows are decoded as one string; Node's strings end at 512 MiB. */
const LARGEST_MAX_CELL_MIB = 64;

/** Reads the properties, reporting every fault to `report`. With errors the format is not usable. */
export function readCsvFormat(properties: JsonObject, report: (fault: ConfigFault) => void): CsvFormat {
  const text = (key: string, fallback: string): string => textProperty(properties, key, fallback, report);
  const headerUid = text('headerUid', 'uid');
  const format: CsvFormat = {
    csvFile: text('csvFile', ''),
    headerUid,
    headerName: text('headerName', headerUid),
    headerPassword: text('headerPassword', 'password'),
    quote: text('quoteCharacter', '"'),
    delimiter: text('fieldDelimiter', ','),
    newline: text('newlineString', '\n'),
    multivalueDelimiter: text('multivalueDelimiter', '') || null,
    codec: codecFor(text('encoding', 'utf-8')) ?? codecFor('utf-8')!,
    maxCellBytes: maxCellBytes(properties['maxCellMiB'], report),
  };
  checkFormat(format, text('encoding', 'utf-8'), report);
  return format;
}

function checkFormat(format: CsvFormat, encoding: string, report: (fault: ConfigFault) => void): void {
  const fault = (key: string, message: string, hint: string): void =>
    report({ severity: 'error', pointer: `/configurationProperties/${key}`, message, hint });
  if (format.csvFile === '') fault('csvFile', 'csvFile is missing', 'give the path of the CSV file');
  if (!isSingleAscii(format.quote)) fault('quoteCharacter', 'must be one ASCII character', 'use "\\""');
  if (!isSingleAscii(format.delimiter)) fault('fieldDelimiter', 'must be one ASCII character', 'use ","');
  if (format.quote === format.delimiter)
    fault('fieldDelimiter', 'must differ from quoteCharacter', 'use "," and "\\""');
  if (!/^(\n|\r\n|\r)$/.test(format.newline))
    fault('newlineString', 'must be a line feed, a carriage return or both', 'use "\\n"');
  if (codecFor(encoding) === null)
    fault('encoding', `encoding ${encoding} is not supported`, 'use utf-8, utf-16le, utf-16be or windows-1252');
}

function isSingleAscii(text: string): boolean {
  return text === '\t' || /^[ -~]$/.test(text);
}

function textProperty(
  properties: JsonObject,
  key: string,
  fallback: string,
  report: (fault: ConfigFault) => void,
): string {
  const value = properties[key];
  if (value === undefined || value === null) return fallback;
  if (typeof value === 'string') return value;
  report({ severity: 'error', pointer: `/configurationProperties/${key}`, message: `${key} must be a text` });
  return fallback;
}

function maxCellBytes(value: unknown, report: (fault: ConfigFault) => void): number {
  if (value === undefined || value === null) return DEFAULT_MAX_CELL_MIB * MIB;
  if (typeof value === 'number' && value > 0 && value <= LARGEST_MAX_CELL_MIB) return Math.ceil(value * MIB);
  report({
    severity: 'error',
    pointer: '/configurationProperties/maxCellMiB',
    message: `maxCellMiB must be a number above 0, at most ${LARGEST_MAX_CELL_MIB}`,
  });
  return DEFAULT_MAX_CELL_MIB * MIB;
}
