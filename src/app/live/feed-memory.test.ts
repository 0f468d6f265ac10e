import { expect, it } from 'vitest';
import { systemClock } from '../../base/clock.ts';
import type { FeedNote } from '../../model/change-feed.ts';
import type { Repository } from '../../model/repository.ts';
import { openMemoryRepository } from '../../repo/memory/memory-repository.ts';
import { openFeedMemory, type StoredFeedMemory } from './feed-memory.ts';

const notes = (from: number, to: number, text = 'v'): FeedNote[] =>
  Array.from({ length: to - from }, (_, i) => ({ key: `k${from + i}`, value: `${text}${from + i}` }));

async function everything(memory: StoredFeedMemory): Promise<ReadonlyMap<string, string | null>> {
  const found = new Map<string, string | null>();
  for await (const page of memory.all()) for (const { key, value } of page) found.set(key, value);
  return found;
}

async function keep(repository: Repository, memory: StoredFeedMemory, given: readonly FeedNote[]): Promise<number> {
  const writes = await memory.writes(given);
  await repository.commit({ units: writes.map((object) => ({ object })) });
  return writes.length;
}

it('keeps notes, writes only what is new, and forgets what is told to be gone', async () => {
  const repository = openMemoryRepository(systemClock);
  const memory = await openFeedMemory(repository, 'system/ldap/account');
  expect(await keep(repository, memory, notes(0, 3))).toBe(3);
  expect(await keep(repository, memory, [...notes(0, 3), { key: 'k1', value: 'other' }])).toBe(1);
  expect(await keep(repository, memory, [{ key: 'k2', value: null }])).toBe(1);
  expect(await keep(repository, memory, [{ key: 'none', value: null }])).toBe(0);
  expect(await memory.read(['k0', 'k1', 'k2'])).toEqual(
    new Map([
      ['k0', 'v0'],
      ['k1', 'other'],
    ]),
  );
  expect(await memory.keysOf(['other', 'v2'])).toEqual([{ key: 'k1', value: 'other' }]);
});

it('puts what is remembered in the place of everything, in pieces of any size', async () => {
  const repository = openMemoryRepository(systemClock);
  const memory = await openFeedMemory(repository, 'system/ldap/account');
  await keep(repository, memory, notes(0, 2500, 'old'));
  const { remember, finish } = memory.replace(undefined);
  await remember(notes(2000, 2001));
  await remember(notes(2001, 4600));
  await finish();
  expect(await everything(memory)).toEqual(new Map(notes(2000, 4600).map(({ key, value }) => [key, value])));
});

it('keeps those of other sources apart', async () => {
  const repository = openMemoryRepository(systemClock);
  const [one, other] = [await openFeedMemory(repository, 'system/a/x'), await openFeedMemory(repository, 'system/a/y')];
  await keep(repository, one, notes(0, 2));
  expect((await everything(other)).size).toBe(0);
});
