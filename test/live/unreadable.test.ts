import { afterEach, describe, expect, it, vi } from 'vitest';
import { MemorySet } from '../../src/connectors/memory/memory-set.ts';
import { UnreadableObjects } from '../../src/model/unreadable-objects.ts';
import type { JsonObject } from '../../src/base/json.ts';
import { openLiveProject, type LiveProject } from './live-project.ts';

const broken = new Set<string>();

afterEach(() => {
  broken.clear();
  vi.restoreAllMocks();
});

/** A directory that names what has changed, and cannot give some of it. */
async function opened(syncFailureHandler?: JsonObject): Promise<LiveProject> {
  const project = await openLiveProject(syncFailureHandler === undefined ? {} : { hr: { syncFailureHandler } });
  project.hr.hidesObjects = true;
  await project.live();
  for (const name of ['ann', 'bob', 'cid']) await project.hr.put(name, { name, mail: `${name}@example.com` });
  const readMany = MemorySet.prototype.readMany;
  vi.spyOn(MemorySet.prototype, 'readMany').mockImplementation(async function read(this: MemorySet, ids) {
    const found = await readMany.call(this, ids);
    const unreadable = new Map(ids.filter((id) => broken.has(id)).map((id) => [id, 'two mails']));
    if (unreadable.size === 0) return found;
    throw new UnreadableObjects(this.path, new Map([...found].filter(([id]) => !broken.has(id))), unreadable);
  });
  broken.add('bob');
  return project;
}

describe('a change of an object that cannot be read', () => {
  it('stops the call before what comes behind it, until it can be read', async () => {
    await using project = await opened({ maxRetries: -1 });
    expect(JSON.stringify(await project.live())).toContain('two mails');
    expect(Object.keys(await project.users())).toEqual(['ann']);
    broken.clear();
    expect(await project.live()).not.toHaveProperty('lastException');
    expect(Object.keys(await project.users()).toSorted()).toEqual(['ann', 'bob', 'cid']);
  });

  it('is given up by the policy, and replayed when it can be read', async () => {
    await using project = await opened({ maxRetries: 0, postRetryAction: 'dead-letter-queue' });
    await project.live();
    expect(Object.keys(await project.users()).toSorted()).toEqual(['ann', 'cid']);
    const [letter, ...more] = await project.query('repo/synchronisation/deadLetterQueue/hr', 'true');
    expect(letter).toMatchObject({ uid: 'bob', objectType: 'account' });
    expect(more).toEqual([]);
    broken.clear();
    await project.action('system/hr', 'replayDeadLetters');
    expect(Object.keys(await project.users()).toSorted()).toEqual(['ann', 'bob', 'cid']);
    expect(await project.query('repo/synchronisation/deadLetterQueue/hr', 'true')).toEqual([]);
  });
});
