import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/failure.ts';
import { interfere, openSyncProject, out, system, user } from './sync-project.ts';

const FILES = {
  'conf/managed.json': user(),
  'conf/lockstep.json': { implicitSync: { maxAttempts: 3, firstDelayMs: 1, maxDelayMs: 2 } },
  'conf/provisioner.openicf-a.json': system('a'),
  'conf/provisioner.openicf-b.json': system('b'),
  'conf/sync.json': { mappings: [out('a'), out('b')] },
};
const names = async (
  held: Promise<Readonly<Record<string, { readonly name?: unknown }>>>,
): Promise<readonly string[]> =>
  Object.values(await held)
    .map(({ name }) => String(name))
    .toSorted();
const COUNT = 12;
const ALL = Array.from({ length: COUNT }, (_, i) => `n${String(i).padStart(2, '0')}`);

describe('a target', () => {
  it('that flaps gets everything in the end, once', async () => {
    await using project = await openSyncProject(FILES);
    let calls = 0;
    interfere('a', (writes, write) => {
      if (++calls % 3 !== 0) throw new Failure('unreachable', 'away');
      return write(writes);
    });
    for (const [i, name] of ALL.entries()) await project.create('managed/user', `u${i}`, { userName: name });
    interfere('a', null);
    await project.drained();
    expect(await names(project.held('a'))).toEqual(ALL);
    expect(await names(project.held('b'))).toEqual(ALL);
    expect(await project.query('repo/link', 'true')).toHaveLength(2 * COUNT);
  });

  it('that refuses one object of many gets the others, and the refusal is told', async () => {
    await using project = await openSyncProject(FILES);
    interfere('a', async (writes, write) => {
      const outcomes = await write(writes.filter((one) => one.kind !== 'create' || one.object['name'] !== 'n05'));
      const rest = [...outcomes];
      return writes.map((one) =>
        one.kind === 'create' && one.object['name'] === 'n05'
          ? ({ ok: false, code: 'bad-request', message: 'not this one' } as const)
          : rest.shift()!,
      );
    });
    await Promise.all(ALL.map((name, i) => project.create('managed/user', `u${i}`, { userName: name })));
    await project.drained();
    expect(await names(project.held('a'))).toEqual(ALL.filter((name) => name !== 'n05'));
    expect(await names(project.held('b'))).toEqual(ALL);
    expect(await project.query('sync/queue', 'true')).toMatchObject([
      { state: 'FAILED', resourceId: 'u5', mapping: 'managedUser_a', cause: 'not this one', attempts: 3 },
    ]);
  });

  it('that answers too late has what it did found, not done again', async () => {
    await using project = await openSyncProject(FILES);
    let isFirst = true;
    interfere('a', async (writes, write) => {
      const outcomes = await write(writes);
      if (!isFirst) return outcomes;
      isFirst = false;
      return writes.map(() => ({ ok: false, code: 'timeout', message: 'no answer' }) as const);
    });
    await project.create('managed/user', 'u', { userName: 'ann', mail: 'a@x' });
    await project.drained();
    expect(Object.values(await project.held('a'))).toEqual([{ name: 'ann', mail: 'a@x' }]);
    expect(await project.query('repo/link', 'linkType eq "managedUser_a"')).toHaveLength(1);
  });

  it('that is slow does not mix up the changes of one object', async () => {
    await using project = await openSyncProject(FILES);
    await project.create('managed/user', 'u', { userName: 'start' });
    interfere('a', async (writes, write) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      return write(writes);
    });
    const change = (value: string) =>
      project.patch('managed/user/u', [{ operation: 'replace', field: '/userName', value }]);
    await Promise.all(ALL.map(change));
    await project.drained();
    const { userName } = await project.read('managed/user/u');
    expect(Object.values(await project.held('a'))).toEqual([{ name: userName }]);
    expect(Object.values(await project.held('b'))).toEqual([{ name: userName }]);
  });

  it('of a queued mapping is written after the answer, in batches', async () => {
    const mappings = [out('a', { queuedSync: { enabled: true, maxRetries: 2, retryDelay: 1 } }), out('b')];
    await using project = await openSyncProject({ ...FILES, 'conf/sync.json': { mappings } });
    let isAway = true;
    interfere('a', async (writes, write) => {
      if (isAway) throw new Failure('unreachable', 'away');
      return write(writes);
    });
    await Promise.all(ALL.map((name, i) => project.create('managed/user', `u${i}`, { userName: name })));
    expect(await names(project.held('b'))).toEqual(ALL);
    isAway = false;
    await project.drained();
    expect(await names(project.held('a'))).toEqual(ALL);
  });

  it('that deleted an object without an answer does not keep its link', async () => {
    await using project = await openSyncProject(FILES);
    await project.create('managed/user', 'u', { userName: 'ann' });
    let isFirst = true;
    interfere('a', async (writes, write) => {
      const outcomes = await write(writes);
      if (!isFirst) return outcomes;
      isFirst = false;
      throw new Failure('unreachable', 'the connection broke');
    });
    await project.remove('managed/user/u');
    await project.drained();
    expect([await project.held('a'), await project.query('repo/link', 'true')]).toEqual([{}, []]);
    expect(await project.queue()).toEqual([]);
  });
});
