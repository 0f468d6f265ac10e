import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { makePrivateFile } from './private-file.ts';

/** What travels between a statement and the outside. */
export type Cell = string | number | null;
export type Row = readonly Cell[];

/** One row after the other in one list: what crosses between threads at the lowest price. */
export function flat(rows: readonly Row[]): Cell[] {
  const cells: Cell[] = [];
  for (const row of rows) for (const cell of row) cells.push(cell);
  return cells;
}

const MAX_STATEMENTS = 500;

export interface DatabaseOptions {
  readonly file: string;
  readonly busyTimeoutMs: number;
  /** False: nothing has to survive the process, so that nothing waits for the disk. */
  readonly isDurable: boolean;
  /** The file exists, and somebody else writes it. */
  readonly isReadOnly?: boolean;
}

/** One connection, its prepared statements and its transactions. Rows are arrays in the order of the columns. */
export class SqliteDatabase {
  readonly file: string;
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor({ file, busyTimeoutMs, isDurable, isReadOnly = false }: DatabaseOptions) {
    this.file = file;
    if (!isReadOnly) makePrivateFile(file);
    this.#connection = new DatabaseSync(file, { timeout: busyTimeoutMs, readOnly: isReadOnly });
    try {
      if (isReadOnly) this.execute('PRAGMA cache_size = -16384');
      else this.#configure(isDurable);
    } catch (thrown) {
      this.#connection.close();
      throw thrown;
    }
  }

  /** Statements without parameters and results. */
  execute(sql: string): void {
    this.#connection.exec(sql);
  }

  all(sql: string, ...values: SQLInputValue[]): readonly Row[] {
    return this.#prepare(sql).all(...values) as unknown as readonly Row[];
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values) as unknown as Row | undefined;
  }

  /** How many rows were changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes);
  }

  /** The row number of what was inserted, 0 if nothing was. */
  insert(sql: string, ...values: SQLInputValue[]): number {
    const { changes, lastInsertRowid } = this.#prepare(sql).run(...values);
    return changes === 0 ? 0 : Number(lastInsertRowid);
  }

  /** Runs `work` in a write transaction; rolls back if it throws or if `isKept` refuses its result. */
  transaction<T>(work: () => T, isKept: (result: T) => boolean = () => true): T {
    this.begin();
    try {
      const result = work();
      if (isKept(result)) this.commit();
      else this.rollBack();
      return result;
    } catch (thrown) {
      this.rollBack();
      throw thrown;
    }
  }

  begin(): void {
    this.#connection.exec('BEGIN IMMEDIATE');
  }

  commit(): void {
    this.#connection.exec('COMMIT');
  }

  /** Does nothing outside of a transaction: some errors have ended it already. */
  rollBack(): void {
    if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
  }

  close(): void {
    this.#connection.close();
  }

  /**
   * WAL with a sync at every commit: what was acknowledged survives a power cut. Without durability a journal in memory, for
   * commits that are refused (a lost file is lost as a whole). Measured at 100,000 objects: pages of 4096
   * bytes (2048: creates 0.7 ×; 8192: lookups 0.7 ×), checkpoints at 16,000 pages. No mapped memory: a whole run was not
   * measurably faster with it, and every page that was looked at counted as memory of the process (160 MiB).
   */
  #configure(isDurable: boolean): void {
    this.execute('PRAGMA page_size = 4096'); // has an effect only before the first table exists
    const wanted = isDurable ? 'wal' : 'memory';
    if (this.get('PRAGMA journal_mode')?.[0] !== wanted) this.execute(`PRAGMA journal_mode = ${wanted}`);
    this.execute(`PRAGMA synchronous = ${isDurable ? 'FULL' : 'OFF'}`);
    this.execute('PRAGMA cache_size = -32768');
    this.execute('PRAGMA wal_autocheckpoint = 16000');
    this.execute('PRAGMA temp_store = MEMORY');
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement) return statement;
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    statement = this.#connection.prepare(sql);
    statement.setReturnArrays(true);
    this.#statements.set(sql, statement);
    return statement;
  }
}
