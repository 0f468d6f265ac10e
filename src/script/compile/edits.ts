/** A change to a text: `remove` characters at `at` give way to `insert`. Inserted text never contains a line break. */
export interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
  /** Closing texts come before opening texts of the next construct at the same place. */
  readonly isClosing: boolean;
}

export class Edits {
  readonly #list: Edit[] = [];

  /** Text before the construct that starts here. Outer constructs first. */
  open(at: number, insert: string): void {
    this.#list.push({ at, remove: 0, insert, isClosing: false });
  }

  /** Text after the construct that ends here. Inner constructs first. */
  close(at: number, insert: string): void {
    this.#list.push({ at, remove: 0, insert, isClosing: true });
  }

  replace(from: number, to: number, insert: string): void {
    this.#list.push({ at: from, remove: to - from, insert, isClosing: false });
  }

  sorted(): readonly Edit[] {
    return this.#list.sort((a, b) => a.at - b.at || Number(b.isClosing) - Number(a.isClosing));
  }
}

export function applyEdits(text: string, edits: readonly Edit[]): string {
  const parts: string[] = [];
  let position = 0;
  for (const edit of edits) {
    parts.push(text.slice(position, edit.at), edit.insert);
    position = edit.at + edit.remove;
  }
  parts.push(text.slice(position));
  return parts.join('');
}

/** One inserted stretch, in lines and columns of the edited text: what is needed to find the way back. */
export interface ColumnShift {
  readonly line: number;
  /** 1-based column of the original text at which the change takes effect. */
  readonly column: number;
  readonly delta: number;
}

export function columnShifts(text: string, edits: readonly Edit[]): readonly ColumnShift[] {
  const shifts: ColumnShift[] = [];
  let line = 1;
  let lineStart = 0;
  for (const edit of edits) {
    for (let end = text.indexOf('\n', lineStart); end >= 0 && end < edit.at; end = text.indexOf('\n', lineStart)) {
      line++;
      lineStart = end + 1;
    }
    shifts.push({ line, column: edit.at - lineStart + 1, delta: edit.insert.length - edit.remove });
  }
  return shifts;
}

/** The column in the original text of a column in the edited one. */
export function originalColumn(shifts: readonly ColumnShift[], line: number, column: number): number {
  let moved = 0;
  for (const shift of shifts) {
    if (shift.line !== line) continue;
    if (column < shift.column + moved + Math.max(shift.delta, 0))
      return Math.max(1, Math.min(column - moved, shift.column));
    moved += shift.delta;
  }
  return Math.max(1, column - moved);
}
