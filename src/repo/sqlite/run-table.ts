import type { EntryWrite, RunRemoval } from '../../model/repository.ts';
import { entryChanged, entryExists, entryMissing, runMissing, type UnitConflict } from '../conflict.ts';
import type { RawEntry, RawRun } from './commit-tape.ts';
import { GroupedInsert } from './grouped-insert.ts';
import { removeRuns, sweepEntries } from './run-removal.ts';
import { flat, type Cell, type SqliteDatabase } from './sqlite-database.ts';

const RUN_SPACE = 2 ** 32;
/** `key` stays below 2^53, so that JavaScript can count it. */
const MAX_RUN_NO = 2 ** 21 - 1;

const ENTRY_COLUMNS =
  'status, timestamp_ms, phase, situation, action, change_class, link_qualifier, source_id, target_id, ' +
  'ambiguous_target_ids, before_object, after_value, message, detail';
const ENTRY_WIDTH = ENTRY_COLUMNS.split(',').length + 1;

/** A run's place in the list, newest first. */
export interface RunPlace {
  readonly startedMs: number;
  readonly id: string;
}

export class RunTable {
  readonly #db: SqliteDatabase;
  /** Numbers of runs. Forgotten when a transaction is rolled back. */
  readonly #numbers = new Map<string, number>();
  readonly #inserts: GroupedInsert;

  constructor(db: SqliteDatabase) {
    this.#db = db;
    const marks = Array.from({ length: ENTRY_WIDTH }, () => '?').join(', ');
    this.#inserts = new GroupedInsert(
      db,
      `INSERT INTO run_entry (key, ${ENTRY_COLUMNS}) VALUES`,
      `(${marks})`,
      ENTRY_WIDTH,
    );
  }

  /** JSON of the record. */
  read(runId: string): string | null {
    return (this.#db.get('SELECT record FROM run WHERE id = ?', runId)?.[0] as string | undefined) ?? null;
  }

  list(mapping: string | null, state: string | null, after: RunPlace | null, limit: number): readonly Cell[] {
    const rows = this.#db.all(
      `SELECT record FROM run WHERE (?1 IS NULL OR mapping = ?1) AND (?2 IS NULL OR state = ?2)
         AND started_ms <= ?3 AND (started_ms < ?3 OR id < ?4)
       ORDER BY started_ms DESC, id DESC LIMIT ?5`,
      mapping,
      state,
      after?.startedMs ?? Number.MAX_SAFE_INTEGER,
      after?.id ?? '',
      limit,
    );
    return flat(rows);
  }

  /** `seq` and the columns of the table, each. */
  entries(runId: string, status: string | null, afterSeq: number, limit: number): readonly Cell[] {
    const no = this.#numberOf(runId);
    if (no === null) return [];
    const base = no * RUN_SPACE;
    const columns = `key - ${base}, ${ENTRY_COLUMNS}`;
    const range = [base + afterSeq, base + RUN_SPACE];
    if (status === null) {
      const sql = `SELECT ${columns} FROM run_entry WHERE key > ? AND key < ? ORDER BY key LIMIT ?`;
      return flat(this.#db.all(sql, ...range, limit));
    }
    const sql = `SELECT ${columns} FROM run_entry WHERE ${isStatus(status)} AND key > ? AND key < ? ORDER BY key LIMIT ?`;
    return flat(this.#db.all(sql, status, ...range, limit));
  }

  countEntries(runId: string, status: string): number {
    const no = this.#numberOf(runId);
    if (no === null) return 0;
    const sql = `SELECT count(*) FROM run_entry WHERE ${isStatus(status)} AND key > ? AND key < ?`;
    return Number(this.#db.get(sql, status, no * RUN_SPACE, (no + 1) * RUN_SPACE)![0]);
  }

  /** `runId, mapping, count` each, newest run first. */
  withEntries(status: string): readonly Cell[] {
    const rows = this.#db.all(
      `SELECT r.id, r.mapping, e.count
       FROM (SELECT key / ${RUN_SPACE} AS no, count(*) AS count FROM run_entry WHERE ${isStatus(status)} GROUP BY 1) e
       CROSS JOIN run r ON r.no = e.no ORDER BY r.started_ms DESC, r.id DESC`,
      status,
    );
    return flat(rows);
  }

  remove(runIds: readonly string[]): RunRemoval {
    this.#numbers.clear();
    return removeRuns(this.#db, runIds);
  }

  sweepEntries(): boolean {
    return sweepEntries(this.#db);
  }

  put({ id, mapping, state, startedMs, record }: RawRun): void {
    this.#db.run(
      `INSERT INTO run (id, mapping, state, started_ms, record) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET
         mapping = excluded.mapping, state = excluded.state, started_ms = excluded.started_ms, record = excluded.record`,
      id,
      mapping,
      state,
      startedMs,
      record,
    );
  }

  write(write: RawEntry): UnitConflict | null {
    return write.kind === 'insert' ? this.#insert(write) : this.#settle(write);
  }

  /** In order, but not necessarily at once: `flush` completes it. False if something was refused. */
  writeSoon(write: RawEntry): boolean {
    if (write.kind !== 'insert') return this.flush() && this.write(write) === null;
    const no = this.#numberOf(write.runId);
    return no !== null && this.#inserts.add(no * RUN_SPACE + write.seq, ...write.columns);
  }

  flush(): boolean {
    return this.#inserts.flush();
  }

  forgetUncommitted(): void {
    this.#inserts.drop();
    this.#numbers.clear();
  }

  #insert({ runId, seq, columns }: Extract<RawEntry, { kind: 'insert' }>): UnitConflict | null {
    const no = this.#numberOf(runId);
    if (no === null) return runMissing(runId);
    const marks = columns.map(() => ', ?').join('');
    const sql = `INSERT INTO run_entry (key, ${ENTRY_COLUMNS}) VALUES (?${marks}) ON CONFLICT DO NOTHING`;
    return this.#db.run(sql, no * RUN_SPACE + seq, ...columns) === 1 ? null : entryExists(runId, seq);
  }

  #settle(write: Extract<EntryWrite, { kind: 'settle' }>): UnitConflict | null {
    const { runId, seq, from, status, message, targetId, timestampMs } = write;
    const no = this.#numberOf(runId);
    if (no === null) return entryMissing(runId, seq);
    const key = no * RUN_SPACE + seq;
    const changed = this.#db.run(
      `UPDATE run_entry SET status = ?, timestamp_ms = ?, target_id = coalesce(?, target_id),
         message = CASE WHEN ? THEN ? ELSE message END WHERE key = ? AND status = ?`,
      status,
      timestampMs,
      targetId ?? null,
      message === undefined ? 0 : 1,
      message ?? null,
      key,
      from,
    );
    if (changed === 1) return null;
    const isThere = this.#db.get('SELECT 1 FROM run_entry WHERE key = ?', key) !== undefined;
    return isThere ? entryChanged(runId, seq, from) : entryMissing(runId, seq);
  }

  #numberOf(runId: string): number | null {
    const known = this.#numbers.get(runId);
    if (known !== undefined) return known;
    const no = this.#db.get('SELECT no FROM run WHERE id = ?', runId)?.[0] as number | undefined;
    if (no === undefined || no > MAX_RUN_NO) return null;
    this.#numbers.set(runId, no);
    return no;
  }
}

/** Every status but `done` has an index, which is used only if the statement says that it is not `done`. */
function isStatus(status: string): string {
  return status === 'done' ? 'status = ?' : "status = ? AND status <> 'done'";
}
