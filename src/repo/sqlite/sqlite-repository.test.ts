import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { repositoryConformance } from '../repository.conformance.ts';
import { openSqliteRepository, openSqliteRepositoryInThread } from './sqlite-repository.ts';

const directory = mkdtempSync(join(tmpdir(), 'lockstep-sqlite-'));
let files = 0;
const newFile = () => join(directory, `${++files}`, 'repository.db');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

repositoryConformance('SQLite in its own thread', (clock) => openSqliteRepository({ file: newFile(), clock }));
repositoryConformance('SQLite in the calling thread', async (clock) =>
  openSqliteRepositoryInThread({ file: newFile(), clock }),
);
