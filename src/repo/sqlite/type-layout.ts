import { Failure } from '../../base/failure.ts';
import type { JsonObject } from '../../base/json.ts';
import type { ObjectTypeSpec } from '../../model/repository.ts';
import { attributeKeys } from './index-key.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

/**
 * Where the objects of one type lie. Table `o<no>`: row, id, rev, doc (JSON text), and for each searchable attribute a
 * column `s<n>` with its index key. Table `v<no>`: one row per element of attributes that have several values.
 * We fill these columns ourselves: generated columns cost 8 µs a row, and an attribute may hold anything.
 */
export interface TypeLayout {
  readonly no: number;
  readonly name: string;
  readonly objects: string;
  readonly values: string;
  /** Attribute `columns[i]` is column `s<i + 1>`. */
  readonly columns: readonly string[];
}

/** The layouts of a file. They may grow under our feet when another process declares more. */
export class TypeLayouts {
  readonly #db: SqliteDatabase;
  #layouts = new Map<string, TypeLayout>();
  #schemaVersion = -1;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  /** For reads: a layout that lacks the newest index is slower, not wrong. */
  get(type: string): TypeLayout {
    const layout = this.#layouts.get(type) ?? this.#reload().get(type);
    if (!layout) throw new Failure('not-found', `object type ${JSON.stringify(type)} was not declared`);
    return layout;
  }

  /** Inside a write transaction: makes sure that every index is known that must be kept. */
  refresh(): void {
    if (this.#db.get('PRAGMA schema_version')![0] !== this.#schemaVersion) this.#reload();
  }

  declare(specs: readonly ObjectTypeSpec[]): readonly ObjectTypeSpec[] {
    this.refresh();
    if (specs.some((spec) => this.#isNews(spec))) {
      this.#db.transaction(() => {
        this.#reload();
        for (const spec of specs) this.#extend(spec);
      });
      this.#reload();
    }
    return specs.map(({ name }) => ({ name, searchable: this.get(name).columns }));
  }

  #isNews(spec: ObjectTypeSpec): boolean {
    const layout = this.#layouts.get(spec.name);
    return !layout || spec.searchable.some((attribute) => !layout.columns.includes(attribute));
  }

  #extend(spec: ObjectTypeSpec): void {
    const layout = this.#layouts.get(spec.name) ?? this.#createType(spec.name);
    const added = [...new Set(spec.searchable)].filter((attribute) => !layout.columns.includes(attribute));
    if (added.length === 0) return;
    for (const [i, attribute] of added.entries()) {
      const column = layout.columns.length + i + 1;
      this.#db.execute(`ALTER TABLE ${layout.objects} ADD COLUMN s${column} TEXT`);
      this.#db.run('INSERT INTO object_attribute VALUES (?, ?, ?)', layout.no, column, attribute);
    }
    this.#backFill(layout, added);
    for (const i of added.keys()) {
      const column = layout.columns.length + i + 1;
      this.#db.execute(
        `CREATE INDEX ${layout.objects}_s${column} ON ${layout.objects} (s${column}) WHERE s${column} IS NOT NULL`,
      );
    }
  }

  #createType(name: string): TypeLayout {
    const no = this.#db.insert('INSERT INTO object_type (name) VALUES (?)', name);
    const layout = layoutOf(no, name, []);
    this.#db.execute(`
      CREATE TABLE ${layout.objects} (
        row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, rev INTEGER NOT NULL, doc TEXT NOT NULL
      );
      CREATE TABLE ${layout.values} (
        column_no INTEGER NOT NULL, value TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (column_no, value, row)
      ) WITHOUT ROWID;
      CREATE INDEX ${layout.values}_row ON ${layout.values} (row);
    `);
    return layout;
  }

  #backFill(layout: TypeLayout, added: readonly string[]): void {
    const first = layout.columns.length + 1;
    const assignments = added.map((_, i) => `s${first + i} = ?`).join(', ');
    for (let after = 0; ;) {
      const rows = this.#db.all(`SELECT row, doc FROM ${layout.objects} WHERE row > ? ORDER BY row LIMIT 500`, after);
      for (const [row, doc] of rows) {
        const object = JSON.parse(doc as string) as JsonObject;
        const keys = added.map((attribute) => attributeKeys(object, attribute));
        const scalars = keys.map((key) => (typeof key === 'string' ? key : null));
        this.#db.run(`UPDATE ${layout.objects} SET ${assignments} WHERE row = ?`, ...scalars, row!);
        for (const [i, key] of keys.entries()) {
          if (typeof key !== 'object' || key === null) continue;
          for (const value of key)
            this.#db.run(`INSERT INTO ${layout.values} VALUES (?, ?, ?)`, first + i, value, row!);
        }
        after = row as number;
      }
      if (rows.length === 0) return;
    }
  }

  #reload(): ReadonlyMap<string, TypeLayout> {
    this.#schemaVersion = this.#db.get('PRAGMA schema_version')![0] as number;
    this.#layouts = new Map();
    for (const [no, name] of this.#db.all('SELECT no, name FROM object_type')) {
      const columns = this.#db
        .all('SELECT attribute FROM object_attribute WHERE type_no = ? ORDER BY column_no', no!)
        .map(([attribute]) => attribute as string);
      this.#layouts.set(name as string, layoutOf(no as number, name as string, columns));
    }
    return this.#layouts;
  }
}

function layoutOf(no: number, name: string, columns: readonly string[]): TypeLayout {
  return { no, name, objects: `o${no}`, values: `v${no}`, columns };
}
