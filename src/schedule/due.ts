import type { JobRow } from './job-row.ts';
import { fireAfter } from './timing.ts';

/** So late a job may be fired without having missed its time (specification §11.4). */
export const MISFIRE_MS = 10_000;

/** What is to become of a job at this moment. */
export type DueDecision =
  /** Switched off, or it never fires again. */
  | { readonly kind: 'never' }
  | { readonly kind: 'later' }
  /** Its time was missed, and it is not to be made up for. */
  | { readonly kind: 'drop'; readonly nextMs: number | null }
  | { readonly kind: 'fire'; readonly dueMs: number; readonly nextMs: number | null };

/** Of several missed times one is made up for; a little lateness is none. */
export function decideDue({ job, trigger }: JobRow, nowMs: number): DueDecision {
  const { nextMs: dueMs, setUpMs } = trigger;
  if (!job.enabled || dueMs === null) return { kind: 'never' };
  if (dueMs > nowMs) return { kind: 'later' };
  if (nowMs - dueMs <= MISFIRE_MS) return { kind: 'fire', dueMs, nextMs: fireAfter(job, dueMs, setUpMs) };
  const nextMs = fireAfter(job, nowMs, setUpMs);
  return job.misfirePolicy === 'doNothing' ? { kind: 'drop', nextMs } : { kind: 'fire', dueMs, nextMs };
}
