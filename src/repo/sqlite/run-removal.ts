import type { RunRemoval } from '../../model/repository.ts';
import type { SqliteDatabase } from './sqlite-database.ts';

const RUN_SPACE = 2 ** 32;
/** Entries that one call removes: the thread answers others in between. */
const SWEPT_ENTRIES = 5000;

type KeptRun = RunRemoval['kept'][number];

/** Takes the records away, all at once; what is left of their entries nobody sees any more, and `sweepEntries` removes it. */
export function removeRuns(db: SqliteDatabase, runIds: readonly string[]): RunRemoval {
  return db.transaction(() => {
    const removed: string[] = [];
    const kept: KeptRun[] = [];
    for (const runId of new Set(runIds)) {
      const row = db.get('SELECT no, state FROM run WHERE id = ?', runId);
      if (row === undefined) continue;
      const reason = row[1] === 'ACTIVE' ? 'active' : openEntry(db, Number(row[0]));
      if (reason !== null) kept.push({ runId, reason });
      else if (db.run('DELETE FROM run WHERE id = ?', runId) === 1) removed.push(runId);
    }
    return { removed, kept };
  });
}

/** Removes some of the entries whose run is gone. False: there are none left. */
export function sweepEntries(db: SqliteDatabase): boolean {
  let from = 0;
  for (;;) {
    const key = db.get('SELECT key FROM run_entry WHERE key >= ? ORDER BY key LIMIT 1', from)?.[0];
    if (key === undefined) return false;
    const no = Math.floor(Number(key) / RUN_SPACE);
    const end = (no + 1) * RUN_SPACE;
    if (db.get('SELECT 1 FROM run WHERE no = ?', no) !== undefined) {
      from = end;
      continue;
    }
    const sql = 'DELETE FROM run_entry WHERE key IN (SELECT key FROM run_entry WHERE key >= ? AND key < ? LIMIT ?)';
    db.run(sql, no * RUN_SPACE, end, SWEPT_ENTRIES);
    return true;
  }
}

function openEntry(db: SqliteDatabase, no: number): KeptRun['reason'] | null {
  for (const status of ['held', 'applying'] as const) {
    const sql = "SELECT 1 FROM run_entry WHERE status = ? AND status <> 'done' AND key > ? AND key < ? LIMIT 1";
    if (db.get(sql, status, no * RUN_SPACE, (no + 1) * RUN_SPACE) !== undefined) return status;
  }
  return null;
}
