import { Failure } from '../../base/failure.ts';
import { AUDIT_MIGRATION } from './audit-migration.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

/** Marks our files ("Lstp"), so that another program's database is never taken for a repository. */
const APPLICATION_ID = 0x4c737470;

/** Forward only, each applied once, in order. Never change one that was released: add another. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE object_type (no INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE object_attribute (
    type_no INTEGER NOT NULL, column_no INTEGER NOT NULL, attribute TEXT NOT NULL,
    PRIMARY KEY (type_no, column_no), UNIQUE (type_no, attribute)
  ) WITHOUT ROWID;

  CREATE TABLE link_kind (
    no INTEGER PRIMARY KEY, link_type TEXT NOT NULL, link_qualifier TEXT NOT NULL, UNIQUE (link_type, link_qualifier)
  );
  CREATE TABLE link (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, rev INTEGER NOT NULL, kind INTEGER NOT NULL,
    first_id TEXT NOT NULL, second_id TEXT NOT NULL,
    UNIQUE (kind, first_id), UNIQUE (kind, second_id)
  );

  CREATE TABLE run (
    no INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, mapping TEXT NOT NULL, state TEXT NOT NULL,
    started_ms INTEGER NOT NULL, record TEXT NOT NULL
  );
  CREATE INDEX run_started ON run (started_ms);
  -- key = run.no * 2^32 + seq: the entries of a run lie together, in order
  CREATE TABLE run_entry (
    key INTEGER PRIMARY KEY, status TEXT NOT NULL, timestamp_ms INTEGER NOT NULL, phase TEXT NOT NULL, situation TEXT,
    action TEXT NOT NULL, change_class TEXT NOT NULL, link_qualifier TEXT NOT NULL, source_id TEXT, target_id TEXT,
    ambiguous_target_ids TEXT, before_object TEXT, after_value TEXT, message TEXT, detail TEXT
  );
  CREATE INDEX run_entry_not_done ON run_entry (status, key) WHERE status <> 'done';

  CREATE TABLE lease (
    name TEXT PRIMARY KEY, owner TEXT, token INTEGER NOT NULL, expires_ms INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  AUDIT_MIGRATION,
];

/** Brings the tables up to date. Throws `Failure('bad-configuration')` for a file that is newer than this program, or not ours. */
export function migrate(db: SqliteDatabase, nowMs: number): void {
  if (appliedCount(db) === MIGRATIONS.length) return;
  db.transaction(() => {
    const applied = appliedCount(db);
    if (applied > MIGRATIONS.length) throw tooNew(db.file, applied);
    if (applied === 0) startFile(db);
    for (let number = applied + 1; number <= MIGRATIONS.length; number++) {
      db.execute(MIGRATIONS[number - 1]!);
      db.run('INSERT INTO schema_migration (number, applied_ms) VALUES (?, ?)', number, nowMs);
    }
  });
}

function appliedCount(db: SqliteDatabase): number {
  if (db.get('PRAGMA application_id')?.[0] !== APPLICATION_ID) return 0;
  return Number(db.get('SELECT max(number) FROM schema_migration')?.[0] ?? 0);
}

function startFile(db: SqliteDatabase): void {
  if (db.get('SELECT 1 FROM sqlite_schema LIMIT 1')) {
    throw new Failure(
      'bad-configuration',
      `repository file ${db.file} is a database of another program: name another file, or move it away`,
    );
  }
  db.execute(`PRAGMA application_id = ${APPLICATION_ID}`);
  db.execute('CREATE TABLE schema_migration (number INTEGER PRIMARY KEY, applied_ms INTEGER NOT NULL)');
}

function tooNew(file: string, version: number): Failure {
  return new Failure(
    'bad-configuration',
    `repository file ${file} was written by a newer version of this program (schema ${version}, this one knows ${MIGRATIONS.length}): ` +
      'start the newer version, or restore a backup made before the upgrade',
  );
}
