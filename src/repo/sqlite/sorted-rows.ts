import type { Filter } from '../../base/query-filter.ts';
import type { Link } from '../../model/link.ts';
import type { ObjectRow, Page, PageRequest, SortKey } from '../../model/repository.ts';
import { FirstRows } from '../first-rows.ts';
import { readSortCursor, sortCursor, TEXT_MARK, type SortPosition } from '../sort-order.ts';
import { MAX_LIMIT } from './filled-page.ts';
import { objectRows, typedLinkRows } from './raw-rows.ts';
import type { RawPage } from './row-scan.ts';
import type { Cell } from './sqlite-database.ts';
import type { Ask, Collection } from './sqlite-store.ts';

const NUMBERS_PER_CALL = 1000;

export async function sortedObjects(ask: Ask, type: string, request: PageRequest): Promise<Page<ObjectRow>> {
  const indexed = await pageOfIndex(ask, type, request);
  if (indexed !== null) return indexed;
  const { positions, next } = await sortedPositions(ask, type, request);
  const cells = await cellsAt(ask, type, positions, 4);
  return { rows: objectRows(cells, 1), next };
}

export async function sortedLinks(ask: Ask, request: PageRequest): Promise<Page<Link>> {
  const { positions, next } = await sortedPositions(ask, null, request);
  return { rows: typedLinkRows(await cellsAt(ask, null, positions, 7)), next };
}

/** Part by part, so that other calls get their turn. */
export async function countAll(ask: Ask, collection: Collection, filter: Filter): Promise<number> {
  let count = 0;
  for (let from: number | null = 0; from !== null;) {
    const part: { readonly count: number; readonly next: number | null } = await ask(
      'countMatching',
      collection,
      filter,
      from,
    );
    count += part.count;
    from = part.next;
  }
  return count;
}

async function pageOfIndex(ask: Ask, type: string, request: PageRequest): Promise<Page<ObjectRow> | null> {
  const { filter, sort = [], after, limit } = request;
  const [key] = sort;
  if (filter || key === undefined || sort.length > 1 || key.pointer.length !== 1) return null;
  const wanted = Math.min(limit, MAX_LIMIT) + 1;
  const cells = await ask('sortedByIndex', type, key, readSortCursor(after, sort), wanted);
  if (cells === null) return null;
  const rows: ObjectRow[] = [];
  for (let i = 0; i < cells.length && rows.length < limit; i += 5) rows.push(...objectRows(cells.slice(i + 2, i + 5)));
  const last = 5 * (rows.length - 1);
  const isMore = cells.length > 5 * rows.length && rows.length > 0;
  const next = isMore ? { keys: [TEXT_MARK + String(cells[last + 1])], number: cells[last] as number } : null;
  return { rows, next: next && sortCursor(next) };
}

/** Looks at everything that matches, and keeps no more than the page. */
async function sortedPositions(
  ask: Ask,
  collection: Collection,
  { filter, sort = [], after, limit }: PageRequest,
): Promise<{ readonly positions: readonly SortPosition[]; readonly next: Page<never>['next'] }> {
  const start = readSortCursor(after, sort);
  const wanted = Math.min(limit, MAX_LIMIT) + 1;
  const first = new FirstRows<null>(sort, { after: start, limit: wanted });
  for (let from: number | null = 0; from !== null;) {
    const bounds = { after: start, before: first.bound, limit: wanted };
    const part: RawPage = await ask('firstMatching', collection, filter ?? null, sort, bounds, from);
    for (const position of positionsOf(part.cells, sort)) first.offer({ ...position, value: null });
    from = part.next;
  }
  const positions = first.rows();
  const isMore = positions.length > limit && limit > 0;
  return { positions: positions.slice(0, limit), next: isMore ? sortCursor(positions[limit - 1]!) : null };
}

function positionsOf(cells: readonly Cell[], sort: readonly SortKey[]): readonly SortPosition[] {
  const width = 1 + sort.length;
  return Array.from({ length: cells.length / width }, (_, i) => ({
    number: cells[i * width] as number,
    keys: cells.slice(i * width + 1, (i + 1) * width) as readonly string[],
  }));
}

/** The rows in the order of `positions`, without those that are gone meanwhile. */
async function cellsAt(
  ask: Ask,
  collection: Collection,
  positions: readonly SortPosition[],
  width: number,
): Promise<readonly Cell[]> {
  const found = new Map<Cell, readonly Cell[]>();
  for (let i = 0; i < positions.length; i += NUMBERS_PER_CALL) {
    const numbers = positions.slice(i, i + NUMBERS_PER_CALL).map(({ number }) => number);
    const cells = await ask('rowsAt', collection, numbers);
    for (let at = 0; at < cells.length; at += width) found.set(cells[at]!, cells.slice(at, at + width));
  }
  return positions.flatMap(({ number }) => found.get(number) ?? []);
}
