import type { SqliteDatabase } from './sqlite-database.ts';

/** Rows stay when a lease is released, so that its token goes on growing. */
export class LeaseTable {
  readonly #db: SqliteDatabase;

  constructor(db: SqliteDatabase) {
    this.#db = db;
  }

  acquire(name: string, owner: string, nowMs: number, ttlMs: number, displacing: string | null): number | null {
    const row = this.#db.get(
      `INSERT INTO lease (name, owner, token, expires_ms) VALUES (?1, ?2, 1, ?3 + ?4)
       ON CONFLICT (name) DO UPDATE SET owner = ?2, token = token + 1, expires_ms = ?3 + ?4
         WHERE owner IS NULL OR owner = ?2 OR expires_ms <= ?3 OR owner = ?5
       RETURNING token`,
      name,
      owner,
      nowMs,
      ttlMs,
      displacing,
    );
    return (row?.[0] as number | undefined) ?? null;
  }

  holder(name: string, nowMs: number): string | null {
    const row = this.#db.get('SELECT owner FROM lease WHERE name = ? AND expires_ms > ?', name, nowMs);
    return (row?.[0] as string | null | undefined) ?? null;
  }

  renew(name: string, token: number, nowMs: number, ttlMs: number): boolean {
    const sql = 'UPDATE lease SET expires_ms = ? + ? WHERE name = ? AND token = ? AND owner IS NOT NULL';
    return this.#db.run(sql, nowMs, ttlMs, name, token) === 1;
  }

  release(name: string, token: number): void {
    this.#db.run('UPDATE lease SET owner = NULL WHERE name = ? AND token = ?', name, token);
  }

  isHeld(name: string, token: number): boolean {
    const sql = 'SELECT 1 FROM lease WHERE name = ? AND token = ? AND owner IS NOT NULL';
    return this.#db.get(sql, name, token) !== undefined;
  }
}
