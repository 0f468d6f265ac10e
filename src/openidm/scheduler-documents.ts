import { isoTime } from '../base/clock.ts';
import type { JsonObject } from '../base/json.ts';
import type { StoredObject } from '../model/object-set.ts';
import { answerOf } from '../resource/resource.ts';
import { jobJson } from '../schedule/job.ts';
import type { JobRow } from '../schedule/job-row.ts';

/** The group that OpenIDM puts every job and trigger into. */
const GROUP = 'scheduler-service-group';
const SEPARATOR = '_$x$x$_';

/** `scheduler/job/<id>` (specification §11.3). */
export function jobDocument({ job, rev, trigger }: JobRow): StoredObject {
  const stored = answerOf(
    job.id,
    {
      ...jobJson(job),
      recoverable: false,
      triggers: trigger.nextMs === null ? [] : [triggerJson(job.id, trigger)],
      previousRunDate: dateOf(trigger.previousMs),
      nextRunDate: dateOf(trigger.nextMs),
    },
    String(rev),
  );
  return { ...stored, object: { ...stored.object, _rev: String(rev) } };
}

/** `scheduler/trigger/<id>`; null: the job does not fire any more. */
export function triggerDocument({ job, rev, trigger }: JobRow): StoredObject | null {
  if (trigger.nextMs === null) return null;
  const stored = answerOf(triggerId(job.id), triggerJson(job.id, trigger), String(rev));
  return { ...stored, object: { ...stored.object, _rev: String(rev) } };
}

export function triggerId(jobId: string): string {
  return `${GROUP}${SEPARATOR}trigger-${jobId}`;
}

/** The job whose trigger has this id; null: no trigger has such an id. */
export function jobOfTrigger(id: string): string | null {
  const prefixes = [triggerId(''), `group${SEPARATOR}trigger-`];
  const prefix = prefixes.find((one) => id.startsWith(one));
  return prefix === undefined ? null : id.slice(prefix.length);
}

function triggerJson(jobId: string, { nextMs, previousMs, setUpMs, acquired }: JobRow['trigger']): JsonObject {
  const serialized = JSON.stringify({ nextMs, previousMs, setUpMs });
  return {
    name: `trigger-${jobId}`,
    group: GROUP,
    serialized: Buffer.from(serialized).toString('base64'),
    previous_state: -1,
    state: 0,
    acquired: acquired !== null,
    nodeId: acquired?.nodeId ?? null,
  };
}

function dateOf(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}
