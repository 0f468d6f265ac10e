/** Calls once, later. Tests own the time. */
export interface Timers {
  /** Gives what takes it back. */
  after(delayMs: number, call: () => void): () => void;
}

/** Those of the process. None of them keeps it alive. */
export const systemTimers: Timers = {
  after: (delayMs, call) => {
    const timer = setTimeout(call, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** One timer that is set again and again: the sooner of two wishes counts. */
export interface WakeTimer {
  /** At the latest after this delay. */
  wakeWithin(delayMs: number): void;
  cancel(): void;
}

export function wakeTimer(timers: Timers, nowMs: () => number, wake: () => void): WakeTimer {
  let pending: { readonly atMs: number; readonly cancel: () => void } | null = null;
  const cancel = (): void => {
    pending?.cancel();
    pending = null;
  };
  return {
    cancel,
    wakeWithin: (delayMs) => {
      const atMs = nowMs() + delayMs;
      if (pending !== null && pending.atMs <= atMs) return;
      cancel();
      const take = timers.after(delayMs, () => {
        pending = null;
        wake();
      });
      pending = { atMs, cancel: take };
    },
  };
}
