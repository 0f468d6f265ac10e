import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCsvFormat } from './csv-format.ts';
import { openCsv } from './open-csv.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lockstep-rows-'));
});
afterAll(() => rm(directory, { recursive: true }));

interface ReadRow {
  readonly line: number;
  readonly cells: readonly (string | null)[];
  readonly fault?: string;
}

async function readRows(content: string | Buffer, options = {}, windowBytes?: number): Promise<readonly ReadRow[]> {
  const path = join(directory, `t-${Math.random()}.csv`);
  await writeFile(path, content);
  const format = readCsvFormat({ csvFile: path, ...options }, (fault) => expect.fail(fault.message));
  const csv = await openCsv({ path, shownPath: 't.csv' }, format, windowBytes);
  try {
    const read: ReadRow[] = [{ line: 1, cells: csv.header.columns }];
    for (let step = csv.rows.next(); step !== 'end'; step = csv.rows.next()) {
      if (step === 'more') {
        await csv.rows.fill();
        continue;
      }
      const cells = Array.from({ length: csv.rows.cellCount }, (_, i) => csv.rows.cell(i));
      read.push({ line: csv.rows.line, cells, ...(step === 'fault' ? { fault: csv.rows.fault } : {}) });
    }
    return read;
  } finally {
    await csv.close();
    await rm(path);
  }
}

/** A cell with the way it is written: quoted or, where the text allows it, bare with white space around it. */
const cell = fc
  .tuple(
    fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'é', '日', '😀', '"', ',', '\n', '\r\n', ' ', ';', "'"), maxLength: 12 }),
      fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
    ),
    fc.boolean(),
    fc.constantFrom('', ' ', '  \t'),
  )
  .map(([text, isQuoted, space]) => {
    const isBare = !isQuoted && !/["\r\n,]/.test(text);
    return isBare ? `${space}${text}${space}` : `${space}"${text.replaceAll('"', '""')}"${space}`;
  });

const table = fc.integer({ min: 1, max: 5 }).chain((width) =>
  fc.record({
    width: fc.constant(width),
    rows: fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 12 }),
    newline: fc.constantFrom('\n', '\r\n'),
    endsWithNewline: fc.boolean(),
    hasBom: fc.boolean(),
    windowBytes: fc.integer({ min: 2, max: 40 }).map((n) => 2 * n),
  }),
);

function write(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  newline: string,
  isEnded: boolean,
): string {
  return [header, ...rows].map((row) => row.join(',')).join(newline) + (isEnded ? newline : '');
}

function lineText(text: string, line: number): string {
  return text.split('\n')[line - 1]!;
}

describe('the row reader', () => {
  it('reads what csv-parse reads, with the same lines, wherever the windows end', async () => {
    await fc.assert(
      fc.asyncProperty(table, async ({ width, rows, newline, endsWithNewline, hasBom, windowBytes }) => {
        const header = ['uid', 'a', 'b', 'c', 'd'].slice(0, width);
        const text = write(header, rows, newline, endsWithNewline);
        const options = { trim: true, skip_empty_lines: true, record_delimiter: newline } as const;
        // csv-parse takes a quoted empty cell on a line of its own for an empty line; its uid is missing either way.
        const isEmpty = (cells: readonly (string | null)[]): boolean => cells.length === 1 && cells[0] === '';
        const expected = parse(text, options).filter((record) => !isEmpty(record));
        const read = await readRows(`${hasBom ? '\ufeff' : ''}${text}`, {}, windowBytes);
        expect(read.filter((row) => row.fault !== undefined)).toEqual([]);
        expect(read.map((row) => row.cells).filter((cells) => !isEmpty(cells))).toEqual(expected);
        for (const { line, cells } of read) expect(lineText(text, line)).toContain(cells[0]!.split(/["\r\n]/)[0]);
      }),
      { numRuns: 400 },
    );
  });

  it('reads UTF-16 and windows-1252 like UTF-8', async () => {
    await fc.assert(
      fc.asyncProperty(table, async ({ width, rows, newline, endsWithNewline, windowBytes }) => {
        const header = ['uid', 'a', 'b', 'c', 'd'].slice(0, width);
        const text = write(header, rows, newline, endsWithNewline).replaceAll(/[日😀]/gu, 'ü');
        const expected = await readRows(text);
        const little = Buffer.from(`\ufeff${text}`, 'utf16le');
        expect(await readRows(little, { encoding: 'UTF-16LE' }, windowBytes)).toEqual(expected);
        expect(await readRows(Buffer.from(little).swap16(), { encoding: 'utf-16be' }, windowBytes)).toEqual(expected);
        expect(await readRows(Buffer.from(text, 'latin1'), { encoding: 'latin1' }, windowBytes)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });

  it('numbers lines as an editor does, whatever stands in quotes', async () => {
    const text = 'uid,a\n1,"x\ny\n"\n\n2,z\n"3\n",""\n4,end';
    expect((await readRows(text)).map((row) => row.line)).toEqual([1, 2, 6, 7, 9]);
    expect((await readRows(text, {}, 4)).map((row) => row.line)).toEqual([1, 2, 6, 7, 9]);
    expect((await readRows(text.replaceAll('\n', '\r'))).map((row) => row.line)).toEqual([1, 2, 6, 7, 9]);
  });

  it('does not lose the rows behind a stray quote', async () => {
    const text = 'uid,a,b\n1,"x,z\n2,p,q\n3,"r",s\n4,"t" u,v\n5,w,x\n';
    for (const windowBytes of [4, 16, 1024]) {
      const rows = await readRows(text, {}, windowBytes);
      expect(rows.filter((row) => row.fault === undefined).map((row) => row.cells[0])).toEqual(['uid', '2', '3', '5']);
      expect(rows.filter((row) => row.fault !== undefined)).toEqual([
        { line: 2, cells: ['1', 'x,z\n2,p,q\n3,'], fault: 'text after the closing quote of cell 2' },
        { line: 5, cells: ['4', 't'], fault: 'text after the closing quote of cell 2' },
      ]);
    }
  });

  it('isolates rows with NUL and with bytes that are not valid in the encoding', async () => {
    const bytes = Buffer.concat([
      Buffer.from('uid,a\n1,é\n2,'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('\n3,x\0y\n4,\ufffd\n'),
    ]);
    expect(await readRows(bytes)).toEqual([
      { line: 1, cells: ['uid', 'a'] },
      { line: 2, cells: ['1', 'é'] },
      { line: 3, cells: ['2', null], fault: 'bytes that are not valid utf-8' },
      { line: 4, cells: ['3', 'x\0y'], fault: 'a NUL character' },
      { line: 5, cells: ['4', '\ufffd'] },
    ]);
  });

  it('reads fields of 10 MB, and a cell above the bound is a fault of its row alone', async () => {
    const large = 'x,\n'.repeat(10_000_000 / 3);
    const rows = await readRows(`uid,a\n1,"${large}"\n2,y\n`);
    expect(rows.map((row) => [row.cells[0], row.cells[1]!.length])).toEqual([
      ['uid', 1],
      ['1', large.length],
      ['2', 1],
    ]);
    const bounded = await readRows(`uid,a\n1,"${large}"\n2,y\n`, { maxCellMiB: 4 });
    expect(bounded.map((row) => [row.cells[0], row.fault])).toEqual([
      ['uid', undefined],
      ['1', 'a cell of more than 4194304 bytes'],
      ['2', undefined],
    ]);
  });

  it('goes on behind a row that is longer than all bounds', async () => {
    const line = 'y'.repeat(3_000_000);
    const rows = await readRows(`uid,a\n1,${line}\n2,x\n3,"${line}\n4,x\n5,z\n`, { maxCellMiB: 0.25 });
    expect(rows.map((row) => [row.line, row.cells.length > 0 && row.cells[0], row.fault?.slice(0, 29)])).toEqual([
      [1, 'uid', undefined],
      [2, '1', 'a row of more than 1048576 by'],
      [3, '2', undefined],
      [4, '3', 'a row of more than 1048576 by'],
      [5, '4', undefined],
      [6, '5', undefined],
    ]);
  });
});
