import type { FileHandle } from 'node:fs/promises';
import { Failure } from '../../base/failure.ts';
import { ByteWindow } from './byte-window.ts';
import type { CsvFormat } from './csv-format.ts';
import { ESCAPED, QUOTED, RowSplitter } from './row-splitter.ts';

/** `row`, `fault`: see the fields of the reader. `more`: call `fill` and try again. `end`: all rows were given. */
export type RowStep = 'row' | 'fault' | 'more' | 'end';

export interface RowSource {
  readonly handle: FileHandle;
  /** The path as messages name it. */
  readonly shownPath: string;
  /** When it was opened; it is not read beyond. */
  readonly fileSize: number;
}

const WINDOW_BYTES = 256 * 1024;
/** A row may have this many cells of the largest size. */
const ROW_CELLS = 4;
const NON_ASCII = /[\x80-\xff]/g;
const NUL = '\0';

/**
 * Reads the rows of a CSV file one after the other, in bounded memory, with their places. A row that is broken is a
 * `fault`, and reading goes on at the next line. After a bad quote that is the line after the one in which the row
 * *began*: a stray quote seems to swallow the rows that follow it, and these are not lost this way.
 */
export class RowReader {
  /** The line, from 1, in which the row begins. */
  line = 1;
  /** Bytes of the row in the file, with its line end. */
  startByte = 0;
  endByte = 0;
  /** The row is the last one and has no line end. */
  isUnterminated = false;
  /** What is wrong with a `fault`. */
  fault = '';

  readonly #window: ByteWindow;
  readonly #format: CsvFormat;
  readonly #shownPath: string;
  readonly #splitter: RowSplitter;
  readonly #decodedSplitter: RowSplitter;
  readonly #maxRowBytes: number;
  readonly #usualWindowBytes: number;
  /** Unit of the window at which the next row begins. */
  #at = 0;
  #nextLine = 1;
  #windowBytes: number;
  #isSkipping = false;
  #nonAsciiAt = -1;
  #nulAt = -1;
  /** Of the current row: its first unit, its text, and where the text begins in the splitter's positions. */
  #rowAt = 0;
  #rowText: string | null = null;
  #rowTextAt = 0;
  /** The cells reach beyond `endByte`. */
  #isBroken = false;
  #cells: RowSplitter;

  /** `windowBytes` is how much is read at once. */
  constructor(source: RowSource, format: CsvFormat, lineEnd: '\n' | '\r', windowBytes = WINDOW_BYTES) {
    this.#window = new ByteWindow(source.handle, source.shownPath, source.fileSize, format.codec);
    this.#format = format;
    this.#shownPath = source.shownPath;
    this.#windowBytes = windowBytes;
    this.#usualWindowBytes = windowBytes;
    this.#splitter = new RowSplitter(format.delimiter, format.quote, lineEnd);
    this.#decodedSplitter = new RowSplitter(format.delimiter, format.quote, lineEnd);
    this.#cells = this.#splitter;
    this.#maxRowBytes = ROW_CELLS * format.maxCellBytes;
  }

  /** A quote in the wrong place: where this row's cells begin and end is a guess. */
  get isMiscut(): boolean {
    return this.#isBroken;
  }

  get cellCount(): number {
    return this.#splitter.count;
  }

  /** Starts at a place of the file where a row begins. */
  async open(startByte: number): Promise<void> {
    await this.#moveTo(startByte);
  }

  /** Reads on after `more`. A row that does not fit is read again from its beginning, with a window twice as large. */
  async fill(): Promise<void> {
    this.#windowBytes = this.#at === 0 ? this.#windowBytes * 2 : this.#usualWindowBytes;
    await this.#moveTo(this.#window.start + this.#at * this.#format.codec.unitBytes);
  }

  next(): RowStep {
    for (;;) {
      if (this.#isSkipping && !this.#skipLine()) return this.#window.reachesEnd ? 'end' : 'more';
      if (this.#at >= this.#window.units.length) return this.#window.reachesEnd ? 'end' : 'more';
      const result = this.#splitter.split(this.#at);
      if (result === 'open-quote') throw this.#openQuote();
      if (result === 'more') return this.#isTooLong() ? this.#refuseLongRow() : 'more';
      this.#takeRow(result === 'bad-quote');
      if (result === 'blank') continue;
      if (result === 'bad-quote') return this.#refuse(`text after the closing quote of cell ${this.cellCount}`);
      return this.#checkRow();
    }
  }

  /** Text of a cell of the current row, without quotes; null if it cannot be decoded. A fault has the cells before it. */
  cell(index: number): string | null {
    if (index >= this.cellCount) return null;
    if (this.#rowText === null && !this.#isBroken) this.#decodeRow();
    if (this.#rowText === null) return this.#decodeCell(index);
    const cells = this.#cells;
    const start = cells.starts[index]! - this.#rowTextAt;
    const text = this.#rowText.slice(start, cells.ends[index]! - this.#rowTextAt);
    return cells.kinds[index] === ESCAPED ? this.#unescape(text) : text;
  }

  /** A cell that does not begin with a quote but holds one: data as a rule, but not where a row's identity is at stake. */
  hasStrayQuote(index: number): boolean {
    const { kinds } = this.#splitter;
    return (
      kinds[index] !== ESCAPED && kinds[index] !== QUOTED && this.cell(index)?.includes(this.#format.quote) === true
    );
  }

  async #moveTo(startByte: number): Promise<void> {
    await this.#window.moveTo(startByte, this.#windowBytes);
    this.#splitter.load(this.#window.units, this.#window.reachesEnd);
    this.#at = 0;
    this.#nonAsciiAt = -1;
    this.#nulAt = -1;
  }

  /** Sets the places of the row that was split and moves behind it. */
  #takeRow(isBroken: boolean): void {
    const { unitBytes } = this.#format.codec;
    const { next, firstLineEnd } = this.#splitter;
    this.#rowAt = this.#at;
    this.#rowText = null;
    this.#isBroken = isBroken;
    this.line = this.#nextLine;
    this.startByte = this.#window.start + this.#at * unitBytes;
    this.endByte = this.#window.start + next * unitBytes;
    this.isUnterminated = !this.#splitter.isLineEnd(next - 1);
    this.#nextLine += firstLineEnd >= next - 1 ? 1 : this.#splitter.countLineEnds(this.#at, next);
    this.#at = next;
  }

  #checkRow(): RowStep {
    const { next } = this.#splitter;
    if (this.#nextNul(this.#rowAt) < next) return this.#refuse('a NUL character');
    if (next - this.#rowAt > this.#format.maxCellBytes && this.#hasLongCell())
      return this.#refuse(`a cell of more than ${this.#format.maxCellBytes} bytes`);
    if (this.#window.isPlain || this.#nextNonAscii(this.#rowAt) >= next) return 'row';
    this.#decodeRow();
    return this.#rowText === null ? this.#refuse(`bytes that are not valid ${this.#format.codec.name}`) : 'row';
  }

  #refuse(fault: string): RowStep {
    this.fault = fault;
    return 'fault';
  }

  #hasLongCell(): boolean {
    const { starts, ends, count } = this.#splitter;
    for (let i = 0; i < count; i++) if (ends[i]! - starts[i]! > this.#format.maxCellBytes) return true;
    return false;
  }

  #isTooLong(): boolean {
    return (this.#window.units.length - this.#at) * this.#format.codec.unitBytes >= this.#maxRowBytes;
  }

  /** A row that does not end within the largest window: its line is skipped, which may take several windows. */
  #refuseLongRow(): RowStep {
    // The cells that are complete may tell the row's id.
    this.#splitter.load(this.#window.units, true);
    if (this.#splitter.split(this.#at) === 'row') this.#splitter.count--;
    this.#splitter.load(this.#window.units, this.#window.reachesEnd);
    this.#splitter.restartAfter(this.#at);
    this.#takeRow(true);
    this.#isSkipping = !this.#splitter.isLineEnd(this.#at - 1);
    this.isUnterminated = false;
    if (this.#isSkipping) this.#nextLine--;
    return this.#refuse(`a row of more than ${this.#maxRowBytes} bytes, perhaps because of a quote that is not closed`);
  }

  /** False if the line to be skipped does not end in this window. */
  #skipLine(): boolean {
    this.#splitter.restartAfter(this.#at);
    this.#at = this.#splitter.next;
    this.#isSkipping = this.#at === 0 || !this.#splitter.isLineEnd(this.#at - 1);
    if (!this.#isSkipping) this.#nextLine++;
    return !this.#isSkipping;
  }

  /** One copy of the row's text, so that no cell keeps the whole window in memory. Leaves null if it is not valid. */
  #decodeRow(): void {
    const { codec } = this.#format;
    const from = this.startByte - this.#window.start;
    const bytes = this.#window.bytes.subarray(from, this.endByte - this.#window.start);
    this.#cells = this.#splitter;
    this.#rowTextAt = this.#rowAt;
    if (this.#window.isPlain || this.#nextNonAscii(this.#rowAt) >= this.#splitter.next) {
      this.#rowText = codec.units(bytes);
      return;
    }
    this.#rowText = codec.decode(bytes);
    if (this.#rowText === null || codec.unitBytes === 2) return;
    this.#decodedSplitter.load(this.#rowText, true);
    this.#decodedSplitter.split(0);
    this.#cells = this.#decodedSplitter;
    this.#rowTextAt = 0;
  }

  /** One cell of a row that has invalid bytes, perhaps elsewhere. */
  #decodeCell(index: number): string | null {
    const { unitBytes, decode } = this.#format.codec;
    const { starts, ends, kinds } = this.#splitter;
    const text = decode(this.#window.bytes.subarray(starts[index]! * unitBytes, ends[index]! * unitBytes));
    return text !== null && kinds[index] === ESCAPED ? this.#unescape(text) : text;
  }

  #unescape(text: string): string {
    return text.replaceAll(this.#format.quote + this.#format.quote, this.#format.quote);
  }

  #nextNonAscii(from: number): number {
    if (this.#format.codec.unitBytes === 2) return from;
    if (this.#nonAsciiAt < from) {
      NON_ASCII.lastIndex = from;
      this.#nonAsciiAt = NON_ASCII.exec(this.#window.units)?.index ?? this.#window.units.length;
    }
    return this.#nonAsciiAt;
  }

  #nextNul(from: number): number {
    if (this.#nulAt < from) {
      const at = this.#window.units.indexOf(NUL, from);
      this.#nulAt = at < 0 ? this.#window.units.length : at;
    }
    return this.#nulAt;
  }

  #openQuote(): Failure {
    return new Failure(
      'incomplete-read',
      `${this.#shownPath} line ${this.#nextLine}: the file ends inside a quoted cell of this row; either the file was cut ` +
        'off, or a quote is missing: correct the row or write the file again',
    );
  }
}
