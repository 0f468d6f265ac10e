import { Failure } from '../../base/failure.ts';
import { shadowType } from '../../live/shadow.ts';
import type { FeedPage } from '../../model/change-feed.ts';
import { areFew } from '../../model/few.ts';
import type { LiveRun } from './live-run.ts';

/** Rejects with `expired` if so many objects are suddenly none of these that it looks like a lost right. */
export async function refuseLostView(run: LiveRun, { changes }: FeedPage): Promise<void> {
  const { view, source, lockstep } = run;
  const leaving = changes.filter(({ isOutOfView }) => isOutOfView === true).length;
  view.left += leaving;
  // Counting them all takes its time, and says nothing new where nothing leaves, or few of however many.
  if (leaving === 0 || areFew(view.left, 0)) return;
  let known = 0;
  for (const collection of source.collections) known += await lockstep.repository.objects.count(shadowType(collection));
  if (areFew(view.left, known)) return;
  const text = `${view.left} objects of ${known} are still there, but can no longer be seen as what they were`;
  throw new Failure('expired', `${source.path}: ${text}`);
}
