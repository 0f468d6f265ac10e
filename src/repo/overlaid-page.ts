import type { Json, JsonObject } from '../base/json.ts';
import type { Filter } from '../base/query-filter.ts';
import type { Page, PageRequest } from '../model/repository.ts';
import { FirstRows } from './first-rows.ts';
import { readSortCursor, sortCursor, sortTexts } from './sort-order.ts';

/** Two stores seen as one: `planned` lies over `real`. */
export interface Overlay<T> {
  readonly real: (request: PageRequest) => Promise<Page<T>>;
  readonly planned: (request: PageRequest) => Promise<Page<T>>;
  /** Without those that a planned row replaces. */
  readonly unchanged: (rows: readonly T[]) => Promise<readonly T[]>;
  readonly visible: (row: T) => JsonObject;
}

const MAX_PLANNED = 1_000_000;
const WALK_ROWS = 1000;

/** Planned rows come with the last page; in a sorted page they stand in their place. */
export async function overlaidPage<T>(overlay: Overlay<T>, request: PageRequest): Promise<Page<T>> {
  if (request.sort !== undefined && request.sort.length > 0) return sortedOverlay(overlay, request, request.sort);
  const page = await overlay.real(request);
  const rows = await overlay.unchanged(page.rows);
  if (page.next !== null) return { rows, next: page.next };
  const planned = await overlay.planned({ ...request, after: null, limit: MAX_PLANNED });
  return { rows: [...rows, ...planned.rows], next: null };
}

export async function countPages<T>(page: (request: PageRequest) => Promise<Page<T>>, filter: Filter): Promise<number> {
  let count = 0;
  for await (const rows of walk(page, filter)) count += rows.length;
  return count;
}

/** Looks at everything, as plans may: what is kept is no more than the page. */
async function sortedOverlay<T>(
  overlay: Overlay<T>,
  { filter, after, limit }: PageRequest,
  sort: NonNullable<PageRequest['sort']>,
): Promise<Page<T>> {
  const first = new FirstRows<T>(sort, { after: readSortCursor(after, sort), limit: limit + 1 });
  let number = 0;
  for await (const rows of walk((request) => overlaidPage(overlay, request), filter))
    for (const row of rows) first.offer({ keys: sortTexts(overlay.visible(row), sort), number: ++number, value: row });
  const ranked = first.rows();
  const isMore = ranked.length > limit && limit > 0;
  return {
    rows: ranked.slice(0, limit).map(({ value }) => value),
    next: isMore ? sortCursor(ranked[limit - 1]!) : null,
  };
}

async function* walk<T>(
  page: (request: PageRequest) => Promise<Page<T>>,
  filter: Filter | undefined,
): AsyncGenerator<readonly T[]> {
  let after: Json = null;
  do {
    const { rows, next }: Page<T> = await page({ ...(filter && { filter }), after, limit: WALK_ROWS });
    yield rows;
    after = next;
  } while (after !== null);
}
