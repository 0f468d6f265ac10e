import type { Clock } from '../../base/clock.ts';
import type { Leases } from '../../model/repository.ts';

interface Lease {
  token: number;
  /** Null once it was released. */
  owner: string | null;
  expiresMs: number;
}

export class MemoryLeases implements Leases {
  readonly #clock: Clock;
  readonly #leases = new Map<string, Lease>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async acquire(name: string, owner: string, ttlMs: number, displacing?: string): Promise<number | null> {
    const lease = this.#leases.get(name);
    const nowMs = this.#clock.nowMs();
    const isHeld = lease !== undefined && lease.owner !== null && lease.expiresMs > nowMs;
    if (isHeld && lease.owner !== owner && lease.owner !== displacing) return null;
    const token = (lease?.token ?? 0) + 1;
    this.#leases.set(name, { token, owner, expiresMs: nowMs + ttlMs });
    return token;
  }

  async holder(name: string): Promise<string | null> {
    const lease = this.#leases.get(name);
    return lease && lease.expiresMs > this.#clock.nowMs() ? lease.owner : null;
  }

  async renew(name: string, token: number, ttlMs: number): Promise<boolean> {
    if (!this.isHeld(name, token)) return false;
    this.#leases.get(name)!.expiresMs = this.#clock.nowMs() + ttlMs;
    return true;
  }

  async release(name: string, token: number): Promise<void> {
    if (this.isHeld(name, token)) this.#leases.get(name)!.owner = null;
  }

  isHeld(name: string, token: number): boolean {
    const lease = this.#leases.get(name);
    return lease !== undefined && lease.token === token && lease.owner !== null;
  }
}
