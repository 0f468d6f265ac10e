import type { Progress } from '../recon/progress.ts';

/** True if changes of this run wait for approval. */
export function isGuardHolding(progress: Progress): boolean {
  return progress.counts.held > 0;
}
