import type { FileLock } from '../../connector/file-lock.ts';
import { realFile } from '../../connector/data-file.ts';
import { lockFile } from '../../connector/file-lock.ts';
import { removeLeftovers, replaceFile, type FileOutput } from '../../connector/atomic-file.ts';
import type { ObjectType } from '../../connector/object-type.ts';
import type { ObjectWrite, WriteOutcome } from '../../model/object-set.ts';
import { rowText } from './csv-cell.ts';
import type { CsvFormat } from './csv-format.ts';
import { planEdits, touchedIds, type EditContext, type EditPlan, type FoundRow } from './edit-plan.ts';
import { openCsv, type CsvLocation, type OpenCsv } from './open-csv.ts';
import { rowProblem } from './row-assembler.ts';

export interface CsvWriteOptions {
  readonly location: CsvLocation;
  readonly format: CsvFormat;
  readonly type: ObjectType;
  readonly path: string;
  readonly windowBytes?: number;
}

export interface CsvWriteResult {
  readonly outcomes: readonly WriteOutcome[];
  /** Rows in the file afterwards, broken ones included. */
  readonly rowCount: number;
}

/**
 * Applies all writes as one replacement of the file. It is read once, to find the rows that are meant; then everything
 * else is copied byte for byte, so that rows which cannot be read are not lost. Without changes the file is left alone.
 */
export async function writeCsv(
  options: CsvWriteOptions,
  writes: readonly ObjectWrite[],
  signal?: AbortSignal,
): Promise<CsvWriteResult> {
  const { format, type, path } = options;
  const location = await realFile(options.location);
  const lock = await lockFile(location.path, signal === undefined ? {} : { signal });
  try {
    await removeLeftovers(location.path);
    const csv = await openCsv(location, format, options.windowBytes);
    try {
      const context: EditContext = { format, type, header: csv.header, path };
      const { found, rowCount } = await findRows(csv, touchedIds(writes, context), location.shownPath);
      const plan = planEdits(writes, found, context);
      signal?.throwIfAborted();
      if (plan.edits.length + plan.appended.length > 0) await rewrite(location, csv, plan, format, lock);
      const deleted = plan.edits.filter((edit) => edit.cells === null).length;
      return { outcomes: plan.outcomes, rowCount: rowCount - deleted + plan.appended.length };
    } finally {
      await csv.close();
    }
  } finally {
    await lock.release();
  }
}

async function findRows(
  csv: OpenCsv,
  ids: ReadonlySet<string>,
  shownPath: string,
): Promise<{ readonly found: ReadonlyMap<string, FoundRow>; readonly rowCount: number }> {
  const { rows, header } = csv;
  const found = new Map<string, FoundRow>();
  let rowCount = 0;
  for (let step = rows.next(); step !== 'end'; step = rows.next()) {
    if (step === 'more') {
      await rows.fill();
      continue;
    }
    rowCount++;
    const problem = rowProblem(rows, step, header.columns.length, shownPath);
    const id = rows.cell(header.uidIndex);
    if (id === null || !ids.has(id)) continue;
    const first = found.get(id);
    if (first !== undefined) found.set(id, { ...first, problem: `line ${rows.line} has the same uid` });
    else found.set(id, foundRow(csv, problem));
  }
  return { found, rowCount };
}

function foundRow({ rows, header }: OpenCsv, problem: string | null): FoundRow {
  const { startByte, endByte, line } = rows;
  const cells = problem === null ? header.columns.map((_, i) => rows.cell(i)!) : [];
  return { startByte, endByte, line, cells, problem };
}

async function rewrite(
  location: CsvLocation,
  csv: OpenCsv,
  plan: EditPlan,
  format: CsvFormat,
  lock: FileLock,
): Promise<void> {
  await replaceFile(
    location.path,
    (output) => produce(output, csv, plan, format),
    async () => {
      await lock.ensureHeld();
      await csv.ensureUnchanged();
    },
  );
}

async function produce(output: FileOutput, csv: OpenCsv, plan: EditPlan, format: CsvFormat): Promise<void> {
  const newline = csv.newline ?? format.newline;
  const encoded = (text: string): Buffer => format.codec.encode(text)!;
  let at = 0;
  for (const { row, cells } of plan.edits) {
    await output.copy(csv.handle, at, row.startByte);
    if (cells !== null) await output.write(encoded(rowText(cells, format, newline)));
    at = row.endByte;
  }
  await output.copy(csv.handle, at, csv.identity.size);
  const isLastRowOpen = at < csv.identity.size && csv.rows.isUnterminated;
  if (plan.appended.length > 0 && isLastRowOpen) await output.write(encoded(newline));
  for (const cells of plan.appended) await output.write(encoded(rowText(cells, format, newline)));
}
