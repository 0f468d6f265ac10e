/** Fixed: others rely on them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** Bad usage or bad configuration. */
  usage: 2,
  /** Changes were held by a guard. */
  held: 3,
} as const;
