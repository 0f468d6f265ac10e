import type { ProcessUsage } from './proc-stat.ts';

export interface ItemLimits {
  readonly timeoutMs: number;
  /** For all host calls of one item together. */
  readonly hostCallMs: number;
  readonly residentBytes: number;
}

export interface Overrun {
  readonly kind: 'timeout' | 'memory';
  readonly message: string;
}

/**
 * Decides when an item has had its time. Told the time at every tick; a tick that comes late (the server was busy) counts
 * as one on time, because results may be waiting in the pipe unread. Waiting for a host call has an account of its own.
 * A script that got hardly any processor time is given up to four times as long.
 */
export class ItemClock {
  readonly #limits: ItemLimits;
  readonly #tickMs: number;
  #lastTick = 0;
  #ownMs = 0;
  #hostMs = 0;
  #cpuStartMs: number | null = null;
  isWaitingForHost = false;

  constructor(limits: ItemLimits, tickMs: number) {
    this.#limits = limits;
    this.#tickMs = tickMs;
  }

  /** An item was finished, or work begins. */
  restart(): void {
    this.#ownMs = 0;
    this.#hostMs = 0;
    this.#cpuStartMs = null;
    this.isWaitingForHost = false;
  }

  tick(nowMs: number, usage: ProcessUsage | null): Overrun | null {
    const passed = Math.min(nowMs - this.#lastTick, 2 * this.#tickMs);
    this.#lastTick = nowMs;
    if (this.isWaitingForHost) this.#hostMs += passed;
    else this.#ownMs += passed;
    if (usage !== null) this.#cpuStartMs ??= usage.cpuMs;
    return this.#overrun(usage);
  }

  #overrun(usage: ProcessUsage | null): Overrun | null {
    const { timeoutMs, hostCallMs, residentBytes } = this.#limits;
    if (usage !== null && usage.residentBytes > residentBytes)
      return { kind: 'memory', message: `took more than ${Math.round(residentBytes / 1024 / 1024)} MiB of memory` };
    if (this.#hostMs > hostCallMs)
      return { kind: 'timeout', message: `waited for openidm.* calls for longer than ${hostCallMs} ms` };
    if (this.#ownMs < timeoutMs) return null;
    const cpuMs = usage === null || this.#cpuStartMs === null ? timeoutMs : usage.cpuMs - this.#cpuStartMs;
    if (cpuMs < timeoutMs / 2 && this.#ownMs < 4 * timeoutMs) return null;
    return { kind: 'timeout', message: `did not finish within ${timeoutMs} ms` };
  }
}
