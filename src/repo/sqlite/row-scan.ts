import type { JsonObject } from '../../base/json.ts';
import type { SortKey } from '../../model/repository.ts';
import { FirstRows, type RankBounds } from '../first-rows.ts';
import { sortTexts } from '../sort-order.ts';
import { flat, type Cell, type Row } from './sqlite-database.ts';

/** Rows one after the other, the number of the row first, and where to go on (null at the end). */
export interface RawPage {
  readonly cells: readonly Cell[];
  readonly next: number | null;
}

/** Some rows that may match, in creation order, and where to go on. */
export interface Chunk {
  readonly rows: readonly Row[];
  readonly next: number | null;
}

/** A walk over what may match a filter. The first cell of a row is its number. */
export interface RowScan {
  /** Rows after the number `from`. */
  chunk(from: number): Chunk;
  /** The object that a row stands for, or null if it does not match after all. */
  match(row: Row): JsonObject | null;
}

export const CHUNK_ROWS = 500;
/** Row numbers that one chunk of a scan covers, and chunks in one call: about 0.1 s at most. */
export const SCAN_WINDOW = 5000;
const MAX_CHUNKS = 20;

/** May give fewer rows than `limit` although more follow, so that a rare match does not keep other calls waiting. */
export function matchingRows(scan: RowScan, after: number, limit: number): RawPage {
  const rows: Row[] = [];
  const next = walk(scan, after, (row) => {
    rows.push(row);
    return rows.length >= limit;
  });
  return { cells: flat(rows), next };
}

/** How many match in the part that one call looks at. */
export function countMatching(scan: RowScan, after: number): { readonly count: number; readonly next: number | null } {
  let count = 0;
  const next = walk(scan, after, () => {
    count++;
    return false;
  });
  return { count, next };
}

/** The first in the order of `sort` among those that one call looks at: `number, sort text…` each. */
export function firstMatching(scan: RowScan, sort: readonly SortKey[], bounds: RankBounds, from: number): RawPage {
  const first = new FirstRows<null>(sort, bounds);
  const next = walk(scan, from, (row, object) => {
    first.offer({ keys: sortTexts(object, sort), number: row[0] as number, value: null });
    return false;
  });
  return { cells: first.rows().flatMap(({ number, keys }) => [number, ...keys]), next };
}

/** Shows every match until `isEnough`, or until one call took its time. Where to go on; null at the end. */
function walk(scan: RowScan, after: number, isEnough: (row: Row, object: JsonObject) => boolean): number | null {
  let from: number | null = after;
  for (let chunks = 0; from !== null && chunks < MAX_CHUNKS; chunks++) {
    const chunk: Chunk = scan.chunk(from);
    for (const row of chunk.rows) {
      const object = scan.match(row);
      if (object !== null && isEnough(row, object)) return row[0] as number;
    }
    from = chunk.next;
  }
  return from;
}
