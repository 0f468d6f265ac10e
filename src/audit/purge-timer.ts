import { messageOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { PurgeResult } from './purge.ts';

export interface PurgeTimerOptions {
  readonly purge: (signal: AbortSignal) => Promise<PurgeResult>;
  /** From the end of one purge to the next, and from the start to the first. */
  readonly everyMs: number;
  readonly log: Log;
}

/** Purges now and then until it is stopped; what goes wrong is logged, and the next one tries again. */
export function startPurging({ purge, everyMs, log }: PurgeTimerOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | null = null;
  const schedule = (): void => {
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => {
      running = once().then(schedule);
    }, everyMs);
    timer.unref();
  };
  const once = async (): Promise<void> => {
    try {
      const { events, runs } = await purge(stopping.signal);
      if (events + runs > 0) log.write('info', `purged ${events} audit events and ${runs} runs`);
    } catch (error) {
      if (!stopping.signal.aborted) log.write('error', `purging failed: ${messageOf(error)}`);
    }
  };
  schedule();
  return {
    stop: async () => {
      stopping.abort();
      if (timer !== null) clearTimeout(timer);
      await running;
    },
  };
}
