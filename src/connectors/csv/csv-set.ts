import type { Log } from '../../base/log.ts';
import type { ObjectType } from '../../connector/object-type.ts';
import { queryByScan, readManyByScan } from '../../connector/scan-lookup.ts';
import type {
  ObjectSet,
  ObjectSetTraits,
  ObjectWrite,
  Query,
  QueryAnswer,
  ScanPage,
  ScanRequest,
  StoredObject,
  WriteOutcome,
} from '../../model/object-set.ts';
import type { CsvFormat } from './csv-format.ts';
import { scanCsv } from './csv-scan.ts';
import { writeCsv } from './csv-writer.ts';
import type { CsvLocation } from './open-csv.ts';

export interface CsvSetOptions {
  readonly path: string;
  readonly location: CsvLocation;
  readonly format: CsvFormat;
  readonly type: ObjectType;
  readonly log: Log;
  /** How much is read at once; for tests of what happens at the borders. */
  readonly windowBytes?: number;
}

const TRAITS: ObjectSetTraits = { lookup: 'scan', isTransactional: false, storesNull: false, acceptsIds: false };
const FEWEST_WRITES = 500;
const MOST_WRITES = 20_000;
/** Every batch rewrites the file. Four batches for a whole file of changes keep the cost linear in its size. */
const ROWS_PER_WRITE = 4;

export class CsvSet implements ObjectSet {
  readonly path: string;
  readonly traits = TRAITS;
  readonly #options: CsvSetOptions;
  #rowCount = 0;

  constructor(options: CsvSetOptions) {
    this.path = options.path;
    this.#options = options;
  }

  scan(request: ScanRequest): AsyncIterable<ScanPage> {
    const onRowCount = (rows: number): void => {
      this.#rowCount = rows;
    };
    return scanCsv({ ...this.#options, onRowCount }, request);
  }

  readMany(ids: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, StoredObject>> {
    return readManyByScan(this, ids, signal);
  }

  query(queries: readonly Query[], signal?: AbortSignal): Promise<readonly QueryAnswer[]> {
    return queryByScan(this, this.#options.type, queries, this.#options.log, signal);
  }

  async write(writes: readonly ObjectWrite[], signal?: AbortSignal): Promise<readonly WriteOutcome[]> {
    if (writes.length === 0) return [];
    const { outcomes, rowCount } = await writeCsv(this.#options, writes, signal);
    this.#rowCount = rowCount;
    return outcomes;
  }

  preferredWriteCount(): number {
    return Math.min(MOST_WRITES, Math.max(FEWEST_WRITES, Math.ceil(this.#rowCount / ROWS_PER_WRITE)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
