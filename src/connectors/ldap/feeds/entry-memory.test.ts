import { describe, expect, it } from 'vitest';
import type { FeedNote } from '../../../model/change-feed.ts';
import { EntryMemory, newMemory, noteAhead } from './entry-memory.ts';
import { feedPage, gone, updated, type ReadChange } from './feed-page.ts';
import type { FeedScope } from './feed-scope.ts';

const SCOPE = {
  uidAttribute: 'dn',
  bases: ['dc=x'],
  filter: { kind: 'present', attribute: 'objectClass' },
} as unknown as FeedScope;

/** What LiveSync keeps; `die`: between what is kept in advance and what is kept with the token. */
class Kept {
  readonly notes = new Map<string, string>();
  readonly keep = async (notes: readonly FeedNote[]): Promise<void> => {
    for (const { key, value } of notes) {
      if (value === null) this.notes.delete(key);
      else this.notes.set(key, value);
    }
  };
  async read(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map(keys.flatMap((key) => (this.notes.has(key) ? [[key, this.notes.get(key)!] as const] : [])));
  }
  async keysOf(): Promise<readonly FeedNote[]> {
    return [];
  }
  async *all(): AsyncIterable<readonly FeedNote[]> {}
}

async function keptOf(entries: Readonly<Record<string, string>>): Promise<Kept> {
  const kept = new Kept();
  const { take, complete } = newMemory(SCOPE, kept.keep);
  await take(Object.entries(entries).map(([uuid, id]) => ({ uuid, id })));
  await complete();
  return kept;
}

/** Tells that an entry has an id now, or (null) is gone; what is told, as text. */
async function tell(kept: Kept, uuid: string, id: string | null, died: 'before' | 'between' | 'not'): Promise<string> {
  const memory = await EntryMemory.open(SCOPE, kept);
  const former = (await memory.ids([uuid])).get(uuid);
  const told: ReadChange | null =
    id !== null ? updated({ uuid, id, former }, {}) : former === undefined ? null : gone(uuid, former);
  if (told === null) return 'nothing';
  memory.tell(told.entries);
  for (const page of feedPage(memory, [told], null)) {
    if (died === 'before') break;
    await kept.keep(page.changes.flatMap(({ note }) => note ?? []));
    if (died === 'not') await kept.keep(page.notes!);
  }
  const { kind, id: now, previousId } = told.change!;
  return kind === 'delete' ? `${now} is gone` : previousId === null ? now : `${now}, was ${previousId}`;
}

describe('the memory of entries', () => {
  it.each([
    ['before', 'B', 'B, was A'],
    ['before', 'C', 'C, was A'],
    ['before', null, 'A is gone'],
    ['between', 'B', 'B, was A'],
    ['between', 'C', 'C, was B'],
    ['between', 'A', 'A, was B'],
    ['between', null, 'B is gone'],
    ['not', 'B', 'B'],
    ['not', 'C', 'C, was B'],
    ['not', null, 'B is gone'],
  ] as const)('after A became B and death came %s what is kept, %s is told as "%s"', async (died, now, text) => {
    const kept = await keptOf({ u: 'A' });
    expect(await tell(kept, 'u', 'B', died)).toBe('B, was A');
    expect(await tell(kept, 'u', now, 'not')).toBe(text);
    expect([...kept.notes.keys()].filter((key) => key.startsWith('moved/'))).toEqual([]);
    expect(kept.notes.get('entry/u')).toBe(now ?? undefined);
  });

  it.each([
    ['before', null, 'nothing'],
    ['between', 'N', 'N'],
    ['between', 'M', 'M, was N'],
    ['between', null, 'N is gone'],
  ] as const)('after N came and death came %s what is kept, %s is told as "%s"', async (died, now, text) => {
    const kept = await keptOf({});
    expect(await tell(kept, 'u', 'N', died)).toBe('N');
    expect(await tell(kept, 'u', now, 'not')).toBe(text);
  });

  it('is complete only by the rules that it was taken down by', async () => {
    const kept = await keptOf({ u: 'A' });
    expect((await EntryMemory.open(SCOPE, kept)).isComplete).toBe(true);
    expect((await EntryMemory.open({ ...SCOPE, uidAttribute: 'uid' }, kept)).isComplete).toBe(false);
    expect((await EntryMemory.open({ ...SCOPE, bases: ['dc=y'] }, kept)).isComplete).toBe(false);
    expect((await EntryMemory.open(SCOPE, undefined)).isComplete).toBe(false);
  });

  it('keeps nothing in advance of an entry that has its id still', () => {
    expect(noteAhead('u', 'A', { told: 'A', moved: null })).toBeUndefined();
  });
});
