import type { PlannedChange } from '../sync/planned-change.ts';

/** Lets the first object that cannot be decided hold up those behind it, in the order of a push. */
export interface HoldUp {
  /** Takes note of what was decided. */
  note(changes: readonly PlannedChange[]): void;
  /** Whether the object waits; if so, it is remembered as untouched. */
  holds(sourceId: string | null): boolean;
}

/** Nobody waits for another. */
export const NO_HOLD_UP: HoldUp = { note: () => {}, holds: () => false };

/** `untouched` takes the ids of those that wait. */
export function holdUp(ids: readonly string[], untouched: Set<string>): HoldUp {
  const ranks = ranksOf(ids);
  const rank = (sourceId: string | null): number => ranks.get(sourceId ?? '')?.rank ?? 0;
  let first = Infinity;
  return {
    note: (changes) => {
      for (const { sourceId, outcome } of changes)
        if (outcome === 'failed' || outcome === 'exceptions') first = Math.min(first, rank(sourceId));
    },
    holds: (sourceId) => {
      const isHeld = rank(sourceId) > first;
      const known = ranks.get(sourceId ?? '');
      if (isHeld && known !== undefined) untouched.add(known.id);
      return isHeld;
    },
  };
}

/** Links may hold an id in lower case. */
function ranksOf(ids: readonly string[]): ReadonlyMap<string, { readonly rank: number; readonly id: string }> {
  const ranks = new Map<string, { readonly rank: number; readonly id: string }>();
  for (const [rank, id] of ids.entries()) ranks.set(id.toLowerCase(), { rank, id });
  for (const [rank, id] of ids.entries()) ranks.set(id, { rank, id });
  return ranks;
}
