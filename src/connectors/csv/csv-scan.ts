import { Failure } from '../../base/failure.ts';
import { isJsonObject, type Json } from '../../base/json.ts';
import { compileQuery } from '../../connector/compile-query.ts';
import { identityFromJson, identityToJson, isSameFile } from '../../connector/file-identity.ts';
import type { ObjectType } from '../../connector/object-type.ts';
import type { RowFault, ScanPage, ScanRequest, StoredObject } from '../../model/object-set.ts';
import type { CsvFormat } from './csv-format.ts';
import { openCsv, type CsvLocation, type OpenCsv } from './open-csv.ts';
import { RowAssembler } from './row-assembler.ts';

export interface CsvScanOptions {
  readonly location: CsvLocation;
  readonly format: CsvFormat;
  readonly type: ObjectType;
  readonly windowBytes?: number;
}

/**
 * Every row of the file as an object, in pages. A continued scan reads the rows before its cursor once more, for their
 * ids only: an id that comes again must be known as a duplicate wherever the scan was interrupted.
 */
export async function* scanCsv(options: CsvScanOptions, request: ScanRequest): AsyncIterable<ScanPage> {
  const { location, format, type } = options;
  const query = request.query === undefined ? null : compileQuery(request.query, type);
  const csv = await openCsv(location, format, options.windowBytes);
  try {
    const assembler = new RowAssembler(csv, type, format.multivalueDelimiter, location);
    const skipTo = skipTarget(request.after, csv, location);
    let page = newPage();
    for (;;) {
      const step = csv.rows.next();
      if (step === 'more') await csv.rows.fill();
      if (step === 'more') continue;
      if (step === 'end') break;
      const object = assembler.assemble(step, page.faults);
      if (csv.rows.endByte <= skipTo) page.faults.length = 0;
      else if (object !== null && (query === null || query.matches(object.object)))
        page.objects.push(query === null ? object : query.view(object));
      if (page.objects.length + page.faults.length < request.pageSize) continue;
      request.signal?.throwIfAborted();
      yield { ...page, cursor: cursorOf(csv), isLast: false };
      page = newPage();
    }
    request.signal?.throwIfAborted();
    await csv.ensureUnchanged();
    yield { ...page, cursor: cursorOf(csv), isLast: true, total: assembler.rowCount };
  } finally {
    await csv.close();
  }
}

function newPage(): { readonly objects: StoredObject[]; readonly faults: RowFault[] } {
  return { objects: [], faults: [] };
}

function cursorOf({ rows, identity }: OpenCsv): Json {
  return { offset: rows.endByte, line: rows.line, file: identityToJson(identity) };
}

/** Where the rows end that were delivered before. */
function skipTarget(after: Json | undefined, { identity }: OpenCsv, { shownPath }: CsvLocation): number {
  if (after === undefined) return 0;
  const file = isJsonObject(after) ? identityFromJson(after['file']) : null;
  const offset = isJsonObject(after) ? after['offset'] : null;
  if (file === null || typeof offset !== 'number')
    throw new Failure('conflict', `${shownPath}: the scan cannot be continued: this cursor is not of a CSV file`);
  if (isSameFile(identity, file)) return offset;
  throw new Failure('conflict', `${shownPath} was changed since the scan was interrupted; start it from the beginning`);
}
