import type { Clock } from '../../base/clock.ts';

const FIRST_MS = 1000;
const MAX_MS = 15_000;

/** Mappings whose target is out of reach: they are left alone for a moment, so that not every request waits for a time-out. */
export class Breakers {
  readonly #clock: Clock;
  readonly #open = new Map<string, { readonly untilMs: number; readonly times: number; readonly message: string }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Why the mapping is left alone at present; null: it is not. */
  reason(mapping: string): string | null {
    const found = this.#open.get(mapping);
    return found === undefined || found.untilMs <= this.#clock.nowMs() ? null : found.message;
  }

  untilMs(mapping: string): number {
    return this.#open.get(mapping)?.untilMs ?? 0;
  }

  isOutOfReach(mapping: string, message: string): void {
    const times = (this.#open.get(mapping)?.times ?? 0) + 1;
    const untilMs = this.#clock.nowMs() + Math.min(FIRST_MS * 2 ** (times - 1), MAX_MS);
    this.#open.set(mapping, { untilMs, times, message });
  }

  isInReach(mapping: string): void {
    this.#open.delete(mapping);
  }
}
