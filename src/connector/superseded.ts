import type { FeedChange } from '../model/change-feed.ts';

/**
 * The changes without those that a later one takes the place of: of the same id, or one by which the object has another id now. For
 * feeds that know objects only as they are now: what stands at an id now may be another object than the one that changed.
 * `isPresent`: whether the change is such a one; the others stay.
 */
export function withoutSuperseded(
  changes: readonly FeedChange[],
  isPresent: (change: FeedChange) => boolean = () => true,
): readonly FeedChange[] {
  const later = new Set<string>();
  const kept: FeedChange[] = [];
  for (const change of changes.toReversed()) {
    const { id, previousId, kind, objectType = '' } = change;
    const isDropped = kind !== 'delete' && previousId === null && isPresent(change) && later.has(`${objectType}/${id}`);
    if (!isDropped) kept.push(change);
    later.add(`${objectType}/${id}`);
    if (previousId !== null) later.add(`${objectType}/${previousId}`);
  }
  return kept.toReversed();
}
