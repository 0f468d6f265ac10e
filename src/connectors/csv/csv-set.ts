import type { Log } from '../../base/log.ts';
import type { ObjectType } from '../../connector/object-type.ts';
import { rewriteSize } from '../../connector/rewrite-size.ts';
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
    return rewriteSize(this.#rowCount);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
