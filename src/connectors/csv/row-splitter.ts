/**
 * What came of one attempt to split a row.
 * `row`         the cells are in `starts`, `ends`; the next row begins at `next`
 * `blank`       nothing but white space up to `next`
 * `more`        the text ends before the row does
 * `open-quote`  the file ends inside quotes
 * `bad-quote`   text follows a closing quote; `next` is the beginning of the next line
 */
export type SplitResult = 'row' | 'blank' | 'more' | 'open-quote' | 'bad-quote';

/** The kind of each cell: as it stands, between quotes, or between quotes with doubled quotes inside. */
export const PLAIN = 0;
export const QUOTED = 1;
export const ESCAPED = 2;

/**
 * Splits a text into rows and cells: RFC 4180, and white space around cells and around their quotes does not count.
 * A quote inside an unquoted cell is an ordinary character.
 *
 * It looks for delimiter, quote and line end with `indexOf`, each at most once per place (`#delimiterAt` … remember the
 * next one), so that a text is searched once however its rows look, and copies nothing: cells are positions.
 */
export class RowSplitter {
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly kinds: number[] = [];
  count = 0;
  next = 0;
  /** Where the line ends that the last row began in. Behind it, but before `next`, there are line ends within quotes. */
  firstLineEnd = 0;

  readonly #delimiter: string;
  readonly #quote: string;
  readonly #lineEnd: string;
  readonly #delimiterCode: number;
  readonly #quoteCode: number;
  readonly #lineEndCode: number;
  #text = '';
  #isEnd = false;
  #delimiterAt = -1;
  #quoteAt = -1;
  #lineEndAt = -1;

  constructor(delimiter: string, quote: string, lineEnd: '\n' | '\r') {
    this.#delimiter = delimiter;
    this.#quote = quote;
    this.#lineEnd = lineEnd;
    this.#delimiterCode = delimiter.charCodeAt(0);
    this.#quoteCode = quote.charCodeAt(0);
    this.#lineEndCode = lineEnd.charCodeAt(0);
  }

  /** `isEnd`: nothing follows this text. */
  load(text: string, isEnd: boolean): void {
    this.#text = text;
    this.#isEnd = isEnd;
    this.#delimiterAt = -1;
    this.#quoteAt = -1;
    this.#lineEndAt = -1;
  }

  split(from: number): SplitResult {
    this.count = 0;
    const lineEnd = this.#nextLineEnd(from);
    this.firstLineEnd = lineEnd;
    if (lineEnd === this.#text.length && !this.#isEnd) return 'more';
    if (this.#nextQuote(from) >= lineEnd) return this.#splitPlain(from, lineEnd);
    return this.#splitQuoted(from);
  }

  isLineEnd(at: number): boolean {
    return this.#text.charCodeAt(at) === this.#lineEndCode;
  }

  countLineEnds(from: number, to: number): number {
    let count = 0;
    for (let at = this.#text.indexOf(this.#lineEnd, from); at >= 0 && at < to; count++)
      at = this.#text.indexOf(this.#lineEnd, at + 1);
    return count;
  }

  /** Goes back: `next` becomes the beginning of the line after the one that `from` is in. */
  restartAfter(from: number): void {
    this.load(this.#text, this.#isEnd);
    this.next = Math.min(this.#nextLineEnd(from) + 1, this.#text.length);
  }

  /** A row without any quote. */
  #splitPlain(from: number, lineEnd: number): SplitResult {
    let start = from;
    for (;;) {
      const end = this.#nextDelimiter(start);
      if (end >= lineEnd) break;
      this.#addPlain(start, end);
      start = end + 1;
    }
    this.#addPlain(start, lineEnd);
    return this.#finish(lineEnd);
  }

  #splitQuoted(from: number): SplitResult {
    const text = this.#text;
    let at = from;
    for (;;) {
      at = this.#skipSpaces(at);
      if (at < text.length && text.charCodeAt(at) === this.#quoteCode) {
        const end = this.#closingQuote(at + 1);
        if (end < 0) return this.#isEnd ? 'open-quote' : 'more';
        at = this.#skipSpaces(end + 1);
      } else {
        const end = Math.min(this.#nextDelimiter(at), this.#nextLineEnd(at));
        this.#addPlain(at, end);
        at = end;
      }
      if (at === text.length) return this.#isEnd ? this.#finish(at) : 'more';
      const code = text.charCodeAt(at);
      if (code === this.#lineEndCode) return this.#finish(at);
      if (code !== this.#delimiterCode) {
        this.restartAfter(from);
        return 'bad-quote';
      }
      at++;
    }
  }

  /** Adds the quoted cell that begins at `start` and returns the place of its closing quote; -1 if it is not there yet. */
  #closingQuote(start: number): number {
    const text = this.#text;
    let kind = QUOTED;
    let at = start;
    for (;;) {
      at = text.indexOf(this.#quote, at);
      if (at < 0 || (at + 1 === text.length && !this.#isEnd)) return -1;
      if (text.charCodeAt(at + 1) !== this.#quoteCode) break;
      kind = ESCAPED;
      at += 2;
    }
    this.#add(start, at, kind);
    return at;
  }

  #addPlain(from: number, to: number): void {
    const text = this.#text;
    let start = from;
    let end = to;
    while (start < end && text.charCodeAt(start) <= 32) start++;
    while (start < end && text.charCodeAt(end - 1) <= 32) end--;
    this.#add(start, end, PLAIN);
  }

  #add(start: number, end: number, kind: number): void {
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.kinds[this.count] = kind;
    this.count++;
  }

  #finish(lineEnd: number): SplitResult {
    this.next = Math.min(lineEnd + 1, this.#text.length);
    const isBlank = this.count === 1 && this.kinds[0] === PLAIN && this.starts[0] === this.ends[0];
    return isBlank ? 'blank' : 'row';
  }

  #skipSpaces(from: number): number {
    let at = from;
    while (at < this.#text.length) {
      const code = this.#text.charCodeAt(at);
      if (code > 32 || code === this.#lineEndCode || code === this.#delimiterCode) break;
      at++;
    }
    return at;
  }

  #nextDelimiter(from: number): number {
    if (this.#delimiterAt < from) this.#delimiterAt = this.#find(this.#delimiter, from);
    return this.#delimiterAt;
  }

  #nextQuote(from: number): number {
    if (this.#quoteAt < from) this.#quoteAt = this.#find(this.#quote, from);
    return this.#quoteAt;
  }

  #nextLineEnd(from: number): number {
    if (this.#lineEndAt < from) this.#lineEndAt = this.#find(this.#lineEnd, from);
    return this.#lineEndAt;
  }

  #find(what: string, from: number): number {
    const at = this.#text.indexOf(what, from);
    return at < 0 ? this.#text.length : at;
  }
}
