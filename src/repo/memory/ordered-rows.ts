import type { Json } from '../../base/json.ts';
import type { Page } from '../../model/repository.ts';
import { cursorNumber } from '../page-cursor.ts';

/** A place in creation order. `row` is null once it was removed. */
export interface Slot<T> {
  readonly number: number;
  row: T | null;
}

/** Rows in creation order, with pages by keyset that stay right while rows come and go. */
export class OrderedRows<T> {
  #slots: Slot<T>[] = [];
  #removed = 0;
  readonly #counter: { last: number };

  /** Lists that share a counter have one order of creation. */
  constructor(counter = { last: 0 }) {
    this.#counter = counter;
  }

  add(row: T): Slot<T> {
    const slot = { number: ++this.#counter.last, row };
    this.#slots.push(slot);
    return slot;
  }

  remove(slot: Slot<T>): void {
    slot.row = null;
    this.#removed++;
  }

  /** Takes back a `remove`. Only possible until `compact`. */
  restore(slot: Slot<T>, row: T): void {
    slot.row = row;
    this.#removed--;
  }

  compact(): void {
    if (this.#removed < 1000 || this.#removed * 2 < this.#slots.length) return;
    this.#slots = this.#slots.filter((slot) => slot.row !== null);
    this.#removed = 0;
  }

  page(after: Json, limit: number, test: (row: T) => boolean): Page<T> {
    return pageOf(this.#slots, this.#firstAfter(cursorNumber(after)), limit, test);
  }

  #firstAfter(number: number): number {
    let low = 0;
    let high = this.#slots.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#slots[middle]!.number <= number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A page of slots that are in creation order, from index `start` on. */
export function pageOf<T>(slots: readonly Slot<T>[], start: number, limit: number, test: (row: T) => boolean): Page<T> {
  const rows: T[] = [];
  let last = 0;
  for (let i = start; i < slots.length; i++) {
    const { row, number } = slots[i]!;
    if (row === null || !test(row)) continue;
    if (rows.length === limit) return { rows, next: last };
    rows.push(row);
    last = number;
  }
  return { rows, next: null };
}
