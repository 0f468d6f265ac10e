import { Failure } from '../../base/failure.ts';
import { NAME, PASSWORD, UID, type ObjectType, type Property } from '../../connector/object-type.ts';
import type { CsvFormat } from './csv-format.ts';
import type { RowReader } from './row-reader.ts';

/** The columns of a file. */
export interface CsvHeader {
  readonly columns: readonly string[];
  readonly uidIndex: number;
  /** Index of the column behind a native name; -1 if there is none. */
  indexOf(nativeName: string): number;
}

/** A property of the object type that has a column. */
export interface Column {
  readonly index: number;
  readonly property: Property;
}

/** The properties that a scan returns, in the order of the object type. */
export function returnedColumns(header: CsvHeader, type: ObjectType): readonly Column[] {
  return type.properties
    .filter((property) => property.isReturned)
    .map((property) => ({ index: header.indexOf(property.nativeName), property }))
    .filter((column) => column.index >= 0);
}

/** Native names of the object type that are no column. */
export function missingColumns(header: CsvHeader, type: ObjectType): readonly string[] {
  return type.properties.map((property) => property.nativeName).filter((name) => header.indexOf(name) < 0);
}

/** Reads the header row, which the reader stands before. */
export async function readHeader(rows: RowReader, format: CsvFormat, shownPath: string): Promise<CsvHeader> {
  let step = rows.next();
  for (; step === 'more'; step = rows.next()) await rows.fill();
  if (step === 'end') throw noHeader(shownPath, 'the file is empty');
  if (step === 'fault') throw noHeader(shownPath, `line ${rows.line} has ${rows.fault}`);
  const columns = Array.from({ length: rows.cellCount }, (_, i) => rows.cell(i)!.trim());
  checkColumns(columns, rows.line, shownPath);
  return newHeader(columns, format, shownPath);
}

function newHeader(columns: readonly string[], format: CsvFormat, shownPath: string): CsvHeader {
  const indexes = new Map(columns.map((column, index) => [column, index]));
  const uidIndex = indexes.get(format.headerUid);
  if (uidIndex === undefined)
    throw new Failure(
      'bad-configuration',
      `${shownPath} has no column "${format.headerUid}" (headerUid); it has ${columns.join(', ')}`,
    );
  const special = new Map([
    [UID, uidIndex],
    [NAME, indexes.get(format.headerName) ?? -1],
    [PASSWORD, indexes.get(format.headerPassword) ?? -1],
  ]);
  return { columns, uidIndex, indexOf: (name) => special.get(name) ?? indexes.get(name) ?? -1 };
}

function checkColumns(columns: readonly string[], line: number, shownPath: string): void {
  for (const [i, column] of columns.entries()) {
    const problem = column === '' ? 'has no name' : `has the name of an earlier one: ${column}`;
    if (column === '' || columns.indexOf(column) < i)
      throw noHeader(shownPath, `line ${line}: column ${i + 1} ${problem}`);
  }
}

function noHeader(shownPath: string, problem: string): Failure {
  return new Failure(
    'incomplete-read',
    `${shownPath} has no usable header row: ${problem}; the first row names columns`,
  );
}
