import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { readCsvFormat } from '../src/connectors/csv/csv-format.ts';
import { RowSplitter } from '../src/connectors/csv/row-splitter.ts';
import { timed, type Timed } from './sample.ts';

const WINDOW_BYTES = 256 * 1024;

/** The bare limit of reading: the file in pieces, split into rows and cells, and the text of every cell taken. */
export async function bareParse(file: string, count: number): Promise<Timed> {
  let rows = 0;
  const result = await timed(count, async () => {
    rows = await parse(file);
  });
  assert.equal(rows, count + 1);
  return result;
}

async function parse(file: string): Promise<number> {
  const format = readCsvFormat({ csvFile: file }, () => {});
  const splitter = new RowSplitter(format.delimiter, format.quote, '\n');
  const handle = await open(file);
  const buffer = Buffer.allocUnsafe(WINDOW_BYTES);
  let [rows, letters, start] = [0, 0, 0];
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, WINDOW_BYTES, start);
    if (bytesRead === 0) break;
    const text = buffer.toString('latin1', 0, bytesRead);
    splitter.load(text, false);
    let at = 0;
    for (; splitter.split(at) === 'row'; at = splitter.next) {
      for (let i = 0; i < splitter.count; i++) letters += text.slice(splitter.starts[i], splitter.ends[i]).length;
      rows++;
    }
    assert.ok(at > 0, 'a row is longer than the window');
    start += at;
  }
  await handle.close();
  assert.ok(letters > 0);
  return rows;
}
