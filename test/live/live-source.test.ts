import { describe, expect, it } from 'vitest';
import { liveSource } from '../../src/app/live/live-source.ts';
import type { Json } from '../../src/base/json.ts';
import { combined } from '../../src/live/combined-feed.ts';
import type { ChangeFeed, FeedMemory, FeedNote, FeedPage } from '../../src/model/change-feed.ts';
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

/** The same; each page keeps its last number, and what was kept is told as an id. It can be watched. */
function keeping(last: number): ChangeFeed {
  const feed = counting(last);
  const changes: ChangeFeed['changes'] = async function* (after, request) {
    const kept = await request.memory!.read(['last', 'other']);
    for await (const page of feed.changes(after, request)) {
      const told = page.changes.map((change) => ({ ...change, previousId: kept.get('last') ?? null }));
      yield { ...page, changes: told, notes: [{ key: 'last', value: `${String(page.token)} of ${last}` }] };
    }
  };
  return {
    ...feed,
    latest: async (_, remember) => {
      await remember!([{ key: 'last', value: 'none' }]);
      return 0;
    },
    changes,
    watch: changes,
  };
}

describe('a feed of several that remember', () => {
  const kept = new Map<string, string>();
  const remember = async (notes: readonly FeedNote[]): Promise<void> => {
    for (const { key, value } of notes) kept.set(key, value ?? '');
  };
  const memory: FeedMemory = {
    read: async (keys) => new Map(keys.flatMap((key) => (kept.has(key) ? [[key, kept.get(key)!]] : []))),
    keysOf: async () => [...kept].map(([key, value]) => ({ key, value })),
    all: async function* () {
      yield [...kept].map(([key, value]) => ({ key, value }));
    },
  };

  it('keeps what each remembers apart, and tells what any of them tells as it comes', async () => {
    const feed = combined([
      ['account', keeping(4)],
      ['group', keeping(2)],
    ]);
    const token = await feed.latest(undefined, remember);
    expect(kept).toEqual(new Map(['account/last', 'group/last'].map((key) => [key, 'none'])));
    const told = new Map<string, unknown>();
    let end: Json = token;
    const signal = new AbortController().signal;
    for await (const page of feed.watch!(token, { pageSize: 10, signal, memory })) {
      for (const { objectType, id, previousId } of page.changes) told.set(`${objectType}/${id}`, previousId);
      await remember(page.notes!);
      end = page.token;
    }
    expect([...told.keys()].toSorted()).toEqual(
      ['account/1', 'account/2', 'account/3', 'account/4', 'group/1', 'group/2'].toSorted(),
    );
    expect(new Set(told.values())).toEqual(new Set(['none']));
    expect(end).toEqual({ account: 4, group: 2 });
    expect(kept).toEqual(
      new Map([
        ['account/last', '4 of 4'],
        ['group/last', '2 of 2'],
      ]),
    );
  });

  it('cannot be watched if one of them cannot', () => {
    expect(
      combined([
        ['account', keeping(1)],
        ['group', counting(1)],
      ]).watch,
    ).toBeUndefined();
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
