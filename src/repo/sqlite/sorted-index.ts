import type { SortKey } from '../../model/repository.ts';
import { MAX_CODE_POINTS, TEXT_MARK, type SortPosition } from '../sort-order.ts';
import { flat, type Cell, type SqliteDatabase } from './sqlite-database.ts';
import type { TypeLayout } from './type-layout.ts';

/**
 * A page in the order of an index: `row, text, id, rev, doc` each. Null if there is none, or if some objects are missing in it
 * (no value, several, no text) or do not stand in it as `sortText` says (long texts): then all have to be looked at.
 */
export function sortedByIndex(
  db: SqliteDatabase,
  layout: TypeLayout,
  { pointer, isDescending }: SortKey,
  after: SortPosition | null,
  limit: number,
): readonly Cell[] | null {
  const column = indexColumn(layout, pointer);
  if (column === null || (after !== null && !after.keys[0]!.startsWith(TEXT_MARK))) return null;
  if (!(column === 'id' ? hasShortIds(db, layout) : holdsAll(db, layout, column))) return null;
  const [order, direction] = isDescending ? ['<', 'DESC'] : ['>', 'ASC'];
  const behind = after === null ? '' : `AND ${column} ${order}= ? AND (${column} ${order} ? OR row > ?)`;
  const text = after?.keys[0]!.slice(TEXT_MARK.length) ?? '';
  const rows = db.all(
    `SELECT row, ${column}, id, rev, doc FROM ${layout.objects}
     WHERE ${column} IS NOT NULL ${behind} ORDER BY ${column} ${direction}, row LIMIT ?`,
    ...(after === null ? [] : [text, text, after.number]),
    limit,
  );
  return flat(rows);
}

function indexColumn({ columns }: TypeLayout, pointer: readonly string[]): string | null {
  const name = pointer[0];
  if (pointer.length !== 1 || name === undefined) return null;
  if (name === '_id') return 'id';
  const column = columns.indexOf(name) + 1;
  return column === 0 ? null : `s${column}`;
}

function hasShortIds(db: SqliteDatabase, { objects }: TypeLayout): boolean {
  return db.get(`SELECT 1 FROM ${objects} WHERE octet_length(id) > ${MAX_CODE_POINTS} LIMIT 1`) === undefined;
}

/** Long texts stand in the index under a hash, which begins with a control character. */
function holdsAll(db: SqliteDatabase, { objects }: TypeLayout, column: string): boolean {
  const [all] = db.get(`SELECT count(*) FROM ${objects}`)!;
  const [indexed] = db.get(`SELECT count(*) FROM ${objects} WHERE ${column} IS NOT NULL`)!;
  const hashed = `SELECT 1 FROM ${objects} WHERE ${column} >= char(1) AND ${column} < char(2) LIMIT 1`;
  return all === indexed && db.get(hashed) === undefined;
}
