import { describe, expect, it } from 'vitest';
import { ItemClock } from './item-clock.ts';

const LIMITS = { timeoutMs: 1000, hostCallMs: 5000, residentBytes: 100 };

/** Ticks every 25 ms; gives the time at which the clock ran out, or null. */
function runOut(
  forMs: number,
  usage: (nowMs: number) => { residentBytes: number; cpuMs: number } | null,
  setup: ((clock: ItemClock) => void) | null = null,
) {
  const clock = new ItemClock(LIMITS, 25);
  clock.restart();
  setup?.(clock);
  clock.tick(0, usage(0));
  for (let now = 25; now <= forMs; now += 25) {
    const overrun = clock.tick(now, usage(now));
    if (overrun !== null) return { now, kind: overrun.kind };
  }
  return null;
}

describe('an item', () => {
  it('has its time', () => {
    expect(runOut(3000, () => null)).toMatchObject({ kind: 'timeout' });
    expect(runOut(3000, (cpuMs) => ({ residentBytes: 1, cpuMs }))!.now).toBeLessThanOrEqual(1050);
    expect(runOut(900, () => null)).toBeNull();
  });

  it('has more time when it got no processor', () => {
    expect(runOut(3900, () => ({ residentBytes: 1, cpuMs: 7 }))).toBeNull();
    expect(runOut(5000, () => ({ residentBytes: 1, cpuMs: 7 }))).toMatchObject({ kind: 'timeout' });
  });

  it('may wait for calls on an account of its own', () => {
    const waiting = (clock: ItemClock): void => void (clock.isWaitingForHost = true);
    expect(runOut(4900, () => null, waiting)).toBeNull();
    expect(runOut(6000, () => null, waiting)).toMatchObject({ kind: 'timeout' });
  });

  it('is stopped at once when the process takes too much memory', () => {
    expect(runOut(100, () => ({ residentBytes: 101, cpuMs: 0 }))).toEqual({ now: 25, kind: 'memory' });
  });

  it('is not blamed for a pause of the server', () => {
    const clock = new ItemClock(LIMITS, 25);
    clock.restart();
    clock.tick(0, null);
    expect(clock.tick(60_000, null)).toBeNull();
  });
});
