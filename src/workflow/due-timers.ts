import { messageOf } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import type { ObjectRow } from '../model/repository.ts';
import type { Deployments } from './deployments.ts';
import { markFailed, type Driver } from './drive.ts';
import { instanceRow } from './instance-store.ts';
import { takeStep } from './instance-steps.ts';
import type { Wait } from './process-run.ts';
import { INSTANCE_TYPE, type InstanceDoc, type Row } from './records.ts';
import type { WorkflowSurroundings } from './workflow-port.ts';

/** Takes up by itself what is to be done: timers that are due, and work that a process which is gone has left. */
export interface Wakener {
  /** Fires what is due now and takes up what lies about; resolves when all of it is at rest. */
  wake(): Promise<void>;
  /** An instance has a timer at this time. */
  note(dueMs: number | null): void;
  close(): Promise<void>;
}

export interface WakenerOptions {
  readonly surroundings: WorkflowSurroundings;
  readonly deployments: Deployments;
  readonly driver: Driver;
  /** False: only `wake` does anything. */
  readonly isRunning: boolean;
  /** How often to look for what other processes have left; default 10 s. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 10_000;
const PAGE = 500;
const MAX_FIRINGS = 1000;

export function openWakener(options: WakenerOptions): Wakener {
  const { surroundings, isRunning, intervalMs = INTERVAL_MS } = options;
  let timer: NodeJS.Timeout | null = null;
  let wakeMs = Infinity;
  let isClosed = false;
  let round: Promise<void> = Promise.resolve();
  const set = (atMs: number): void => {
    if (!isRunning || isClosed || (timer !== null && wakeMs <= atMs)) return;
    if (timer !== null) clearTimeout(timer);
    wakeMs = atMs;
    const delay = Math.max(0, Math.min(intervalMs, atMs - surroundings.clock.nowMs()));
    timer = setTimeout(() => void tick(), delay).unref();
  };
  const wake = (): Promise<void> => {
    round = round.then(() => (isClosed ? undefined : goRound(options)));
    return round;
  };
  const tick = async (): Promise<void> => {
    timer = null;
    wakeMs = Infinity;
    try {
      await wake();
    } catch (error) {
      round = Promise.resolve();
      surroundings.log.write('error', `workflows could not be looked after: ${messageOf(error)}`);
    }
    set(surroundings.clock.nowMs() + intervalMs);
  };
  set(surroundings.clock.nowMs());
  return {
    wake,
    note: (dueMs) => {
      if (dueMs !== null) set(dueMs);
    },
    close: async () => {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
      await round.catch(() => {});
    },
  };
}

async function goRound({ surroundings, deployments, driver }: WakenerOptions): Promise<void> {
  for (const { id } of await marked(surroundings, 'work')) await driveIfFree(surroundings, driver, id);
  const nowMs = surroundings.clock.nowMs();
  for (const { id, doc } of await marked(surroundings, 'timer')) {
    if (doc.dueMs === null || doc.dueMs > nowMs) continue;
    await fireDue(surroundings, deployments, id);
    await driveIfFree(surroundings, driver, id);
  }
}

/** Who else does the work goes on with it. */
async function driveIfFree({ log }: WorkflowSurroundings, driver: Driver, id: string): Promise<void> {
  try {
    await driver.drive(id);
  } catch (error) {
    log.write('debug', `process instance ${id} is left alone: ${messageOf(error)}`);
  }
}

/** One after the other, the earliest first; one that comes late fires late. */
async function fireDue(surroundings: WorkflowSurroundings, deployments: Deployments, id: string): Promise<void> {
  const { clock } = surroundings;
  try {
    for (let fired = 0; fired < MAX_FIRINGS; fired++) {
      const stepped = await takeStep(surroundings, deployments, id, {
        input: (run, { row }) => {
          const due = row.doc.status === 'failed' ? null : earliestDue(run.waits, clock.nowMs());
          return due === null ? null : { kind: 'done', executionId: due };
        },
      });
      if (stepped === null || stepped.run.isOver) return;
    }
  } catch (error) {
    await markFailed(surroundings, id, null, messageOf(error));
  }
}

function earliestDue(waits: readonly Wait[], nowMs: number): string | null {
  const due = waits.flatMap((wait) => (wait.kind === 'timer' && wait.dueMs <= nowMs ? [wait] : []));
  return due.toSorted((a, b) => a.dueMs - b.dueMs)[0]?.executionId ?? null;
}

async function marked({ repository }: WorkflowSurroundings, mark: string): Promise<readonly Row<InstanceDoc>[]> {
  const filter = { kind: 'compare', operator: 'eq', pointer: ['marks'], value: mark } as const;
  const rows: ObjectRow[] = [];
  for (let after: Json = null; ;) {
    const page = await repository.objects.page(INSTANCE_TYPE, { filter, limit: PAGE, after });
    rows.push(...page.rows);
    after = page.next;
    if (after === null) return rows.map(instanceRow);
  }
}
