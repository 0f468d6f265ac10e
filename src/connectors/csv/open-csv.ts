import type { FileHandle } from 'node:fs/promises';
import { Failure } from '../../base/failure.ts';
import { ensureUnchanged, openDataFile, type DataFile } from '../../connector/data-file.ts';
import type { FileIdentity } from '../../connector/file-identity.ts';
import type { CsvFormat } from './csv-format.ts';
import { readHeader, type CsvHeader } from './csv-header.ts';
import { RowReader } from './row-reader.ts';

/** A CSV file opened for reading, standing behind its header. */
export interface OpenCsv {
  readonly header: CsvHeader;
  readonly rows: RowReader;
  readonly identity: FileIdentity;
  /** How the lines of this file end; null if not even the header line has an end. */
  readonly newline: Newline | null;
  readonly handle: FileHandle;
  /** Throws `Failure('incomplete-read')` if the file is no longer what was opened. */
  ensureUnchanged(): Promise<void>;
  close(): Promise<void>;
}

export type Newline = '\n' | '\r\n' | '\r';

export type CsvLocation = DataFile;

/** Throws `Failure('incomplete-read')` if there is nothing to read: no file, no header. Never an empty set. */
export async function openCsv(location: CsvLocation, format: CsvFormat, windowBytes?: number): Promise<OpenCsv> {
  const { shownPath } = location;
  const { handle, identity } = await openDataFile(location, 'csvFile');
  try {
    const { bomLength, newline } = await readStart(handle, identity.size, format, shownPath);
    const rows = new RowReader(
      { handle, shownPath, fileSize: identity.size },
      format,
      newline === '\r' ? '\r' : '\n',
      windowBytes,
    );
    await rows.open(bomLength);
    return {
      header: await readHeader(rows, format, shownPath),
      rows,
      identity,
      newline,
      handle,
      ensureUnchanged: () => ensureUnchanged(location, identity),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

const START_BYTES = 64 * 1024;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** The byte order mark, and how lines end, as the header line shows it. */
async function readStart(
  handle: FileHandle,
  fileSize: number,
  format: CsvFormat,
  shownPath: string,
): Promise<{ readonly bomLength: number; readonly newline: Newline | null }> {
  if (fileSize % format.codec.unitBytes !== 0)
    throw new Failure('incomplete-read', `${shownPath}: ${fileSize} bytes are no whole number of UTF-16 characters`);
  const start = Buffer.alloc(Math.min(START_BYTES, fileSize));
  await handle.read(start, 0, start.length, 0);
  const bomLength = format.codec.bomLength(start);
  return { bomLength, newline: newlineOf(format.codec.units(start.subarray(bomLength)), format.quote) };
}

function newlineOf(units: string, quote: string): Newline | null {
  let isQuoted = false;
  for (let i = 0; i < units.length; i++) {
    const code = units.charCodeAt(i);
    if (code === quote.charCodeAt(0)) isQuoted = !isQuoted;
    else if (!isQuoted && code === LINE_FEED) return '\n';
    else if (!isQuoted && code === CARRIAGE_RETURN) return units.charCodeAt(i + 1) === LINE_FEED ? '\r\n' : '\r';
  }
  return null;
}
