import { describe, expect, it } from 'vitest';
import { combined, liveSource } from '../../src/app/live/live-source.ts';
import type { Json } from '../../src/base/json.ts';
import type { ChangeFeed, FeedPage } from '../../src/model/change-feed.ts';
import { system } from '../implicit/sync-project.ts';
import { openLiveProject } from './live-project.ts';

/** A feed of numbers up to `last`, two in a page. */
function counting(last: number): ChangeFeed {
  return {
    nativeType: 'integer',
    latest: async () => last,
    changes: async function* (after: Json): AsyncIterable<FeedPage> {
      for (let no = Number(after) + 1; no <= last; no += 2) {
        const numbers = [no, no + 1].filter((one) => one <= last);
        const changes = numbers.map((one) => ({
          kind: 'update' as const,
          id: `${one}`,
          previousId: null,
          object: null,
          token: one,
        }));
        yield { changes, token: numbers.at(-1)!, isResumable: true };
      }
    },
  };
}

describe('a feed of several', () => {
  const feed = combined([
    ['account', counting(3)],
    ['group', counting(2)],
  ]);

  it('has a token with a member for each', async () => {
    expect(await feed.latest()).toEqual({ account: 3, group: 2 });
    expect(feed.nativeType).toBe('object');
  });

  it('tells one after the other, and goes on where each was', async () => {
    const pages: FeedPage[] = [];
    for await (const page of feed.changes({ account: 1 }, { pageSize: 10 })) pages.push(page);
    const told = pages.map(({ changes, token }) => [changes.map(({ objectType, id }) => `${objectType}/${id}`), token]);
    expect(told).toEqual([
      [['account/2', 'account/3'], { account: 3 }],
      [['group/1', 'group/2'], { account: 3, group: 2 }],
    ]);
  });
});

describe('a source of changes', () => {
  it('is a collection of a system', async () => {
    await using project = await openLiveProject();
    const { lockstep } = project;
    expect(liveSource(lockstep, '/system/hr/account')).toMatchObject({ id: 'SYSTEMHRACCOUNT', system: 'hr' });
    expect(liveSource(lockstep, 'system/hr')).toMatchObject({ id: 'SYSTEMHR__ALL__', type: '__ALL__' });
    for (const path of ['managed/user', 'system', 'system/', 'system/hr/account/u1', ''])
      expect(() => liveSource(lockstep, path), path).toThrow(/no source of changes/);
    expect(() => liveSource(lockstep, 'system/hr/person')).toThrow(/no object type person/);
  });

  it('has a token document of its own', async () => {
    const types = { ccount: { nativeType: 'x', properties: {} } };
    const files = { 'conf/provisioner.openicf-hra.json': { ...system('hra'), objectTypes: types } };
    await using project = await openLiveProject({ files });
    expect(() => liveSource(project.lockstep, 'system/hr/account')).toThrow(
      /system\/hra\/ccount would keep their tokens/,
    );
  });
});
