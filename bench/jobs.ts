import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import { bareInsert } from './bare-insert.ts';
import { bareParse } from './bare-parse.ts';
import { LDAP_JOBS } from './ldap/ldap-jobs.ts';
import { memoryUnchanged } from './memory-job.ts';
import { changedCount, writePeople } from './people.ts';
import { MAPPING, peopleFile, writeProject, type Variant } from './project.ts';
import { dataDirectory, timedRecon } from './recon-job.ts';
import type { Task, Timed } from './sample.ts';

/** Everything that can be run in a process of its own. Jobs on a stored project expect the ones before them. */
export const JOBS: Readonly<Record<string, (task: Task) => Promise<Timed>>> = {
  people: (task) => people(task, 0),
  'people-changed': (task) => people(task, 1),
  'bare-parse': ({ directory, count }) => bareParse(peopleFile(directory), count),
  'bare-insert': bareInsert,
  'first-load': (task) => firstLoad(task, 'plain'),
  'scripted-load': (task) => firstLoad(task, 'scripts'),
  unchanged,
  changed,
  'memory-unchanged': memoryUnchanged,
  ...LDAP_JOBS,
};

async function people({ directory, count, seed }: Task, generation: 0 | 1): Promise<Timed> {
  writeProject(directory, 'plain');
  await writePeople(peopleFile(directory), count, seed, generation);
  return { count, seconds: 0, cpuSeconds: 0 };
}

async function firstLoad({ directory, count }: Task, variant: Variant): Promise<Timed> {
  writeProject(directory, variant);
  rmSync(dataDirectory(directory), { recursive: true, force: true });
  return timedRecon(directory, MAPPING.csv, count, { created: count, updated: 0, unchanged: 0 });
}

/** Zero writes to objects and links: their tables have the same content and revisions before and after. */
async function unchanged({ directory, count }: Task): Promise<Timed> {
  const before = revisions(directory);
  const result = await timedRecon(directory, MAPPING.csv, count, { created: 0, updated: 0, unchanged: count });
  assert.deepEqual(revisions(directory), before);
  return result;
}

/** After it, the people are as before, so that it can be run again. */
async function changed(task: Task): Promise<Timed> {
  const { directory, count, seed } = task;
  const updated = changedCount(count);
  await writePeople(peopleFile(directory), count, seed, 1);
  const result = await timedRecon(directory, MAPPING.csv, count, { created: 0, updated, unchanged: count - updated });
  await writePeople(peopleFile(directory), count, seed, 0);
  await timedRecon(directory, MAPPING.csv, count, { created: 0, updated, unchanged: count - updated });
  return result;
}

function revisions(directory: string): unknown {
  const file = path.join(dataDirectory(directory), 'lockstep.db');
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const sql = 'SELECT count(*) AS count, sum(rev) AS revisions, max(row) AS last FROM';
    return [db.prepare(`${sql} o1`).get(), db.prepare(`${sql} link`).get()];
  } finally {
    db.close();
  }
}
