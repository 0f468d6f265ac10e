import type { Clock } from '../../base/clock.ts';
import type { Timers } from '../wake-timer.ts';

interface Timer {
  readonly atMs: number;
  readonly call: () => void;
}

/** A clock and its timers that a test moves on. */
export class FakeTime implements Clock, Timers {
  readonly #timers = new Set<Timer>();
  #nowMs: number;

  constructor(start: string) {
    this.#nowMs = Date.parse(start);
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, call: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, call };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** When the next timer is due, in milliseconds from now; null: there is none. */
  nextDelayMs(): number | null {
    const times = [...this.#timers].map(({ atMs }) => atMs);
    return times.length === 0 ? null : Math.min(...times) - this.#nowMs;
  }

  /** The clock jumps, and no timer is called. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }

  /** Goes on to each timer in turn and calls it; `settle` lets what it began come to rest. */
  async advance(ms: number, settle: () => Promise<void>): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await settle();
      const due = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.call();
    }
    this.#nowMs = endMs;
    await settle();
  }
}
