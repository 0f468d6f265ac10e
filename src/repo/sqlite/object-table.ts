import type { JsonObject } from '../../base/json.ts';
import { compileFilter, type Filter } from '../../base/query-filter.ts';
import type { SortKey } from '../../model/repository.ts';
import type { SortPosition } from '../sort-order.ts';
import { objectChanged, objectExists, objectMissing, type UnitConflict } from '../conflict.ts';
import { keysFromText, type RawObject } from './commit-tape.ts';
import { parseDocument } from './document.ts';
import { GroupedInsert } from './grouped-insert.ts';
import { planFilter, type FilterPlan, type Fragment } from './filter-plan.ts';
import { indexKey, type AttributeKeys } from './index-key.ts';
import { CHUNK_ROWS, SCAN_WINDOW, type Chunk, type RawPage, type RowScan } from './row-scan.ts';
import { sortedByIndex } from './sorted-index.ts';
import { flat, type Cell, type Row, type SqliteDatabase } from './sqlite-database.ts';
import type { TypeLayout, TypeLayouts } from './type-layout.ts';

export class ObjectTable {
  readonly #db: SqliteDatabase;
  readonly #layouts: TypeLayouts;
  /** A layout that grows is another layout. */
  #creates: { readonly layout: TypeLayout; readonly rows: GroupedInsert } | null = null;

  constructor(db: SqliteDatabase, layouts: TypeLayouts) {
    this.#db = db;
    this.#layouts = layouts;
  }

  count(type: string): number {
    return Number(this.#db.get(`SELECT count(*) FROM ${this.#layouts.get(type).objects}`)![0]);
  }

  /** `id, rev, doc` each. */
  readMany(type: string, ids: readonly string[]): readonly Cell[] {
    const { objects } = this.#layouts.get(type);
    return flat(
      this.#db.all(
        `SELECT o.id, o.rev, o.doc FROM json_each(?) k CROSS JOIN ${objects} o ON o.id = k.value`,
        JSON.stringify(distinct(ids)),
      ),
    );
  }

  /** `id, rev, doc` each; null if the attribute has no index. */
  findByValue(type: string, attribute: string, values: readonly string[]): readonly Cell[] | null {
    const { objects, values: table, columns } = this.#layouts.get(type);
    const column = columns.indexOf(attribute) + 1;
    if (column === 0) return null;
    const keys = JSON.stringify(distinct(values).map(indexKey));
    const scalars = this.#db.all(
      `SELECT o.id, o.rev, o.doc FROM json_each(?) k CROSS JOIN ${objects} o ON o.s${column} = k.value`,
      keys,
    );
    const elements = this.#db.all(
      `SELECT DISTINCT v.row FROM json_each(?) k CROSS JOIN ${table} v ON v.column_no = ${column} AND v.value = k.value`,
      keys,
    );
    if (elements.length === 0) return flat(scalars);
    const rows = JSON.stringify(elements.map(([row]) => row));
    const multiple = `SELECT o.id, o.rev, o.doc FROM json_each(?) k CROSS JOIN ${objects} o ON o.row = k.value`;
    return flat([...scalars, ...this.#db.all(multiple, rows)]);
  }

  /** `row, id, rev, doc` each. */
  page(type: string, after: number, limit: number, idsOnly: boolean): RawPage {
    const { objects } = this.#layouts.get(type);
    const sql = `SELECT row, id, rev, ${idsOnly ? "'{}'" : 'doc'} FROM ${objects} WHERE row > ? ORDER BY row LIMIT ?`;
    const rows = this.#db.all(sql, after, limit);
    return { cells: flat(rows), next: rows.length < limit ? null : (rows.at(-1)![0] as number) };
  }

  /** `row, id` each. */
  pageIds(type: string, after: number, limit: number): RawPage {
    const { objects } = this.#layouts.get(type);
    const rows = this.#db.all(`SELECT row, id FROM ${objects} WHERE row > ? ORDER BY row LIMIT ?`, after, limit);
    return { cells: flat(rows), next: rows.length < limit ? null : (rows.at(-1)![0] as number) };
  }

  /** What may match, `row, id, rev, doc` each. */
  scan(type: string, filter: Filter | null): RowScan {
    const layout = this.#layouts.get(type);
    const plan = filter ? planFilter(filter, layout) : EVERYTHING;
    const test = filter ? compileFilter(filter, { caseSensitive: true }) : () => true;
    const { candidates } = plan;
    return {
      chunk: (from) =>
        candidates ? this.#indexedChunk(layout, plan, candidates, from) : this.#scannedChunk(layout, plan, from),
      match: (row) => {
        const object = visibleObject(row);
        return test(object) ? object : null;
      },
    };
  }

  /** Whether a walk with this filter looks only at what an index finds. */
  hasIndex(type: string, filter: Filter): boolean {
    return planFilter(filter, this.#layouts.get(type)).candidates !== null;
  }

  /** `row, id, rev, doc` of each of these rows that is still there, in any order. */
  rowsAt(type: string, numbers: readonly number[]): readonly Cell[] {
    const { objects } = this.#layouts.get(type);
    const sql = `SELECT o.row, o.id, o.rev, o.doc FROM json_each(?) k CROSS JOIN ${objects} o ON o.row = k.value`;
    return flat(this.#db.all(sql, JSON.stringify(numbers)));
  }

  /** `row, text, id, rev, doc` each; null if no index has this order. */
  sortedByIndex(type: string, sort: SortKey, after: SortPosition | null, limit: number): readonly Cell[] | null {
    return sortedByIndex(this.#db, this.#layouts.get(type), sort, after, limit);
  }

  write(write: RawObject): UnitConflict | null {
    const layout = this.#layouts.get(write.type.name);
    switch (write.kind) {
      case 'create':
        return this.#create(layout, write);
      case 'update':
        return this.#update(layout, write);
      case 'delete':
        return this.#delete(layout, write);
    }
  }

  /** In order, but not necessarily at once: `flush` completes it. False if something was refused. */
  writeSoon(write: RawObject): boolean {
    const layout = this.#layouts.get(write.type.name);
    const keys = write.kind === 'create' ? keysOf(layout, write) : [];
    if (write.kind !== 'create' || keys.some(Array.isArray)) return this.flush() && this.write(write) === null;
    if (this.#creates?.layout !== layout) {
      if (!this.flush()) return false;
      this.#creates = { layout, rows: groupedInsert(this.#db, layout) };
    }
    return this.#creates.rows.add(write.id, write.doc, ...keys.map(scalarKey));
  }

  flush(): boolean {
    return this.#creates?.rows.flush() ?? true;
  }

  forgetUncommitted(): void {
    this.#creates?.rows.drop();
  }

  /** LEFT JOIN: how many candidates there are tells whether more follow. */
  #indexedChunk(layout: TypeLayout, plan: FilterPlan, candidates: Fragment, from: number): Chunk {
    const found = this.#db.all(
      `SELECT c.row, o.id, o.rev, o.doc
       FROM (SELECT DISTINCT row FROM (${candidates.sql}) WHERE +row > ? ORDER BY row LIMIT ${CHUNK_ROWS}) c
       LEFT JOIN ${layout.objects} o ON o.row = c.row AND ${plan.condition.sql} ORDER BY c.row`,
      ...candidates.values,
      from,
      ...plan.condition.values,
    );
    const next = found.length < CHUNK_ROWS ? null : (found.at(-1)![0] as number);
    return { rows: found.filter(([, id]) => id !== null), next };
  }

  #scannedChunk(layout: TypeLayout, plan: FilterPlan, from: number): Chunk {
    const to = from + SCAN_WINDOW;
    const rows = this.#db.all(
      `SELECT row, id, rev, doc FROM ${layout.objects} WHERE row > ? AND row <= ? AND ${plan.condition.sql}
       ORDER BY row LIMIT ${CHUNK_ROWS}`,
      from,
      to,
      ...plan.condition.values,
    );
    if (rows.length === CHUNK_ROWS) return { rows, next: rows.at(-1)![0] as number };
    const last = Number(this.#db.get(`SELECT max(row) FROM ${layout.objects}`)![0] ?? 0);
    return { rows, next: to < last ? to : null };
  }

  #create(layout: TypeLayout, write: RawObject): UnitConflict | null {
    const keys = keysOf(layout, write);
    const row = this.#db.insert(insertSql(layout), write.id, write.doc, ...keys.map(scalarKey));
    if (row === 0) return objectExists(layout.name, write.id);
    this.#insertValues(layout, row, keys);
    return null;
  }

  #update(layout: TypeLayout, write: RawObject): UnitConflict | null {
    const keys = keysOf(layout, write);
    const found = this.#db.get(updateSql(layout), write.doc, ...keys.map(scalarKey), write.id, write.rev);
    if (found === undefined) return this.#missingOrChanged(layout, write);
    const row = found[0] as number;
    this.#db.run(`DELETE FROM ${layout.values} WHERE row = ?`, row);
    this.#insertValues(layout, row, keys);
    return null;
  }

  #delete(layout: TypeLayout, write: RawObject): UnitConflict | null {
    const sql = `DELETE FROM ${layout.objects} WHERE id = ? AND rev = ? RETURNING row`;
    const found = this.#db.get(sql, write.id, write.rev);
    if (found === undefined) return this.#missingOrChanged(layout, write);
    this.#db.run(`DELETE FROM ${layout.values} WHERE row = ?`, found[0]!);
    return null;
  }

  #insertValues(layout: TypeLayout, row: number, keys: readonly AttributeKeys[]): void {
    for (const [i, key] of keys.entries()) {
      if (typeof key !== 'object' || key === null) continue;
      for (const value of key) this.#db.run(`INSERT INTO ${layout.values} VALUES (?, ?, ?)`, i + 1, value, row);
    }
  }

  #missingOrChanged(layout: TypeLayout, { id, rev }: RawObject): UnitConflict {
    const isThere = this.#db.get(`SELECT 1 FROM ${layout.objects} WHERE id = ?`, id) !== undefined;
    return isThere ? objectChanged(layout.name, id, rev) : objectMissing(layout.name, id);
  }
}

const EVERYTHING: FilterPlan = { candidates: null, condition: { sql: '1', values: [] } };

function visibleObject([, id, rev, doc]: Row): JsonObject {
  const object = parseDocument(String(id), doc as string);
  object['_id'] = id as string;
  object['_rev'] = String(rev);
  return object;
}

function keysOf(layout: TypeLayout, { type, doc, keys }: RawObject): readonly AttributeKeys[] {
  if (
    type.attributes.length === layout.columns.length &&
    type.attributes.every((name, i) => name === layout.columns[i])
  )
    return keys;
  return keysFromText(doc, layout.columns);
}

function scalarKey(key: AttributeKeys): string | null {
  return typeof key === 'string' ? key : null;
}

function groupedInsert(db: SqliteDatabase, { objects, columns }: TypeLayout): GroupedInsert {
  const names = columns.map((_, i) => `, s${i + 1}`).join('');
  const marks = columns.map(() => ', ?').join('');
  return new GroupedInsert(
    db,
    `INSERT INTO ${objects} (id, rev, doc${names}) VALUES`,
    `(?, 0, ?${marks})`,
    2 + columns.length,
  );
}

function insertSql({ objects, columns }: TypeLayout): string {
  const names = columns.map((_, i) => `, s${i + 1}`).join('');
  const marks = columns.map(() => ', ?').join('');
  return `INSERT INTO ${objects} (id, rev, doc${names}) VALUES (?, 0, ?${marks}) ON CONFLICT DO NOTHING`;
}

function updateSql({ objects, columns }: TypeLayout): string {
  const assignments = columns.map((_, i) => `, s${i + 1} = ?`).join('');
  return `UPDATE ${objects} SET rev = rev + 1, doc = ?${assignments} WHERE id = ? AND rev = ? RETURNING row`;
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
