import type { Filter } from '../../base/query-filter.ts';
import type { Link } from '../../model/link.ts';
import type { LinkWrite } from '../../model/repository.ts';
import { linkChanged, linkExists, linkMissing, type UnitConflict } from '../conflict.ts';
import { GroupedInsert } from './grouped-insert.ts';
import { linkScan } from './link-scan.ts';
import type { RawPage, RowScan } from './row-scan.ts';
import { flat, type Cell, type SqliteDatabase } from './sqlite-database.ts';
import type { TypeLayouts } from './type-layout.ts';

export class LinkTable {
  readonly #db: SqliteDatabase;
  readonly #layouts: TypeLayouts;
  /** Number of a type and qualifier. Forgotten when a transaction is rolled back. */
  readonly #kinds = new Map<string, number>();
  readonly #creates: GroupedInsert;

  constructor(db: SqliteDatabase, layouts: TypeLayouts) {
    this.#db = db;
    this.#layouts = layouts;
    this.#creates = new GroupedInsert(
      db,
      'INSERT INTO link (id, rev, kind, first_id, second_id) VALUES',
      '(?, ?, ?, ?, ?)',
      5,
    );
  }

  count(linkType: string): number {
    const sql = 'SELECT count(*) FROM link_kind k JOIN link l ON l.kind = k.no WHERE k.link_type = ?';
    return Number(this.#db.get(sql, linkType)![0]);
  }

  /** `id, rev, linkQualifier, firstId, secondId` each. */
  find(linkType: string, by: 'first' | 'second', ids: readonly string[]): readonly Cell[] {
    const rows = this.#db.all(
      `SELECT l.id, l.rev, q.link_qualifier, l.first_id, l.second_id
       FROM link_kind q CROSS JOIN json_each(?) k CROSS JOIN link l ON l.kind = q.no AND l.${by}_id = k.value
       WHERE q.link_type = ?`,
      JSON.stringify([...new Set(ids)]),
      linkType,
    );
    return flat(rows);
  }

  /** The same, followed by `rev, doc` of the object at the other end (null, null if there is none). */
  findWithObjects(
    linkType: string,
    by: 'first' | 'second',
    ids: readonly string[],
    objectType: string,
  ): readonly Cell[] {
    const other = by === 'first' ? 'second' : 'first';
    const rows = this.#db.all(
      `SELECT l.id, l.rev, q.link_qualifier, l.first_id, l.second_id, o.rev, o.doc
       FROM link_kind q CROSS JOIN json_each(?) k CROSS JOIN link l ON l.kind = q.no AND l.${by}_id = k.value
       LEFT JOIN ${this.#layouts.get(objectType).objects} o ON o.id = l.${other}_id
       WHERE q.link_type = ?`,
      JSON.stringify([...new Set(ids)]),
      linkType,
    );
    return flat(rows);
  }

  /** `row, id, rev, linkQualifier, firstId, secondId` each. */
  page(linkType: string, after: number, limit: number): RawPage {
    const rows = this.#db.all(
      `SELECT l.row, l.id, l.rev, q.link_qualifier, l.first_id, l.second_id
       FROM link l CROSS JOIN link_kind q ON q.no = l.kind
       WHERE l.row > ? AND q.link_type = ? ORDER BY l.row LIMIT ?`,
      after,
      linkType,
      limit,
    );
    return { cells: flat(rows), next: rows.length < limit ? null : (rows.at(-1)![0] as number) };
  }

  /** Links of every type that may match, `row, id, rev, linkQualifier, firstId, secondId, linkType` each. */
  scan(filter: Filter | null): RowScan {
    return linkScan(this.#db, filter);
  }

  /** The same columns of each of these rows that is still there, in any order. */
  rowsAt(numbers: readonly number[]): readonly Cell[] {
    const sql = `SELECT l.row, l.id, l.rev, q.link_qualifier, l.first_id, l.second_id, q.link_type
      FROM json_each(?) k CROSS JOIN link l ON l.row = k.value CROSS JOIN link_kind q ON q.no = l.kind`;
    return flat(this.#db.all(sql, JSON.stringify(numbers)));
  }

  write(write: LinkWrite): UnitConflict | null {
    switch (write.kind) {
      case 'create':
        return this.#create(write.link);
      case 'update':
        return this.#update(write);
      case 'delete':
        return this.#delete(write);
    }
  }

  /** In order, but not necessarily at once: `flush` completes it. False if something was refused. */
  writeSoon(write: LinkWrite): boolean {
    if (write.kind !== 'create') return this.flush() && this.write(write) === null;
    const { id, rev, linkType, linkQualifier, firstId, secondId } = write.link;
    return this.#creates.add(id, rev, this.#kind(linkType, linkQualifier), firstId, secondId);
  }

  flush(): boolean {
    return this.#creates.flush();
  }

  forgetUncommitted(): void {
    this.#creates.drop();
    this.#kinds.clear();
  }

  #create(link: Link): UnitConflict | null {
    const kind = this.#kind(link.linkType, link.linkQualifier);
    const sql = 'INSERT INTO link (id, rev, kind, first_id, second_id) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING';
    const changes = this.#db.run(sql, link.id, link.rev, kind, link.firstId, link.secondId);
    return changes === 1 ? null : linkExists(link);
  }

  #update(write: Extract<LinkWrite, { kind: 'update' }>): UnitConflict | null {
    const { id, rev, firstId, secondId } = write;
    const sql = 'UPDATE OR IGNORE link SET rev = rev + 1, first_id = ?, second_id = ? WHERE id = ? AND rev = ?';
    if (this.#db.run(sql, firstId, secondId, id, rev) === 1) return null;
    const stored = this.#stored(id);
    if (!stored) return linkMissing(id);
    return stored.rev === rev ? linkExists({ ...stored, firstId, secondId }) : linkChanged(id, rev);
  }

  #delete({ id, rev }: Extract<LinkWrite, { kind: 'delete' }>): UnitConflict | null {
    if (this.#db.run('DELETE FROM link WHERE id = ? AND rev = ?', id, rev) === 1) return null;
    return this.#stored(id) ? linkChanged(id, rev) : null;
  }

  #stored(id: string): Link | null {
    const row = this.#db.get(
      `SELECT l.rev, q.link_type, q.link_qualifier, l.first_id, l.second_id
       FROM link l JOIN link_kind q ON q.no = l.kind WHERE l.id = ?`,
      id,
    );
    if (!row) return null;
    const [rev, linkType, linkQualifier, firstId, secondId] = row as [number, string, string, string, string];
    return { id, rev, linkType, linkQualifier, firstId, secondId };
  }

  #kind(linkType: string, linkQualifier: string): number {
    const key = `${linkType}\0${linkQualifier}`;
    let kind = this.#kinds.get(key);
    if (kind !== undefined) return kind;
    const find = 'SELECT no FROM link_kind WHERE link_type = ? AND link_qualifier = ?';
    const row = this.#db.get(find, linkType, linkQualifier);
    const insert = 'INSERT INTO link_kind (link_type, link_qualifier) VALUES (?, ?)';
    kind = row ? (row[0] as number) : this.#db.insert(insert, linkType, linkQualifier);
    this.#kinds.set(key, kind);
    return kind;
  }
}
