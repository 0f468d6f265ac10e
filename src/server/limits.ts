/** What the server accepts of one client, and for how long it waits. */
export interface Limits {
  /** Larger bodies are answered with 413. */
  readonly bodyBytes: number;
  /** Request line and headers together; more is answered with 431. */
  readonly headerBytes: number;
  /** Longer URLs are answered with 414. */
  readonly urlLength: number;
  /** Until all headers have arrived. */
  readonly headersTimeoutMs: number;
  /** Until the whole request has arrived; then 408. */
  readonly requestTimeoutMs: number;
  /** An idle connection is kept this long. */
  readonly keepAliveMs: number;
  readonly connections: number;
  readonly eventStreams: number;
  readonly heartbeatMs: number;
  /** A client that does not read its event stream for this long loses it. */
  readonly stallMs: number;
  /** At stop, requests get this long to end; then connections are cut. */
  readonly stopMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 10 * 1024 * 1024,
  headerBytes: 64 * 1024,
  urlLength: 32 * 1024,
  headersTimeoutMs: 20_000,
  requestTimeoutMs: 120_000,
  keepAliveMs: 65_000,
  connections: 2000,
  eventStreams: 200,
  heartbeatMs: 15_000,
  stallMs: 60_000,
  stopMs: 10_000,
};
