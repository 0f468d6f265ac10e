/** What was done in a commit, so that it can be taken back. */
export class UndoLog {
  readonly #steps: (() => void)[] = [];

  get length(): number {
    return this.#steps.length;
  }

  push(takeBack: () => void): void {
    this.#steps.push(takeBack);
  }

  /** Takes back everything that was done since the log had `length` steps. */
  undoTo(length: number): void {
    while (this.#steps.length > length) this.#steps.pop()!();
  }
}
