/** Time is passed in, so that tests and simulations own it. */
export interface Clock {
  /** Milliseconds since 1970 UTC. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };

/** `2014-03-06T07:00:31.907Z` */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
