import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import { openSqliteRepository } from './sqlite-repository.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'lockstep-private-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const modes = (place: string): Record<string, string> =>
  Object.fromEntries(readdirSync(place).map((name) => [name, modeOf(path.join(place, name))]));
const modeOf = (place: string): string => (statSync(place).mode & 0o777).toString(8);

describe.skipIf(process.platform === 'win32')('the files of a repository', () => {
  it('are for their owner only, and so is their directory', async () => {
    const place = path.join(directory, 'new');
    const repository = await openSqliteRepository({ file: path.join(place, 'a.db'), clock: systemClock });
    await repository.objects.declareTypes([{ name: 'user', searchable: [] }]);
    expect(modes(place)).toEqual({ 'a.db': '600', 'a.db-shm': '600', 'a.db-wal': '600' });
    expect(modeOf(place)).toBe('700');
    await repository.close();
  });

  it('become so when others could read them', async () => {
    const file = path.join(directory, 'old.db');
    const open = () => openSqliteRepository({ file, clock: systemClock });
    const first = await open();
    for (const name of ['old.db', 'old.db-wal', 'old.db-shm']) chmodSync(path.join(directory, name), 0o664);
    const second = await open();
    expect(modes(directory)).toMatchObject({ 'old.db': '600', 'old.db-wal': '600', 'old.db-shm': '600' });
    await second.close();
    await first.close();
  });
});
