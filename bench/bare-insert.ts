import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { systemClock } from '../src/base/clock.ts';
import { uuidV7Source, type NewId } from '../src/base/uuid.ts';
import { person, type Person } from './people.ts';
import { timed, type Task, type Timed } from './sample.ts';

const BATCH = 500;

/**
 * The bare limit of writing: the same rows that a first load leaves behind (object with its indexed attribute, link,
 * audit entry), put into the same tables by one thread that does nothing else, 500 a transaction, each as durable. The
 * people are made beforehand; their ids and JSON texts are made here, as they must be.
 */
export async function bareInsert({ directory, count, seed }: Task): Promise<Timed> {
  const store = path.join(directory, 'bare');
  rmSync(store, { recursive: true, force: true });
  mkdirSync(store, { recursive: true });
  const db = openTables(path.join(store, 'bare.db'));
  const inserts = prepare(db);
  const newId = uuidV7Source(systemClock);
  let result: Timed = { count: 0, seconds: 0, cpuSeconds: 0 };
  for (let from = 0; from < count; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - from) }, (_, k) => person(from + k, seed));
    const { seconds, cpuSeconds } = await timed(batch.length, async () => {
      db.exec('BEGIN IMMEDIATE');
      for (const [k, one] of batch.entries()) insert(inserts, newId, one, from + k + 1);
      db.exec('COMMIT');
    });
    result = { count, seconds: result.seconds + seconds, cpuSeconds: result.cpuSeconds + cpuSeconds };
  }
  db.close();
  rmSync(store, { recursive: true, force: true });
  return result;
}

interface Inserts {
  readonly object: StatementSync;
  readonly link: StatementSync;
  readonly entry: StatementSync;
}

function openTables(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  db.exec(`
    PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 16000;
    CREATE TABLE o1 (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, rev INTEGER NOT NULL, doc TEXT NOT NULL, s1 TEXT);
    CREATE INDEX o1_s1 ON o1 (s1) WHERE s1 IS NOT NULL;
    CREATE TABLE link (
      row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, rev INTEGER NOT NULL, kind INTEGER NOT NULL,
      first_id TEXT NOT NULL, second_id TEXT NOT NULL, UNIQUE (kind, first_id), UNIQUE (kind, second_id)
    );
    CREATE TABLE run_entry (
      key INTEGER PRIMARY KEY, status TEXT NOT NULL, timestamp_ms INTEGER NOT NULL, phase TEXT NOT NULL, situation TEXT,
      action TEXT NOT NULL, change_class TEXT NOT NULL, link_qualifier TEXT NOT NULL, source_id TEXT, target_id TEXT,
      ambiguous_target_ids TEXT, before_object TEXT, after_value TEXT, message TEXT, detail TEXT
    );
    CREATE INDEX run_entry_not_done ON run_entry (status, key) WHERE status <> 'done';
  `);
  return db;
}

function prepare(db: DatabaseSync): Inserts {
  return {
    object: db.prepare('INSERT INTO o1 (id, rev, doc, s1) VALUES (?, 0, ?, ?)'),
    link: db.prepare('INSERT INTO link (id, rev, kind, first_id, second_id) VALUES (?, 0, 1, ?, ?)'),
    entry: db.prepare(
      `INSERT INTO run_entry VALUES (?, 'done', ?, 'source', 'ABSENT', 'CREATE', 'create', 'default', ?, ?, NULL, NULL, NULL, NULL, NULL)`,
    ),
  };
}

function insert({ object, link, entry }: Inserts, newId: NewId, one: Person, seq: number): void {
  const id = newId();
  object.run(id, JSON.stringify(one), one.employeeNumber);
  link.run(newId(), one.employeeNumber, id);
  entry.run(2 ** 32 + seq, Date.now(), one.employeeNumber, id);
}
