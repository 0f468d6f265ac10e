import { fileSet, type FileSetOptions } from '../../connector/file-set.ts';
import type { ObjectSet } from '../../model/object-set.ts';
import type { CsvFormat } from './csv-format.ts';
import { scanCsv } from './csv-scan.ts';
import { writeCsv } from './csv-writer.ts';
import type { CsvLocation } from './open-csv.ts';

export interface CsvSetOptions extends FileSetOptions {
  readonly location: CsvLocation;
  readonly format: CsvFormat;
  /** How much is read at once; for tests of what happens at the borders. */
  readonly windowBytes?: number;
}

export function csvSet(options: CsvSetOptions): ObjectSet {
  return fileSet(options, {
    scan: (request) => scanCsv(options, request),
    write: async (writes, signal) => {
      const { outcomes, rowCount } = await writeCsv(options, writes, signal);
      return { outcomes, count: rowCount };
    },
  });
}
