import type { Json } from '../../base/json.ts';
import { cursorNumber } from '../page-cursor.ts';
import type { RawPage } from './row-scan.ts';
import type { Cell } from './sqlite-database.ts';

/** "All of them", for limits without one. */
export const MAX_LIMIT = 1e9;

/** Rows of `width` cells, the number of the row first, and the cursor behind the last. */
interface CutPage {
  readonly cells: readonly Cell[];
  readonly next: Json;
}

/** Asks for parts until the page is full. `ask` takes where to begin and how many rows are wanted at most. */
export async function filledPage(
  width: number,
  after: Json | undefined,
  limit: number,
  ask: (from: number, rows: number) => Promise<RawPage>,
): Promise<CutPage> {
  const cells: Cell[] = [];
  // one more than asked for tells whether another page follows
  const wanted = Math.min(limit, MAX_LIMIT) + 1;
  for (let from: number | null = cursorNumber(after); from !== null && cells.length < wanted * width;) {
    const part: RawPage = await ask(from, wanted - cells.length / width);
    for (const cell of part.cells) cells.push(cell);
    from = part.next;
  }
  return cutPage(cells, width, limit);
}

/** Drops the row beyond `limit`. The first cell of a row is its number, which is the cursor. */
export function cutPage(cells: readonly Cell[], width: number, limit: number): CutPage {
  if (cells.length <= limit * width) return { cells, next: null };
  const kept = cells.slice(0, limit * width);
  return { cells: kept, next: limit === 0 ? 0 : (kept[kept.length - width] as number) };
}
