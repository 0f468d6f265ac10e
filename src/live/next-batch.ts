import type { SourceChange } from './change-record.ts';

/** How many changes are looked at together, at most. */
export const BATCH = 500;

export interface BatchRule {
  readonly limit: number;
  /** A change that failed before goes alone: nothing after it is touched until it is through. */
  readonly isTroubled: (change: SourceChange) => boolean;
}

/**
 * The changes from `from` on that can be handled together as if they came one after the other: of one collection, each object
 * once (under both its ids, if it was renamed), and what is deleted after what is not.
 */
export function nextBatch(changes: readonly SourceChange[], from: number, rule: BatchRule): readonly SourceChange[] {
  const batch: SourceChange[] = [];
  const ids = new Set<string>();
  for (let i = from; i < changes.length && batch.length < rule.limit; i++) {
    const change = changes[i]!;
    const last = batch.at(-1);
    if (last !== undefined && !follows(last, change)) break;
    const own = change.previousId === null ? [change.id] : [change.id, change.previousId];
    if (own.some((id) => ids.has(id))) break;
    if (rule.isTroubled(change)) return batch.length === 0 ? [change] : batch;
    for (const id of own) ids.add(id);
    batch.push(change);
  }
  return batch;
}

function follows(last: SourceChange, change: SourceChange): boolean {
  return last.collection === change.collection && !(last.kind === 'delete' && change.kind !== 'delete');
}
