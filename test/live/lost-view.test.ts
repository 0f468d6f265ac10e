import { describe, expect, it } from 'vitest';
import { openLiveProject, type LiveProject } from './live-project.ts';

async function withPeople(count: number): Promise<LiveProject> {
  const project = await openLiveProject();
  await project.live();
  for (let i = 0; i < count; i++) await project.hr.put(`u${i}`, { name: `p${i}`, mail: `p${i}@example.com` });
  await project.live();
  expect(Object.keys(await project.users())).toHaveLength(count);
  return project;
}

const said = ({ logged }: LiveProject): boolean => logged.some((line) => line.includes('can no longer be seen'));

describe('objects that are there, and can no longer be seen as what they were', () => {
  it('are deleted where they are few', async () => {
    await using project = await withPeople(20);
    for (let i = 0; i < 10; i++) project.hr.hide(`u${i}`);
    await project.live();
    expect(Object.keys(await project.users())).toHaveLength(10);
    expect(said(project)).toBe(false);
  });

  it('are left to a reconciliation where they are many, in whatever pages they are told', async () => {
    await using project = await withPeople(40);
    project.hr.pageLimit = 4;
    for (let i = 0; i < 30; i++) project.hr.hide(`u${i}`);
    await project.live();
    // What was told before it was noticed comes back with the reconciliation, which sees everything.
    expect(Object.keys(await project.users())).toHaveLength(40);
    expect(said(project)).toBe(true);
    await project.hr.remove('u0');
    await project.live();
    expect(Object.keys(await project.users())).toHaveLength(39);
  });
});

describe('what is said to be gone, and was neither seen nor linked', () => {
  it('is nobody\u2019s business', async () => {
    await using project = await withPeople(2);
    project.hr.hide('a group, perhaps');
    expect(await project.live()).not.toHaveProperty('lastException');
    const events = await project.query('audit/sync', '/situation eq "ALL_GONE"');
    expect(events).toEqual([]);
    expect(Object.keys(await project.users())).toHaveLength(2);
  });
});

describe('a managed object that somebody else writes at the same moment', () => {
  it('is looked at again, and no failure of the change', async () => {
    await using project = await openLiveProject({
      hr: { syncFailureHandler: { maxRetries: 0, postRetryAction: 'dead-letter-queue' } },
    });
    await project.live();
    await project.hr.put('u1', { name: 'ann', mail: 'ann@example.com' });
    await project.live();
    const { repository } = project.lockstep;
    const commit = repository.commit.bind(repository);
    let rivals = 2;
    Object.assign(repository, {
      commit: async (batch: Parameters<typeof commit>[0]) => {
        const own = batch.units.find(({ object }) => object?.kind === 'update' && object.type === 'user')?.object;
        if (own?.kind === 'update' && rivals-- > 0) {
          const doc = { ...own.doc, mail: 'rival@example.com', note: `rival ${rivals}` };
          await commit({ units: [{ object: { ...own, doc } }] });
        }
        return commit(batch);
      },
    });
    await project.hr.put('u1', { name: 'ann', mail: 'new@example.com' });
    expect(await project.live()).not.toHaveProperty('lastException');
    expect(rivals).toBeLessThan(0);
    expect(await project.users()).toMatchObject({ ann: { mail: 'new@example.com', note: 'rival 0' } });
    expect(await project.query('repo/synchronisation/deadLetterQueue/hr', 'true')).toEqual([]);
  });
});
