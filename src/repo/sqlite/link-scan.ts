import { compileFilter, type Filter } from '../../base/query-filter.ts';
import { linkObject } from '../../model/link.ts';
import { linkAt } from './raw-rows.ts';
import { CHUNK_ROWS, SCAN_WINDOW, type Chunk, type RowScan } from './row-scan.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

const COLUMNS = 'l.row, l.id, l.rev, q.link_qualifier, l.first_id, l.second_id, q.link_type';

/**
 * A walk over links of every type. What a filter demands of single members is looked up, through an index if it is about an id;
 * the filter itself decides about every row that is found.
 */
export function linkScan(db: SqliteDatabase, filter: Filter | null): RowScan {
  const demands = filter ? demandsOf(filter) : [];
  const test = filter ? compileFilter(filter, { caseSensitive: true }) : () => true;
  const isIndexed = demands.some(({ column }) => column === 'l.id' || column.endsWith('_id'));
  return {
    chunk: (from) => (isIndexed ? lookedUp(db, demands, from) : scanned(db, demands, from)),
    match: (row) => {
      const object = linkObject(linkAt(row[6] as string, row, 1));
      return test(object) ? object : null;
    },
  };
}

interface Demand {
  readonly column: string;
  readonly value: string;
}

const COLUMN_OF: Readonly<Record<string, string>> = {
  _id: 'l.id',
  firstId: 'l.first_id',
  secondId: 'l.second_id',
  linkType: 'q.link_type',
  linkQualifier: 'q.link_qualifier',
};

/** What every match must have. */
function demandsOf(filter: Filter): readonly Demand[] {
  if (filter.kind === 'and') return filter.parts.slice(0, MAX_PARTS).flatMap(demandsOf).slice(0, MAX_DEMANDS);
  if (filter.kind !== 'compare' || (filter.operator !== 'eq' && filter.operator !== 'ca')) return [];
  const [name, ...rest] = filter.pointer;
  if (name === undefined || rest.length > 0 || !Object.hasOwn(COLUMN_OF, name)) return [];
  if (typeof filter.value !== 'string' || !filter.value.isWellFormed()) return [];
  return [{ column: COLUMN_OF[name]!, value: filter.value }];
}

const MAX_PARTS = 20;
const MAX_DEMANDS = 10;

/** Kinds are few; CROSS JOIN keeps them outside, so that the index over kind and id is used. */
function lookedUp(db: SqliteDatabase, demands: readonly Demand[], from: number): Chunk {
  const rows = db.all(
    `SELECT ${COLUMNS} FROM link_kind q CROSS JOIN link l ON l.kind = q.no
     WHERE ${conditionOf(demands)} AND +l.row > ? ORDER BY l.row LIMIT ${CHUNK_ROWS}`,
    ...demands.map(({ value }) => value),
    from,
  );
  return { rows, next: rows.length < CHUNK_ROWS ? null : (rows.at(-1)![0] as number) };
}

function scanned(db: SqliteDatabase, demands: readonly Demand[], from: number): Chunk {
  const to = from + SCAN_WINDOW;
  const rows = db.all(
    `SELECT ${COLUMNS} FROM link l CROSS JOIN link_kind q ON q.no = l.kind
     WHERE l.row > ? AND l.row <= ? AND ${conditionOf(demands)} ORDER BY l.row LIMIT ${CHUNK_ROWS}`,
    from,
    to,
    ...demands.map(({ value }) => value),
  );
  if (rows.length === CHUNK_ROWS) return { rows, next: rows.at(-1)![0] as number };
  const last = Number(db.get('SELECT max(row) FROM link')![0] ?? 0);
  return { rows, next: to < last ? to : null };
}

function conditionOf(demands: readonly Demand[]): string {
  return demands.length === 0 ? '1' : demands.map(({ column }) => `${column} = ?`).join(' AND ');
}
