import { expect, it } from 'vitest';
import { startPurging } from './purge-timer.ts';

it('purges again and again, also after a failure, until it is stopped', async () => {
  const logged: string[] = [];
  let count = 0;
  let aborted = false;
  let reached: () => void = () => {};
  const fourth = new Promise<void>((resolve) => (reached = resolve));
  const timer = startPurging({
    everyMs: 1,
    log: { write: (level, message) => void logged.push(`${level}: ${message}`) },
    purge: async (signal) => {
      count++;
      if (count === 2) throw new Error('disk full');
      if (count < 4) return { events: 3 - count, runs: 1, keptRuns: [] };
      reached();
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      aborted = true;
      throw signal.reason;
    },
  });
  await fourth;
  await timer.stop();
  expect([count, aborted]).toEqual([4, true]);
  expect(logged).toEqual([
    'info: purged 2 audit events and 1 runs',
    'error: purging failed: disk full',
    'info: purged 0 audit events and 1 runs',
  ]);
});
