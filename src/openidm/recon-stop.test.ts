import { describe, expect, it } from 'vitest';
import { openEngine } from '../../test/scenarios/engine.ts';
import { objects } from '../../test/scenarios/notation.ts';
import type { JsonObject } from '../base/json.ts';
import type { Lockstep } from '../app/lockstep.ts';
import { openRunTree } from './testing/run-tree.ts';

const MAPPING: JsonObject = {
  name: 'm',
  source: 'system/hr/account',
  target: 'managed/user',
  properties: [{ source: 'key', target: 'key' }],
};
const SPEC = { mappings: [MAPPING], memory: { hr: objects('a(key=1)') } };

/** A source that does not even notice that it is to stop. */
function stubborn(lockstep: Lockstep) {
  const arrived = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const objectSet: Lockstep['objectSet'] = (collection, ...rest) => {
    const set = lockstep.objectSet(collection, ...rest);
    if (collection !== 'system/hr/account') return set;
    const scan: typeof set.scan = async function* (request) {
      arrived.resolve();
      await opened.promise;
      yield* set.scan(request);
    };
    return Object.assign(Object.create(set) as typeof set, { scan, traits: set.traits, path: set.path });
  };
  return { lockstep: { ...lockstep, objectSet }, arrived: arrived.promise, open: () => opened.resolve() };
}

describe('a stop of the server', () => {
  it.each([
    ['recon', 'recon'],
    ['sync', 'recon'],
  ])('answers who waits for a run of %s at once, and the run goes on later', async (path, action) => {
    await using engine = await openEngine(SPEC);
    const gate = stubborn(engine.lockstep);
    const tree = openRunTree(gate.lockstep);
    const answer = tree
      .action(path, action, { mapping: 'm', waitForCompletion: 'true' })
      .catch((error: unknown) => error);
    await gate.arrived;
    const { id } = (await engine.lockstep.repository.runs.list({ limit: 1 }))[0]!;
    const closing = tree.runs.close();
    expect(await answer).toMatchObject({
      status: 503,
      message: `the server is being stopped; run ${id} goes on at the next start, where it stopped`,
      detail: { _id: id },
    });
    await expect(tree.runs.wait(id), 'one that asks only now').rejects.toMatchObject({ status: 503 });
    gate.open();
    await closing;
    const next = openRunTree(engine.lockstep);
    expect(await next.runs.resumeInterrupted()).toEqual([id]);
    expect((await next.runs.wait(id)).record.state).toBe('SUCCESS');
    expect(await engine.objects('managed/user')).toHaveLength(1);
    await next.runs.close();
  });
});
