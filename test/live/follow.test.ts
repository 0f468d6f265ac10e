import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/failure.ts';
import type { JsonObject } from '../../src/base/json.ts';
import {
  configured,
  openLiveFollowers,
  type FollowTimes,
  type LiveFollowers,
} from '../../src/app/live/live-followers.ts';
import { ADMIN, js } from '../implicit/sync-project.ts';
import { intoUsers, openLiveProject, type LiveProject } from './live-project.ts';

const TIMES: FollowTimes = { pollMs: 10, retryMs: 5, longestRetryMs: 20 };
const person = (name: string): JsonObject => ({ name, mail: `${name}@example.com` });

/** A project whose followers are ours, so that they do not take their time. */
async function following(canPush: boolean, mappings?: readonly JsonObject[]) {
  const project = await openLiveProject({
    ...(mappings === undefined ? {} : { mappings }),
    hr: { liveSync: { mode: 'push' }, syncFailureHandler: { maxRetries: 2, postRetryAction: 'dead-letter-queue' } },
  });
  project.hr.canPush = canPush;
  await project.tree.live.followers.close();
  const followers = openLiveFollowers(project.lockstep, project.tree.live.live, TIMES);
  followers.start();
  return { project, followers };
}

async function arrives(project: LiveProject, ...names: readonly string[]): Promise<void> {
  await expect.poll(async () => Object.keys(await project.users()), { timeout: 20_000, interval: 5 }).toEqual(names);
}

async function isFollowed(project: LiveProject): Promise<void> {
  await expect
    .poll(() => project.read('repo/synchronisation/pooledSyncStage/SYSTEMHRACCOUNT').catch(() => null), {
      timeout: 20_000,
    })
    .not.toBeNull();
  if (project.hr.canPush) await expect.poll(() => project.hr.watchers, { timeout: 20_000 }).toBe(1);
}

async function withFollowers(
  canPush: boolean,
  work: (project: LiveProject, followers: LiveFollowers) => Promise<void>,
  mappings?: readonly JsonObject[],
): Promise<void> {
  const { project, followers } = await following(canPush, mappings);
  try {
    await isFollowed(project);
    await work(project, followers);
  } finally {
    await followers.close();
    await project[Symbol.asyncDispose]();
  }
}

describe('a source that is followed', () => {
  it(
    'pushes its changes',
    () =>
      withFollowers(true, async (project) => {
        await project.hr.put('u1', person('ann'));
        await arrives(project, 'ann');
        await project.hr.put('u2', person('bob'));
        await arrives(project, 'ann', 'bob');
      }),
    60_000,
  );

  it(
    'is connected again when the connection is lost, and what happened meanwhile is caught up',
    () =>
      withFollowers(true, async (project) => {
        await project.hr.put('u1', person('ann'));
        await arrives(project, 'ann');
        project.hr.fault = new Failure('unreachable', 'nobody answers');
        project.hr.dropWatchers();
        await expect
          .poll(() => project.logged.filter((line) => line.includes('nobody answers')).length)
          .toBeGreaterThan(1);
        await project.hr.put('u2', person('bob'));
        project.hr.fault = null;
        await arrives(project, 'ann', 'bob');
      }),
    60_000,
  );

  it(
    'is asked every few seconds if it cannot push',
    () =>
      withFollowers(false, async (project) => {
        await project.hr.put('u1', person('ann'));
        await arrives(project, 'ann');
        const told = project.logged.filter((line) => line.includes('does not push changes, so it is asked every'));
        expect(told).toHaveLength(1);
      }),
    60_000,
  );

  it(
    'steps aside for a call, which finds everything handled when it answers',
    () =>
      withFollowers(true, async (project, followers) => {
        await project.hr.put('u1', person('ann'));
        const stage = await followers.call('system/hr/account', { isDetailed: false }, ADMIN);
        expect(stage).toMatchObject({ connectorData: { syncToken: 1 } });
        expect(Object.keys(await project.users())).toEqual(['ann']);
        await project.hr.put('u2', person('bob'));
        await arrives(project, 'ann', 'bob');
      }),
    60_000,
  );

  it('keeps its retry policy', () => {
    const properties = [
      { source: 'name', target: 'userName', transform: js("if (source === 'bad') throw 'no'; source") },
    ];
    return withFollowers(
      true,
      async (project) => {
        await project.hr.put('u1', person('bad'));
        await project.hr.put('u2', person('bob'));
        await arrives(project, 'bob');
        expect(await project.query('repo/synchronisation/deadLetterQueue/hr', 'true')).toHaveLength(1);
      },
      [intoUsers({ properties })],
    );
  }, 60_000);

  it('is named by a connector or by a job', async () => {
    const job = {
      enabled: true,
      type: 'cron',
      schedule: '0 0 0 1 1 ? 2099',
      invokeService: 'provisioner',
      invokeContext: { action: 'liveSync', source: '/system/hr/account', mode: 'push' },
    };
    await using project = await openLiveProject({ files: { 'conf/schedule-hr.json': job } });
    expect(configured(project.lockstep.config)).toEqual(['system/hr/account']);
    expect(project.tree.live.followers.sources).toEqual(['system/hr/account']);
  });
});
