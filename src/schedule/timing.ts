import { assert } from '../base/assert.ts';
import { nextFire } from './cron/next-fire.ts';
import { parseCron } from './cron/cron.ts';
import type { Job } from './job.ts';
import { parseLocalTime } from './local-time.ts';
import { findTimeZone, serverTimeZone, type TimeZone } from './time-zone.ts';

/** What of a job says when it fires. */
export type Timed = Pick<
  Job,
  'enabled' | 'type' | 'schedule' | 'repeatInterval' | 'repeatCount' | 'startTime' | 'endTime' | 'timeZone'
>;

/** The zone in which a job that was checked counts. */
export function zoneOf({ timeZone }: Pick<Job, 'timeZone'>): TimeZone {
  return timeZone === null ? serverTimeZone() : (findTimeZone(timeZone) ?? serverTimeZone());
}

/** When a job fires first that is set up now; null: never. That of a `simple` job may be past. */
export function firstFire(job: Timed, nowMs: number): number | null {
  if (!job.enabled) return null;
  if (job.type === 'cron') return fireAfter(job, nowMs, nowMs);
  const startMs = bound(job, 'startTime') ?? nowMs;
  return withinEnd(job, startMs);
}

/** The first time after `afterMs`; null: none. `setUpMs` is when the job was set up: a `simple` one without start began then. */
export function fireAfter(job: Timed, afterMs: number, setUpMs: number): number | null {
  if (!job.enabled) return null;
  const startMs = bound(job, 'startTime');
  if (job.type === 'simple') return withinEnd(job, repeatAfter(job, startMs ?? setUpMs, afterMs));
  assert(job.schedule !== null, 'a cron job has a schedule');
  const fromMs = startMs === null ? afterMs : Math.max(afterMs, startMs - 1);
  return withinEnd(job, nextFire(parseCron(job.schedule), zoneOf(job), fromMs));
}

function repeatAfter({ repeatInterval, repeatCount }: Timed, startMs: number, afterMs: number): number | null {
  if (afterMs < startMs) return startMs;
  if (repeatInterval <= 0) return null;
  const nth = Math.floor((afterMs - startMs) / repeatInterval) + 1;
  return repeatCount >= 0 && nth > repeatCount ? null : startMs + nth * repeatInterval;
}

function withinEnd(job: Timed, atMs: number | null): number | null {
  const endMs = bound(job, 'endTime');
  return atMs !== null && endMs !== null && atMs > endMs ? null : atMs;
}

function bound(job: Timed, name: 'startTime' | 'endTime'): number | null {
  const text = job[name];
  return text === null ? null : parseLocalTime(text, zoneOf(job));
}
