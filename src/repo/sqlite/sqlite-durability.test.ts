import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { Repository } from '../../model/repository.ts';
import { openSqliteRepository } from './sqlite-repository.ts';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-durability-'));
let files = 0;
const newFile = () => join(directory, `${++files}.db`);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const open = (file: string, busyTimeoutMs = 5000) => openSqliteRepository({ file, clock: systemClock, busyTimeoutMs });
const UNITS = 20;

/** Writes batches of objects with links until it is killed (or `limit` is reached), and prints the number of each acknowledged one. */
const WRITER = `
  import { openSqliteRepository } from ${JSON.stringify(new URL('./sqlite-repository.ts', import.meta.url).href)};
  const [file, prefix, limit, searchable] = process.argv.slice(1);
  const repo = await openSqliteRepository({ file, clock: { nowMs: () => 1 } });
  await repo.objects.declareTypes([{ name: 'user', searchable: JSON.parse(searchable) }]);
  for (let batch = 0; batch < Number(limit); batch++) {
    const units = Array.from({ length: ${UNITS} }, (_, i) => {
      const id = prefix + batch + '-' + i;
      const link = { id, rev: 0, linkType: 'm', linkQualifier: 'default', firstId: 's' + id, secondId: id };
      const doc = { batch, prefix, filler: 'x'.repeat(500), mail: [id, 'all'], userName: id };
      return { object: { kind: 'create', type: 'user', id, doc }, links: [{ kind: 'create', link }] };
    });
    const result = await repo.commit({ units });
    if (!result.ok) throw new Error(JSON.stringify(result.conflicts));
    console.log(batch);
  }
  await repo.close();
`;

function startWriter(file: string, prefix: string, limit: number, searchable: readonly string[] = []): ChildProcess {
  const args = ['--input-type=module', '-e', WRITER, file, prefix, String(limit), JSON.stringify(searchable)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

describe('what was acknowledged stays', () => {
  test('after closing and opening again', async () => {
    const file = newFile();
    const first = await open(file);
    await first.objects.declareTypes([{ name: 'user', searchable: ['mail'] }]);
    await first.commit({ units: [{ object: { kind: 'create', type: 'user', id: 'a', doc: { mail: ['m'] } } }] });
    const token = (await first.leases.acquire('run', 'me', 1e9))!;
    await first.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
    const second = await open(file);
    const row = { id: 'a', rev: 0, doc: { mail: ['m'] } };
    expect(await second.objects.findByValue('user', 'mail', ['m'])).toEqual([row]);
    expect(await second.leases.renew('run', token, 5)).toBe(true);
    await second.close();
  });

  test('after kill -9 while writing, with no batch half there', async () => {
    const file = newFile();
    for (let round = 0; round < 5; round++) {
      const acknowledged = await writeUntilKilled(file, `r${round}b`, 5 + round * 7);
      const repo = await open(file);
      await expectWholeBatches(repo, `r${round}b`, acknowledged);
      await repo.close();
    }
    const db = new DatabaseSync(file);
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    db.close();
  });
});

describe('two processes on one file', () => {
  test('both write, neither loses anything, and an index that one adds is kept by the other', async () => {
    const file = newFile();
    const repo = await open(file);
    await repo.objects.declareTypes([{ name: 'user', searchable: ['userName'] }]);
    const writer = startWriter(file, 'other', 40, ['mail']);
    const hasExited = once(writer, 'exit');
    let mine = 0;
    while (writer.exitCode === null) {
      const doc = { mail: ['mine'], userName: 'mine' };
      const result = await repo.commit({
        units: [{ object: { kind: 'create', type: 'user', id: `mine${mine++}`, doc } }],
      });
      expect(result).toEqual({ ok: true });
    }
    expect(await hasExited).toEqual([0, null]);
    expect(await repo.objects.count('user')).toBe(mine + 40 * UNITS);
    expect(await repo.objects.findByValue('user', 'mail', ['mine'])).toHaveLength(mine);
    expect(await repo.objects.findByValue('user', 'mail', ['all'])).toHaveLength(40 * UNITS);
    await repo.close();
  });

  test('a file that another process keeps locked fails with `locked`, and works again afterwards', async () => {
    const file = newFile();
    const repo = await open(file, 50);
    await repo.objects.declareTypes([{ name: 'user', searchable: [] }]);
    const other = new DatabaseSync(file);
    other.exec('BEGIN IMMEDIATE');
    const units = [{ object: { kind: 'create' as const, type: 'user', id: 'a', doc: {} } }];
    await expect(repo.commit({ units })).rejects.toMatchObject({ code: 'locked', retryable: true });
    other.exec('ROLLBACK');
    other.close();
    expect(await repo.commit({ units })).toEqual({ ok: true });
    await repo.close();
  });
});

describe('opening', () => {
  test('creates missing directories', async () => {
    const file = join(directory, 'deep', 'er', 'repository.db');
    await (await open(file)).close();
    expect(existsSync(file)).toBe(true);
  });

  test('refuses a file that is no database, and names it', async () => {
    const file = newFile();
    writeFileSync(file, 'this is not a database at all, only a text of some length '.repeat(50));
    await expect(open(file)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(file) as string,
    });
  });

  test('refuses the database of another program and leaves it as it is', async () => {
    const file = newFile();
    const other = new DatabaseSync(file);
    other.exec('CREATE TABLE theirs (x)');
    await expect(open(file)).rejects.toMatchObject({ code: 'bad-configuration' });
    expect(other.prepare('SELECT count(*) AS n FROM sqlite_schema').get()).toEqual({ n: 1 });
    other.close();
  });

  test('refuses a file of a newer version and says what to do', async () => {
    const file = newFile();
    await (await open(file)).close();
    const newer = new DatabaseSync(file);
    newer.exec('INSERT INTO schema_migration VALUES (99, 0)');
    newer.close();
    const refusal = { code: 'bad-configuration', message: expect.stringContaining('newer version') as string };
    await expect(open(file)).rejects.toMatchObject(refusal);
  });

  test('refuses a place that cannot be written', async () => {
    const file = newFile();
    mkdirSync(file);
    await expect(open(file)).rejects.toMatchObject({ code: 'bad-configuration' });
    await expect(open(join(newTextFile(), 'x.db'))).rejects.toMatchObject({ code: 'bad-configuration' });
  });
});

function newTextFile(): string {
  const file = newFile();
  writeFileSync(file, 'x');
  return file;
}

/** How many batches were acknowledged. */
async function writeUntilKilled(file: string, prefix: string, batches: number): Promise<number> {
  const writer = startWriter(file, prefix, 1e9, ['mail', 'userName']);
  const hasExited = once(writer, 'exit');
  let acknowledged = 0;
  for await (const line of createInterface({ input: writer.stdout! })) {
    acknowledged = Number(line) + 1;
    if (acknowledged === batches) writer.kill('SIGKILL');
  }
  await hasExited;
  return acknowledged;
}

async function expectWholeBatches(repo: Repository, prefix: string, acknowledged: number): Promise<void> {
  const { rows } = await repo.objects.page('user', { limit: 1e6 });
  const counts = new Map<number, number>();
  const ids: string[] = [];
  for (const { id, doc } of rows) {
    if (doc['prefix'] !== prefix) continue;
    ids.push(id);
    counts.set(doc['batch'] as number, (counts.get(doc['batch'] as number) ?? 0) + 1);
  }
  expect(counts.size).toBeGreaterThanOrEqual(acknowledged);
  for (let batch = 0; batch < acknowledged; batch++) expect(counts.get(batch)).toBe(UNITS);
  expect([...counts.values()].every((count) => count === UNITS)).toBe(true);
  expect(await repo.links.findBySecond('m', ids)).toHaveLength(ids.length);
  expect(await repo.objects.findByValue('user', 'userName', ids)).toHaveLength(ids.length);
}
