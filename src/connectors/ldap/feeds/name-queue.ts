interface Waiting {
  readonly uuid: string;
  readonly holders: readonly string[];
  readonly tell: () => void;
}

/**
 * Brings what is told of entries into an order in which nobody takes an id before the one who had it has given it up: in a refresh a server
 * tells what has changed in an order of its own. Who waits in a circle is told at the end.
 */
export class NameQueue {
  readonly #told = new Set<string>();
  /** By the UUID of the entry that they wait for. */
  readonly #waiting = new Map<string, Waiting[]>();
  #isOver = false;
  #count = 0;

  /** How many wait. */
  get waiting(): number {
    return this.#count;
  }

  /** Tells now, or behind the last of `holders`, the UUIDs of the entries that had the id. */
  put(uuid: string, holders: readonly string[], tell: () => void): void {
    if (this.#isOver) return tell();
    const open: Waiting[] = [{ uuid, holders, tell }];
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      const { uuid: own } = one;
      const before = one.holders.find((holder) => holder !== own && !this.#told.has(holder));
      if (before !== undefined) {
        const line = this.#waiting.get(before);
        if (line === undefined) this.#waiting.set(before, [one]);
        else line.push(one);
        this.#count++;
        continue;
      }
      one.tell();
      this.#told.add(own);
      const behind = this.#waiting.get(own) ?? [];
      this.#waiting.delete(own);
      this.#count -= behind.length;
      for (const next of behind.toReversed()) open.push(next);
    }
  }

  /** The refresh is over: tells the rest, whatever it waits for. From now on the order of the server is the order in which it happened. */
  end(): void {
    this.#isOver = true;
    for (const waiting of this.#waiting.values()) for (const { tell } of waiting) tell();
    this.#waiting.clear();
    this.#told.clear();
  }
}
