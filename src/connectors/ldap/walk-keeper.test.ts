import { describe, expect, it, vi } from 'vitest';
import { Trail } from './trail.ts';
import { walkKeeper, type Walk } from './walk-keeper.ts';

interface Observed extends Walk {
  readonly isClosed: () => boolean;
}

function walkAt(...ids: readonly string[]): Observed {
  const trail = new Trail();
  for (const id of ids) trail.add(id);
  let isClosed = false;
  return {
    trail,
    next: () => Promise.resolve({ done: true, value: undefined }),
    close: () => void (isClosed = true),
    isClosed: () => isClosed,
  };
}

const KEY = { question: 'all', pageSize: 10 };

describe('walks that were left', () => {
  it('are given back once, to who asks the same at the same place', () => {
    const keeper = walkKeeper();
    const walk = walkAt('a', 'b');
    const { place } = walk.trail;
    keeper.park(KEY, walk);
    expect(keeper.resume({ ...KEY, pageSize: 11 }, place)).toBeNull();
    expect(keeper.resume({ ...KEY, question: 'other' }, place)).toBeNull();
    expect(keeper.resume(KEY, walkAt('a', 'c').trail.place)).toBeNull();
    expect(keeper.resume(KEY, place)).toBe(walk);
    expect(keeper.resume(KEY, place)).toBeNull();
    expect(walk.isClosed()).toBe(false);
    keeper.close();
  });

  it('are closed after a while, and what they had read is known all the same', () => {
    vi.useFakeTimers();
    try {
      const keeper = walkKeeper({ parkedMs: 1000 });
      const walk = walkAt('a', 'b');
      keeper.park(KEY, walk);
      vi.advanceTimersByTime(999);
      expect(walk.isClosed()).toBe(false);
      vi.advanceTimersByTime(1);
      expect(walk.isClosed()).toBe(true);
      expect(keeper.resume(KEY, walk.trail.place)).toBeNull();
      expect(['a', 'b', 'c'].map(keeper.trailTo('all', walk.trail.place)!.known())).toEqual([true, true, false]);
      keeper.close();
    } finally {
      vi.useRealTimers();
    }
  });

  it('are few: the oldest makes room', () => {
    const keeper = walkKeeper();
    const walks = Array.from({ length: 6 }, (_, i) => walkAt(String(i)));
    for (const walk of walks) keeper.park(KEY, walk);
    expect(walks.map((walk) => walk.isClosed())).toEqual([true, true, false, false, false, false]);
    keeper.close();
    expect(walks.every((walk) => walk.isClosed())).toBe(true);
    expect(keeper.trailTo('all', walks[5]!.trail.place)).toBeNull();
  });

  it('do not fill the memory with what they had read', () => {
    const keeper = walkKeeper();
    const large = new Trail();
    for (let i = 0; i < 1_500_000; i++) large.add(String(i));
    const places = [0, 1, 2].map((i) => {
      large.add(`more${i}`);
      keeper.remember('all', large.place, large);
      return large.place;
    });
    const known = places.map((place) => keeper.trailTo('all', place) !== null);
    expect(known).toEqual([false, true, true]);
  });
});
