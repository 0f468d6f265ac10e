import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { JsonObject } from '../../base/json.ts';
import type { CommitUnit } from '../../model/repository.ts';
import { repositoryConformance } from '../repository.conformance.ts';
import { openSqliteRepository, openSqliteRepositoryInThread } from './sqlite-repository.ts';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-sqlite-'));
let files = 0;
const newFile = () => join(directory, `${++files}`, 'repository.db');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

repositoryConformance('SQLite in its own thread', (clock) => openSqliteRepository({ file: newFile(), clock }));
repositoryConformance('SQLite that need not last', async (clock) =>
  openSqliteRepositoryInThread({ file: newFile(), clock, isDurable: false }),
);

it('a repository that need not last keeps no journal beside its file', async () => {
  for (const isDurable of [true, false]) {
    const file = newFile();
    const repository = await openSqliteRepository({ file, clock: systemClock, isDurable });
    await repository.objects.declareTypes([{ name: 'user', searchable: [] }]);
    await repository.commit({ units: [{ object: { kind: 'create', type: 'user', id: 'a', doc: {} } }] });
    expect(readdirSync(dirname(file)).includes('repository.db-wal')).toBe(isDurable);
    await repository.close();
  }
});

describe('a commit of many units', () => {
  const unitOf = (i: number, doc: JsonObject = { n: i }): CommitUnit => ({
    object: { kind: 'create', type: 'user', id: `u${i}`, doc },
    links: [
      {
        kind: 'create',
        link: { id: `l${i}`, rev: 0, linkType: 'm', linkQualifier: 'q', firstId: `s${i}`, secondId: `u${i}` },
      },
    ],
  });
  const many = (count: number): CommitUnit[] => Array.from({ length: count }, (_, i) => unitOf(i));
  const opened = async (open: typeof openSqliteRepository | typeof openSqliteRepositoryInThread) => {
    const repository = await open({ file: newFile(), clock: systemClock });
    await repository.objects.declareTypes([{ name: 'user', searchable: [] }]);
    return repository;
  };

  it.each([openSqliteRepository, openSqliteRepositoryInThread])('is written as a whole (%o)', async (open) => {
    const repository = await opened(open);
    for (const [round, count] of [99, 100, 101, 200, 1001].entries()) {
      const units = many(count).map((_, i) => unitOf(round * 10_000 + i));
      expect(await repository.commit({ units })).toEqual({ ok: true });
    }
    expect(await repository.objects.count('user')).toBe(1501);
    expect(await repository.links.count('m')).toBe(1501);
    await repository.close();
  });

  it.each([openSqliteRepository, openSqliteRepositoryInThread])(
    'is refused as a whole, whichever units are (%o)',
    async (open) => {
      const repository = await opened(open);
      await repository.commit({ units: [unitOf(7), unitOf(250), unitOf(499)] });
      const answer = await repository.commit({ units: many(500) });
      expect(answer.ok ? [] : answer.conflicts.map(({ unit, code }) => [unit, code])).toEqual([
        [7, 'exists'],
        [250, 'exists'],
        [499, 'exists'],
      ]);
      expect(await repository.objects.count('user')).toBe(3);
      expect(await repository.commit({ units: [unitOf(1), unitOf(2)] })).toEqual({ ok: true });
      await repository.close();
    },
  );

  it.each([openSqliteRepository, openSqliteRepositoryInThread])(
    'that cannot be sent to its end leaves nothing behind (%o)',
    async (open) => {
      const repository = await opened(open);
      const units = [...many(300), unitOf(300, { n: 1n as never })];
      await expect(repository.commit({ units })).rejects.toThrow('BigInt');
      expect(await repository.objects.count('user')).toBe(0);
      expect(await repository.commit({ units: many(300) })).toEqual({ ok: true });
      await repository.close();
    },
  );

  it('by someone whose lease is lost leaves nothing behind', async () => {
    const repository = await opened(openSqliteRepository);
    const fence = { name: 'a lease', token: 99 };
    await expect(repository.commit({ units: many(300), fence })).rejects.toMatchObject({ code: 'locked' });
    expect(await repository.objects.count('user')).toBe(0);
    expect(await repository.commit({ units: many(300) })).toEqual({ ok: true });
    await repository.close();
  });
});

repositoryConformance('SQLite in the calling thread', async (clock) =>
  openSqliteRepositoryInThread({ file: newFile(), clock }),
);
