/** A commit that is under way, at most one. */
export class Storing {
  #present: Promise<void> = Promise.resolve();

  begin(commit: Promise<void>): void {
    this.#present = commit;
    // Its failure is met by whoever waits for it.
    commit.catch(() => {});
  }

  done(): Promise<void> {
    return this.#present;
  }

  /** However it ended. */
  async settled(): Promise<void> {
    await this.#present.catch(() => {});
  }
}
