import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { loadProject } from '../src/app/config/load-project.ts';
import { connectorKinds } from '../src/app/connector-kinds.ts';
import { openLockstep, type Lockstep } from '../src/app/lockstep.ts';
import { startRun } from '../src/app/runs.ts';
import type { Progress } from '../src/recon/progress.ts';
import { timed, type Timed } from './sample.ts';

/** Opens a project the way the command line does. `isInMemory`: the repository, too. */
export async function open(directory: string, isInMemory = false): Promise<Lockstep> {
  const { config, diagnostics } = await loadProject(directory, { env: process.env, connectorKinds });
  assert.ok(config !== null, JSON.stringify(diagnostics));
  const data = dataDirectory(directory);
  mkdirSync(data, { recursive: true });
  const log = {
    write: (level: string, message: string) =>
      void (level === 'debug' || process.stderr.write(`${level}: ${message}\n`)),
  };
  return openLockstep({ config, dataDirectory: isInMemory ? null : data, log });
}

export function dataDirectory(directory: string): string {
  return path.join(directory, 'store');
}

/** Runs a mapping to its end and checks that it succeeded. */
export async function recon(lockstep: Lockstep, mapping: string): Promise<Progress> {
  const { record, progress } = await startRun(lockstep, lockstep.mappingConfig(mapping), { overrides: {} });
  assert.equal(record.state, 'SUCCESS', progress.error ?? '');
  return progress;
}

export interface Expected {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
}

/** Times one run over a stored project and checks what came of it: counts, objects, links, audit. */
export async function timedRecon(
  directory: string,
  mapping: string,
  count: number,
  expected: Expected,
): Promise<Timed> {
  const lockstep = await open(directory);
  try {
    let progress: Progress | null = null;
    const before = await stored(lockstep);
    const result = await timed(count, async () => {
      progress = await recon(lockstep, mapping);
    });
    await check(lockstep, progress!, count, expected, before);
    return result;
  } finally {
    await lockstep.close();
  }
}

interface Stored {
  readonly objects: number;
  readonly links: number;
}

async function stored({ repository, config }: Lockstep): Promise<Stored> {
  const [mapping] = config.mappings;
  return { objects: await repository.objects.count('user'), links: await repository.links.count(mapping!.name) };
}

async function check(
  lockstep: Lockstep,
  progress: Progress,
  count: number,
  expected: Expected,
  before: Stored,
): Promise<void> {
  const { created, updated, unchanged, failed } = progress.counts;
  assert.deepEqual({ created, updated, unchanged, failed }, { ...expected, failed: 0 });
  assert.equal(progress.source.processed, count);
  const after = await stored(lockstep);
  assert.deepEqual(after, { objects: before.objects + created, links: before.links + created });
  const [run] = await lockstep.repository.runs.list({ limit: 1 });
  assert.equal(await lockstep.repository.runs.countEntries(run!.id, 'done'), created + updated);
}
