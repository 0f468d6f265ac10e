import { basename } from 'node:path';
import { Failure } from '../../base/failure.ts';
import { setOwn, type Json, type JsonObject } from '../../base/json.ts';
import type { ObjectType } from '../../connector/object-type.ts';
import type { RowFault, StoredObject } from '../../model/object-set.ts';
import { returnedColumns, type Column } from './csv-header.ts';
import { IdFilter } from '../../connector/id-filter.ts';
import type { CsvLocation, OpenCsv } from './open-csv.ts';
import type { RowReader } from './row-reader.ts';

/** Makes objects of rows, and faults of the rows that are none. */
export class RowAssembler {
  readonly #rows: RowReader;
  readonly #columns: readonly Column[];
  readonly #columnCount: number;
  readonly #uidIndex: number;
  readonly #multivalueDelimiter: string | null;
  readonly #location: CsvLocation;
  readonly #fileName: string;
  readonly #ids = new IdFilter();
  rowCount = 0;

  constructor(csv: OpenCsv, type: ObjectType, multivalueDelimiter: string | null, location: CsvLocation) {
    this.#rows = csv.rows;
    this.#columns = returnedColumns(csv.header, type);
    this.#columnCount = csv.header.columns.length;
    this.#uidIndex = csv.header.uidIndex;
    this.#multivalueDelimiter = multivalueDelimiter;
    this.#location = location;
    this.#fileName = basename(location.path);
  }

  /** The object of the reader's current row; null if it was added to `faults`. */
  assemble(step: 'row' | 'fault', faults: RowFault[]): StoredObject | null {
    this.rowCount++;
    const problem = rowProblem(this.#rows, step, this.#columnCount, this.#location.shownPath);
    const id = this.#rows.cell(this.#uidIndex) || null;
    if (problem !== null)
      return this.#refuse(id, problem, faults, this.#rows.isMiscut || this.#rows.cellCount !== this.#columnCount);
    if (id !== null && this.#rows.hasStrayQuote(this.#uidIndex))
      return this.#refuse(id, `a quote inside the uid ${id}`, faults, true);
    if (id === null) return this.#refuse(null, 'the uid is missing', faults);
    if (!this.#ids.add(id)) return this.#refuse(id, `the uid ${id} occurs in an earlier row already`, faults);
    try {
      return { id, rev: null, object: this.#objectOf(id) };
    } catch (error) {
      if (error instanceof Failure) return this.#refuse(id, error.message, faults);
      throw error;
    }
  }

  #objectOf(id: string): JsonObject {
    const object: JsonObject = { _id: id };
    for (const { index, property } of this.#columns) {
      const text = this.#rows.cell(index)!;
      if (text === '') continue;
      const value = property.isText ? text : property.read(property.isMultiValued ? this.#valuesOf(text) : text);
      if (value !== null) setOwn(object, property.name, value);
    }
    return object;
  }

  #valuesOf(text: string): Json {
    if (this.#multivalueDelimiter === null) return text;
    return text.split(this.#multivalueDelimiter).filter((value) => value !== '');
  }

  #refuse(id: string | null, message: string, faults: RowFault[], isIdUncertain = false): null {
    const place = `${this.#fileName} line ${this.#rows.line}`;
    faults.push({ id, place, message, ...(isIdUncertain ? { isIdUncertain } : {}) });
    return null;
  }
}

/**
 * Why the reader's current row is not a row of this table; null if it is one. A last row that is broken and does not end
 * with its line was probably cut off, and then rows after it may be missing too: `Failure('incomplete-read')`.
 */
export function rowProblem(
  rows: RowReader,
  step: 'row' | 'fault',
  columnCount: number,
  shownPath: string,
): string | null {
  const problem = step === 'fault' ? rows.fault : wrongCount(rows.cellCount, columnCount);
  if (problem === null || !rows.isUnterminated || (step === 'row' && rows.cellCount > columnCount)) return problem;
  throw new Failure(
    'incomplete-read',
    `${shownPath} line ${rows.line}: the last row has ${problem} and no line end: the file seems to be cut off; write it ` +
      'again completely (or complete that row)',
  );
}

function wrongCount(cells: number, columns: number): string | null {
  if (cells === columns) return null;
  return `${cells} ${cells === 1 ? 'cell' : 'cells'} where the header has ${columns}`;
}
