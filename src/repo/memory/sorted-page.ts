import type { Json, JsonObject } from '../../base/json.ts';
import type { Page, SortKey } from '../../model/repository.ts';
import { FirstRows } from '../first-rows.ts';
import { readSortCursor, sortCursor, sortTexts } from '../sort-order.ts';

/** A slot that holds a row. */
export interface FilledSlot<T> {
  readonly number: number;
  readonly row: T;
}

/** The page of rows behind `after`, whatever order they come in. */
export function sortedPage<T>(
  slots: Iterable<FilledSlot<T>>,
  visible: (row: T) => JsonObject,
  { sort, after, limit }: { readonly sort: readonly SortKey[]; readonly after: Json; readonly limit: number },
): Page<T> {
  const first = new FirstRows<T>(sort, { after: readSortCursor(after, sort), limit: limit + 1 });
  for (const { number, row } of slots) first.offer({ keys: sortTexts(visible(row), sort), number, value: row });
  const ranked = first.rows();
  const rows = ranked.slice(0, limit).map(({ value }) => value);
  return { rows, next: ranked.length > limit && limit > 0 ? sortCursor(ranked[limit - 1]!) : null };
}
