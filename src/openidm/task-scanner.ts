import { isoTime, type Clock } from '../base/clock.ts';
import { Failure, messageOf } from '../base/failure.ts';
import { formatPointer, getAt } from '../base/json-pointer.ts';
import type { JsonObject } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import type { NewId } from '../base/uuid.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { RequestContext } from '../resource/context.ts';
import type { Router } from '../resource/router.ts';
import type { ScriptRunner } from './script-runner.ts';
import { warnOfOffsets } from './task-scan-dates.ts';
import type { TaskScan } from './task-scan.ts';

export interface TaskScannerOptions {
  readonly router: Router;
  readonly runner: Pick<ScriptRunner, 'attempt'>;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  /** Scans that are over and are still shown. */
  readonly maxCompleted: () => number;
}

/** Runs a script for each object that is due, once however many processes look for them (specification §11.7). */
export interface TaskScanner {
  /** Begins a scan. `end` never rejects. */
  begin(scan: TaskScan, context: RequestContext): { readonly id: string; readonly end: Promise<void> };
  /** As `taskscanner/<id>` shows it; newest last. */
  list(): readonly JsonObject[];
  read(id: string): JsonObject | null;
  /** False: it was over. Null: there is none. */
  cancel(id: string): boolean | null;
  /** Cancels what is under way, and waits for its end. */
  close(): Promise<void>;
}

type State = 'INITIALIZED' | 'ACTIVE' | 'COMPLETED' | 'CANCELLED' | 'ERROR';

interface Task {
  readonly id: string;
  readonly scan: TaskScan;
  readonly context: RequestContext;
  readonly abort: AbortController;
  state: State;
  processed: number;
  total: number;
  successes: number;
  failures: number;
  /** Done already, or claimed by another scan. */
  skipped: number;
  startedMs: number;
  endedMs: number | null;
}

export function openTaskScanner(options: TaskScannerOptions): TaskScanner {
  const tasks = new Map<string, Task>();
  const ends = new Set<Promise<void>>();
  return {
    begin: (scan, context) => {
      const task = newTask(options, scan, context);
      tasks.set(task.id, task);
      const end = carryOut(options, task).finally(() => {
        ends.delete(end);
        forgetOldest(tasks, options.maxCompleted());
      });
      ends.add(end);
      return { id: task.id, end };
    },
    list: () => [...tasks.values()].map(taskJson),
    read: (id) => {
      const task = tasks.get(id);
      return task === undefined ? null : taskJson(task);
    },
    cancel: (id) => {
      const task = tasks.get(id);
      if (task === undefined) return null;
      if (task.endedMs !== null || task.abort.signal.aborted) return false;
      task.abort.abort();
      return true;
    },
    close: async () => {
      for (const task of tasks.values()) task.abort.abort();
      await Promise.all(ends);
    },
  };
}

function newTask({ newId, clock }: TaskScannerOptions, scan: TaskScan, context: RequestContext): Task {
  return {
    id: newId(),
    scan,
    context,
    abort: new AbortController(),
    state: 'INITIALIZED',
    processed: 0,
    total: 0,
    successes: 0,
    failures: 0,
    skipped: 0,
    startedMs: clock.nowMs(),
    endedMs: null,
  };
}

async function carryOut(options: TaskScannerOptions, task: Task): Promise<void> {
  const { log, clock } = options;
  try {
    // whoever began it is told its id first
    await Promise.resolve();
    task.state = 'ACTIVE';
    await warnOfOffsets(options, task.scan, task.context);
    const found = pages(options, task);
    await Promise.all(Array.from({ length: task.scan.threads }, () => work(options, task, found)));
    task.state = isOver(task) ? 'CANCELLED' : 'COMPLETED';
  } catch (error) {
    task.state = 'ERROR';
    log.write('error', `the scan of ${task.scan.object} for tasks failed: ${messageOf(error)}`);
  }
  task.endedMs = clock.nowMs();
}

/** Several take objects from one walk; an asynchronous generator serves them one after the other. */
async function work(options: TaskScannerOptions, task: Task, found: AsyncGenerator<StoredObject>): Promise<void> {
  for (let next = await found.next(); next.done !== true; next = await found.next()) {
    if (isOver(task)) return;
    await handle(options, task, next.value);
    task.processed++;
  }
}

const PAGE_SIZE = 500;

async function* pages({ router }: TaskScannerOptions, task: Task): AsyncGenerator<StoredObject> {
  const { scan, context } = task;
  let cookie: string | null = null;
  do {
    const limit: number = Math.min(PAGE_SIZE, (scan.maxRecords ?? Number.MAX_SAFE_INTEGER) - task.total);
    if (limit <= 0 || isOver(task)) return;
    const answer = await router.handle(
      {
        verb: 'query',
        path: scan.object,
        query: scan.query,
        parameters: {},
        fields: null,
        sortKeys: [],
        pageSize: limit,
        cookie,
        offset: 0,
        totals: 'NONE',
      },
      context,
    );
    if (answer.kind !== 'page') return;
    const { objects } = answer.page;
    task.total += objects.length;
    yield* objects;
    cookie = answer.page.cookie;
  } while (cookie !== null);
}

async function handle(options: TaskScannerOptions, task: Task, found: StoredObject): Promise<void> {
  const claimed = await claim(options, task, found);
  if (claimed === null) return;
  const { object, script } = task.scan;
  const variables: JsonObject = { input: claimed.object, objectID: `${object}/${claimed.id}` };
  const label = `task of ${object}/${claimed.id}`;
  try {
    const result = await options.runner.attempt(script, variables, task.context, label);
    if (!result.ok) options.log.write('error', `${label}: ${result.fault.message}`);
    if (!result.ok || result.value !== true) return void task.failures++;
    await complete(options, task, claimed.id);
    task.successes++;
  } catch (error) {
    options.log.write('error', `${label}: ${messageOf(error)}`);
    task.failures++;
  }
}

/** Null: it is done already, or somebody else has it, or it cannot be claimed. */
async function claim(
  { router, clock, log }: TaskScannerOptions,
  task: Task,
  found: StoredObject,
): Promise<StoredObject | null> {
  const skipped = (): null => {
    task.skipped++;
    return null;
  };
  const { object, started, completed, timeoutMs } = task.scan;
  const nowMs = clock.nowMs();
  if ((getAt(found.object, completed) ?? null) !== null) return skipped();
  const since = getAt(found.object, started);
  const sinceMs = typeof since === 'string' ? Date.parse(since) : Number.NaN;
  if (nowMs - sinceMs < timeoutMs) return skipped();
  const operations = [{ operation: 'add', field: formatPointer(started), value: isoTime(nowMs) }];
  const path = `${object}/${found.id}`;
  try {
    return await router.object(
      { verb: 'patch', path, rev: found.rev, operations, parameters: {}, fields: null },
      task.context,
    );
  } catch (error) {
    const isTaken = error instanceof Failure && ['revision', 'not-found', 'conflict'].includes(error.code);
    if (isTaken) return skipped();
    log.write('error', `${path} could not be claimed for its task: ${messageOf(error)}`);
    task.failures++;
    return null;
  }
}

/** The script may have changed the object, or deleted it. */
async function complete({ router, clock }: TaskScannerOptions, { scan, context }: Task, id: string): Promise<void> {
  const operations = [{ operation: 'add', field: formatPointer(scan.completed), value: isoTime(clock.nowMs()) }];
  try {
    const path = `${scan.object}/${id}`;
    await router.object({ verb: 'patch', path, rev: null, operations, parameters: {}, fields: null }, context);
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'not-found')) throw error;
  }
}

function isOver({ abort, context }: Task): boolean {
  return abort.signal.aborted || context.signal?.aborted === true;
}

function forgetOldest(tasks: Map<string, Task>, keep: number): void {
  const over = [...tasks.values()].filter(({ endedMs }) => endedMs !== null);
  for (const { id } of over.slice(0, Math.max(0, over.length - keep))) tasks.delete(id);
}

function taskJson({ id, state, processed, total, successes, failures, skipped, startedMs, endedMs }: Task): JsonObject {
  return {
    _id: id,
    progress: { state, processed, total, successes, failures, skipped },
    started: isoTime(startedMs),
    ended: endedMs === null ? null : isoTime(endedMs),
  };
}
