/** Bounds of the script host that are the operator's, not the mapping's. */
export interface HostLimits {
  /** For starting a process and loading its program. */
  readonly startMs: number;
  /** For all `openidm.*` calls of one object in one stage together. */
  readonly hostCallMs: number;
  /** A process without work is stopped after this time. */
  readonly idleMs: number;
  /** How deep scripts may call each other through `openidm.*` (a hook that writes an object with a hook …). */
  readonly maxDepth: number;
  /** Process ends in one run of a batch; after that its remaining objects fail without being tried. */
  readonly maxRestarts: number;
}

export const DEFAULT_HOST_LIMITS: HostLimits = {
  startMs: 10_000,
  hostCallMs: 60_000,
  idleMs: 60_000,
  maxDepth: 8,
  maxRestarts: 40,
};
