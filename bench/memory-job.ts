import assert from 'node:assert/strict';
import type { ObjectWrite } from '../src/model/object-set.ts';
import { person } from './people.ts';
import { MAPPING, writeProject } from './project.ts';
import { open, recon } from './recon-job.ts';
import { timed, type Task, type Timed } from './sample.ts';

/** From one memory connector to the other, links in memory: what the engine itself costs when nothing changed. */
export async function memoryUnchanged({ directory, count, seed }: Task): Promise<Timed> {
  writeProject(directory, 'plain');
  const lockstep = await open(directory, true);
  try {
    const left = lockstep.objectSet('system/left/account', lockstep.repository);
    for (let from = 0; from < count; from += 1000) {
      const writes = Array.from({ length: Math.min(1000, count - from) }, (_, k) => creation(from + k, seed));
      for (const outcome of await left.write(writes)) assert.ok(outcome.ok);
    }
    assert.equal((await recon(lockstep, MAPPING.memory)).counts.created, count);
    return await timed(count, async () => {
      assert.equal((await recon(lockstep, MAPPING.memory)).counts.unchanged, count);
    });
  } finally {
    await lockstep.close();
  }
}

function creation(i: number, seed: number): ObjectWrite {
  const { groups, ...texts } = person(i, seed);
  const present = Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== ''));
  return { kind: 'create', id: null, object: { ...present, groups: [...groups] } };
}
