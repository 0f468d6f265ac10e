import type { SortKey } from '../model/repository.ts';
import { comparePositions, type SortPosition } from './sort-order.ts';

export interface Ranked<T> extends SortPosition {
  readonly value: T;
}

export interface RankBounds {
  /** Only what stands behind it. */
  readonly after: SortPosition | null;
  /** Only what stands before it. */
  readonly before?: SortPosition | null;
  readonly limit: number;
}

/** Keeps the first `limit` of any number of rows that come in any order, and never many more than that. */
export class FirstRows<T> {
  readonly #sort: readonly SortKey[];
  readonly #after: SortPosition | null;
  readonly #limit: number;
  #before: SortPosition | null;
  #rows: Ranked<T>[] = [];

  constructor(sort: readonly SortKey[], { after, before, limit }: RankBounds) {
    this.#sort = sort;
    this.#after = after;
    this.#before = before ?? null;
    this.#limit = limit;
  }

  /** The last that could still be kept, once `limit` are there. */
  get bound(): SortPosition | null {
    return this.#before;
  }

  offer(row: Ranked<T>): void {
    if (this.#after !== null && comparePositions(row, this.#after, this.#sort) <= 0) return;
    if (this.#before !== null && comparePositions(row, this.#before, this.#sort) >= 0) return;
    this.#rows.push(row);
    if (this.#rows.length >= 2 * this.#limit + SLACK) this.#cut();
  }

  /** In order. */
  rows(): readonly Ranked<T>[] {
    this.#cut();
    return this.#rows;
  }

  #cut(): void {
    this.#rows.sort((a, b) => comparePositions(a, b, this.#sort));
    if (this.#rows.length < this.#limit) return;
    this.#rows.length = this.#limit;
    this.#before = this.#rows.at(-1) ?? this.#before;
  }
}

const SLACK = 64;
