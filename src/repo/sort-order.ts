import { Failure } from '../base/failure.ts';
import { getAt } from '../base/json-pointer.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { compareCodePoints, MAX_SORT_TEXT, sortText } from '../base/value-order.ts';
import type { SortKey } from '../model/repository.ts';

export { MAX_CODE_POINTS, TEXT_MARK } from '../base/value-order.ts';

/**
 * Where a row stands: its sort texts, then its number in creation order. All stores compare positions with
 * `comparePositions`, so that all have one order.
 */
export interface SortPosition {
  readonly keys: readonly string[];
  readonly number: number;
}

export function sortTexts(object: JsonObject, sort: readonly SortKey[]): readonly string[] {
  return sort.map(({ pointer }) => sortText(getAt(object, pointer)));
}

/** Negative, zero or positive. */
export function comparePositions(a: SortPosition, b: SortPosition, sort: readonly SortKey[]): number {
  for (const [i, { isDescending }] of sort.entries()) {
    const order = compareCodePoints(a.keys[i]!, b.keys[i]!);
    if (order !== 0) return isDescending ? -order : order;
  }
  return a.number - b.number;
}

/** The position as a page's `next`. */
export function sortCursor({ keys, number }: SortPosition): Json {
  return [number, ...keys];
}

/** The position behind a page's `after`; null: from the start. */
export function readSortCursor(after: Json | undefined, sort: readonly SortKey[]): SortPosition | null {
  if (after === undefined || after === null) return null;
  if (Array.isArray(after) && after.length === sort.length + 1) {
    const [number, ...keys] = after;
    if (Number.isSafeInteger(number) && keys.every(isKey)) return { keys, number: number as number };
  }
  throw new Failure('bad-request', `not a page cursor of this store in this order: ${JSON.stringify(after)}`);
}

function isKey(value: Json): value is string {
  return typeof value === 'string' && value.length <= MAX_SORT_TEXT;
}
