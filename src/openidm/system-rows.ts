import { createHash } from 'node:crypto';
import { Failure } from '../base/failure.ts';
import { getAt } from '../base/json-pointer.ts';
import type { Json } from '../base/json.ts';
import { compareCodePoints, MAX_CODE_POINTS, MAX_SORT_TEXT, sortText } from '../base/value-order.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { SortKey } from '../resource/request.ts';

/** The sort texts of an object, then that of its id, so that no two objects have the same. */
export type Position = readonly string[];

export interface Row {
  readonly stored: StoredObject;
  readonly position: Position;
}

export interface FirstRows {
  add(stored: StoredObject): void;
  /** In order. */
  taken(): readonly Row[];
}

/** Of all objects that are added the first `count` behind a position, in the order of values that managed objects have, too. */
export function firstRows(sortKeys: readonly SortKey[], after: Position | null, count: number): FirstRows {
  const compare = (a: Position, b: Position): number => comparePositions(a, b, sortKeys);
  const first = (rows: readonly Row[]): Row[] =>
    rows.toSorted((a, b) => compare(a.position, b.position)).slice(0, count);
  let kept: Row[] = [];
  let bound: Position | null = null;
  return {
    add: (stored) => {
      const position = positionOf(stored, sortKeys);
      if (after !== null && compare(position, after) <= 0) return;
      if (bound !== null && compare(position, bound) >= 0) return;
      kept.push({ stored, position });
      if (kept.length < 2 * count) return;
      kept = first(kept);
      bound = kept.at(-1)!.position;
    },
    taken: () => first(kept),
  };
}

/** The position in a cookie; null: from the start. Throws `Failure('bad-request')` for anything else. */
export function readPosition(cursor: Json, sortKeys: readonly SortKey[]): Position | null {
  if (cursor === null) return null;
  if (Array.isArray(cursor) && cursor.length === sortKeys.length + 1 && cursor.every(isText)) return cursor;
  throw new Failure('bad-request', "The value of '_pagedResultsCookie' is not a cookie of this server");
}

const DIGEST_LENGTH = 43;

function isText(value: Json): value is string {
  return typeof value === 'string' && value.length <= MAX_SORT_TEXT + DIGEST_LENGTH;
}

function positionOf({ id, object }: StoredObject, sortKeys: readonly SortKey[]): Position {
  return [...sortKeys.map(({ pointer }) => sortText(getAt(object, pointer))), idText(id)];
}

/** Of a long id its beginning and a digest: two ids never have the same text, and cookies stay short. */
function idText(id: string): string {
  const text = sortText(id);
  return id.length <= MAX_CODE_POINTS ? text : text + createHash('sha256').update(id).digest('base64url');
}

function comparePositions(a: Position, b: Position, sortKeys: readonly SortKey[]): number {
  for (const [i, text] of a.entries()) {
    const order = compareCodePoints(text, b[i]!);
    if (order !== 0) return sortKeys[i]?.isDescending === true ? -order : order;
  }
  return 0;
}
