import { Failure } from '../../base/failure.ts';
import { compileFilter, type Filter } from '../../base/query-filter.ts';
import { CHAIN_START, chainHash, digestOf, visibleEvent } from '../../model/audit-chain.ts';
import type { ChainEnds, ChainPoint } from '../../model/audit.ts';
import { auditLookup, type AuditLookup } from '../audit-lookup.ts';
import { auditEvent, eventCells, SEALED_WIDTH } from './audit-cells.ts';
import { flat, type Cell, type Row, type SqliteDatabase } from './sqlite-database.ts';

/** Rows of the outermost call, and where to go on after them (null at the end). */
export interface AuditRawPage {
  readonly cells: readonly Cell[];
  readonly next: number | null;
}

const COLUMNS = 'seq, topic, id, timestamp_ms, transaction_id, user_id, event, hash';
const LINK_COLUMNS = 'seq, topic, timestamp_ms, digest, hash, id, transaction_id, user_id, event';
/** Rows that one statement reads, and statements in one call: the thread answers others in between. */
const CHUNK_ROWS = 500;
const MAX_CHUNKS = 10;
const PRUNED_ROWS = 2000;

export class AuditTable {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  /** Events as `sealedCells` makes them. Within the transaction of the commit. */
  append(cells: readonly Cell[]): void {
    if (cells.length === 0) return;
    const ends = this.ends();
    let { head } = ends;
    for (let at = 0; at < cells.length; at += SEALED_WIDTH)
      head = this.#insert(head, cells.slice(at, at + SEALED_WIDTH));
    this.#putEnds({ ...ends, head });
  }

  read(topic: string, id: string): readonly Cell[] | null {
    return this.#db.get(`SELECT ${COLUMNS} FROM audit_event WHERE id = ? AND topic = ?`, id, topic) ?? null;
  }

  page(topic: string | null, filter: Filter | null, after: number, limit: number, newestFirst: boolean): AuditRawPage {
    const test = filter === null ? () => true : compileFilter(filter, { caseSensitive: true });
    const lookup = filter === null ? null : auditLookup(filter);
    const cells: Cell[] = [];
    let from = after;
    for (let chunks = 0; chunks < MAX_CHUNKS; chunks++) {
      const rows = this.#chunk(topic, lookup, from, newestFirst);
      for (const row of rows) {
        from = row[0] as number;
        if (filter !== null && !test(visibleEvent(auditEvent(row)))) continue;
        cells.push(...row);
        if (cells.length >= limit * row.length) return { cells, next: from };
      }
      if (rows.length < CHUNK_ROWS) return { cells, next: null };
    }
    return { cells, next: from };
  }

  ends(): ChainEnds {
    const row = this.#db.get('SELECT anchor_seq, anchor_hash, head_seq, head_hash FROM audit_chain');
    if (row === undefined) return { anchor: CHAIN_START, head: CHAIN_START };
    const point = (at: number): ChainPoint => ({ seq: row[at] as number, hash: row[at + 1] as string });
    return { anchor: point(0), head: point(2) };
  }

  links(afterSeq: number, limit: number): readonly Cell[] {
    return flat(
      this.#db.all(`SELECT ${LINK_COLUMNS} FROM audit_event WHERE seq > ? ORDER BY seq LIMIT ?`, afterSeq, limit),
    );
  }

  /** Takes the events out of some of the links after `after` and before `end`: how many, and where to go on. */
  pruneSome(
    beforeMs: number,
    topics: readonly string[] | null,
    after: number,
    end: number,
  ): readonly [count: number, next: number | null] {
    const last = this.#db.get(
      'SELECT max(seq) FROM (SELECT seq FROM audit_event WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?)',
      after,
      end,
      PRUNED_ROWS,
    )?.[0] as number | null;
    if (last === null) return [0, null];
    const count = this.#db.run(
      `UPDATE audit_event SET id = NULL, transaction_id = NULL, user_id = NULL, object_id = NULL, event = NULL
       WHERE seq > ?1 AND seq <= ?2 AND event IS NOT NULL AND is_prune_record = 0 AND timestamp_ms < ?3
         AND (?4 IS NULL OR topic IN (SELECT value FROM json_each(?4)))`,
      after,
      last,
      beforeMs,
      topics === null ? null : JSON.stringify(topics),
    );
    return [count, last];
  }

  /** Drops some of the links at the beginning that have no event any more. False: there was nothing left to drop. */
  dropSome(beforeMs: number, dropsRecords: boolean): boolean {
    return this.#db.transaction(() => {
      const kept = this.#db.get(
        `SELECT seq FROM audit_event WHERE event IS NOT NULL AND NOT (is_prune_record = 1 AND timestamp_ms < ? AND ?)
         ORDER BY seq LIMIT 1`,
        beforeMs,
        dropsRecords ? 1 : 0,
      )?.[0] as number | undefined;
      const ends = this.ends();
      const last = Math.min((kept ?? ends.head.seq) - 1, ends.anchor.seq + PRUNED_ROWS);
      const hash = this.#db.get('SELECT hash FROM audit_event WHERE seq = ?', last)?.[0] as string | undefined;
      if (last <= ends.anchor.seq || hash === undefined) return false;
      this.#db.run('DELETE FROM audit_event WHERE seq <= ?', last);
      this.#putEnds({ ...ends, anchor: { seq: last, hash } });
      return true;
    });
  }

  #insert(head: ChainPoint, cells: readonly Cell[]): ChainPoint {
    const { sealed, objectId, isRecord } = eventCells(cells);
    const { topic, timestampMs, id, transactionId, userId, text } = sealed;
    const link = { seq: head.seq + 1, topic, timestampMs, digest: digestOf(sealed) };
    const hash = chainHash(head.hash, link);
    const row: readonly Cell[] = [link.seq, topic, timestampMs, link.digest, hash, isRecord];
    const isNew = this.#db.run(
      `INSERT INTO audit_event (seq, topic, timestamp_ms, digest, hash, is_prune_record, id, transaction_id, user_id, object_id, event)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
      ...row,
      id,
      transactionId,
      userId,
      objectId,
      text,
    );
    if (isNew === 0) throw new Failure('exists', `audit event ${id} exists already`);
    return { seq: link.seq, hash };
  }

  #putEnds({ anchor, head }: ChainEnds): void {
    this.#db.run(
      `INSERT INTO audit_chain (only_row, anchor_seq, anchor_hash, head_seq, head_hash) VALUES (1, ?, ?, ?, ?)
       ON CONFLICT (only_row) DO UPDATE SET anchor_seq = excluded.anchor_seq, anchor_hash = excluded.anchor_hash,
         head_seq = excluded.head_seq, head_hash = excluded.head_hash`,
      anchor.seq,
      anchor.hash,
      head.seq,
      head.hash,
    );
  }

  #chunk(topic: string | null, lookup: AuditLookup | null, after: number, newestFirst: boolean): readonly Row[] {
    const conditions = ['event IS NOT NULL', newestFirst ? 'seq < ?' : 'seq > ?'];
    const values: Cell[] = [after];
    if (lookup !== null) {
      conditions.push(`${LOOKUP_COLUMNS[lookup.by]} = ?`);
      values.push(lookup.value);
    }
    if (topic !== null) {
      // the plus keeps SQLite from the index of the topic where a better one is at hand
      conditions.push(lookup === null ? 'topic = ?' : '+topic = ?');
      values.push(topic);
    }
    const order = newestFirst ? 'DESC' : 'ASC';
    const where = conditions.join(' AND ');
    return this.#db.all(
      `SELECT ${COLUMNS} FROM audit_event WHERE ${where} ORDER BY seq ${order} LIMIT ${CHUNK_ROWS}`,
      ...values,
    );
  }
}

const LOOKUP_COLUMNS: Readonly<Record<AuditLookup['by'], string>> = {
  transactionId: 'transaction_id',
  objectId: 'object_id',
  _id: 'id',
};
