import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
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

repositoryConformance('SQLite in the calling thread', async (clock) =>
  openSqliteRepositoryInThread({ file: newFile(), clock }),
);
