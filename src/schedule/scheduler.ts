import type { Clock } from '../base/clock.ts';
import { Failure, messageOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { NewId } from '../base/uuid.ts';
import { decideDue } from './due.ts';
import { followFiles } from './file-jobs.ts';
import type { Job } from './job.ts';
import { bookOf, createJob, deleteJob, findJob, listJobs, updateJob, type Books } from './job-edits.ts';
import type { JobBook, JobRow } from './job-row.ts';
import { memoryBook } from './memory-book.ts';
import { fireAfter } from './timing.ts';
import { systemTimers, wakeTimer, type Timers, type WakeTimer } from './wake-timer.ts';

/** A job that is being carried out. */
export interface Firing {
  /** Of this one time. */
  readonly id: string;
  readonly job: Job;
  /** When it was due. */
  readonly dueMs: number;
  readonly firedMs: number;
  /** Aborted when the scheduler stops. */
  readonly signal: AbortSignal;
}

/** What keeps processes that share a repository apart. */
export interface Exclusion {
  /** Names this scheduler. */
  readonly owner: string;
  /** Whether the scheduler of that name does not live any more. */
  isGone(owner: string): Promise<boolean>;
  /** Tells that this one lives, until what it gives is called. */
  announce(): Promise<() => Promise<void>>;
  /** A lock across processes, which ends with its process; null: another one holds it. Gives what releases it. */
  hold(name: string): Promise<(() => Promise<void>) | null>;
}

/** `conf/scheduler.json`. */
export interface SchedulerSettings {
  /** Jobs that are carried out at once. */
  readonly threadCount: number;
  /** False: this process never fires persisted jobs. */
  readonly executePersistentSchedules: boolean;
}

export interface SchedulerOptions {
  readonly stored: JobBook;
  readonly exclusion: Exclusion;
  /** What the administrator calls this process. */
  readonly nodeId: string;
  /** Carries a job out. Rejects if that failed; what it rejects with is logged. */
  readonly fire: (firing: Firing) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
  readonly newId: NewId;
  readonly timers?: Timers;
}

/** Fires jobs at their times (specification §11). Persisted ones are fired by one process of those that share the repository. */
export interface Scheduler {
  /** The jobs of the files of the project, as they are now. Before `start`, persisted ones are left alone. */
  configure(jobs: readonly Job[], settings: SchedulerSettings): Promise<void>;
  /** Begins to fire. */
  start(): Promise<void>;
  /** Fires no more, aborts what is being carried out, and waits for its end, half a minute at most. */
  stop(): Promise<void>;
  /** Looks at every job now. Resolves when what is due has begun; it is called by timers, and by tests. */
  tick(): Promise<void>;
  /** By id. */
  list(): Promise<readonly JobRow[]>;
  read(id: string): Promise<JobRow | null>;
  /** Throws `Failure('exists')`. */
  create(job: Job): Promise<JobRow>;
  /** Throws `not-found`, and `revision` unless `rev` is null or that of the job. */
  update(job: Job, rev: string | null): Promise<JobRow>;
  remove(id: string, rev: string | null): Promise<JobRow>;
  /** This process fires nothing until `resume`; what is under way goes on. */
  pause(): void;
  resume(): void;
  /** Of this process. */
  executing(): readonly Firing[];
  /** Resolves when nothing is being carried out. */
  idle(): Promise<void>;
}

export function openScheduler(options: SchedulerOptions): Scheduler {
  return new Service(options);
}

/** So often others are looked after: what they stored, and clocks that jumped. */
const POLL_MS = 3000;
const LONGEST_SLEEP_MS = 60_000;
const STOP_MS = 30_000;

class Service implements Scheduler {
  readonly #options: SchedulerOptions;
  readonly #books: Books;
  readonly #running = new Map<string, { readonly firing: Firing; readonly end: Promise<void> }>();
  readonly #abort = new AbortController();
  readonly #wake: WakeTimer;
  #settings: SchedulerSettings = { threadCount: 10, executePersistentSchedules: true };
  #files: readonly Job[] = [];
  #state: 'idle' | 'started' | 'stopped' = 'idle';
  #isPaused = false;
  #ticks: Promise<void> = Promise.resolve();
  #leave: () => Promise<void> = async () => {};
  #told = '';

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#books = { stored: options.stored, memory: memoryBook() };
    this.#wake = wakeTimer(
      options.timers ?? systemTimers,
      () => options.clock.nowMs(),
      () => void this.tick(),
    );
  }

  async configure(jobs: readonly Job[], settings: SchedulerSettings): Promise<void> {
    this.#settings = settings;
    this.#files = jobs;
    await followFiles(this.#books, jobs, this.#nowMs(), this.#state === 'started');
    this.#soon();
  }

  async start(): Promise<void> {
    if (this.#state !== 'idle') return;
    this.#leave = await this.#options.exclusion.announce();
    this.#state = 'started';
    await this.configure(this.#files, this.#settings);
    await this.tick();
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#wake.cancel();
    await this.#ticks;
    this.#abort.abort();
    await this.#idleWithin(STOP_MS);
    await this.#leave();
  }

  tick(): Promise<void> {
    this.#ticks = this.#ticks.then(() => this.#look());
    return this.#ticks;
  }

  list(): Promise<readonly JobRow[]> {
    return listJobs(this.#books);
  }

  read(id: string): Promise<JobRow | null> {
    return findJob(this.#books, id);
  }

  create(job: Job): Promise<JobRow> {
    return this.#edited(createJob(this.#books, job, this.#nowMs()));
  }

  update(job: Job, rev: string | null): Promise<JobRow> {
    return this.#edited(updateJob(this.#books, job, rev, this.#nowMs()));
  }

  remove(id: string, rev: string | null): Promise<JobRow> {
    return this.#edited(deleteJob(this.#books, id, rev));
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#soon();
  }

  executing(): readonly Firing[] {
    return [...this.#running.values()].map(({ firing }) => firing);
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all([...this.#running.values()].map(({ end }) => end));
  }

  async #edited(edit: Promise<JobRow>): Promise<JobRow> {
    const row = await edit;
    this.#soon();
    return row;
  }

  #soon(): void {
    if (this.#state === 'started') this.#wake.wakeWithin(0);
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    if (this.#state !== 'started') return;
    let next = this.#settings.executePersistentSchedules ? POLL_MS : LONGEST_SLEEP_MS;
    try {
      const nextMs = this.#isPaused ? null : await this.#fireDue();
      if (nextMs !== null) next = Math.min(next, Math.max(0, nextMs - this.#nowMs()));
      this.#told = '';
    } catch (error) {
      const message = `jobs could not be looked at, which is tried again: ${messageOf(error)}`;
      if (message !== this.#told) this.#options.log.write('error', message);
      this.#told = message;
    }
    if (this.#isStarted()) this.#wake.wakeWithin(next);
  }

  #isStarted(): boolean {
    return this.#state === 'started';
  }

  /** Answers when the next job is due. */
  async #fireDue(): Promise<number | null> {
    const { stored, memory } = this.#books;
    const rows = [...(await memory.rows()), ...(this.#settings.executePersistentSchedules ? await stored.rows() : [])];
    const queue = rows.filter(({ trigger }) => trigger.nextMs !== null).sort(byTime);
    let next: number | null = null;
    for (let row = queue.shift(); row !== undefined; row = queue.shift()) {
      if (!this.#isStarted()) return null;
      const left = await this.#consider(row);
      const dueMs = left?.trigger.nextMs ?? null;
      if (left === null || dueMs === null) continue;
      // behind the others, so that one that is always due does not hold them up
      if (left !== row && dueMs <= this.#nowMs()) queue.push(left);
      else if (dueMs > this.#nowMs()) next = Math.min(next ?? dueMs, dueMs);
    }
    return next;
  }

  /** What the job is like afterwards; null: somebody else has changed it. The same row: nothing was to be done, or could be. */
  async #consider(row: JobRow): Promise<JobRow | null> {
    const decision = decideDue(row, this.#nowMs());
    if (decision.kind === 'never') return null;
    if (decision.kind === 'later') return row;
    const free = await this.#ifWaiting(row);
    if (free !== row) return free;
    if (decision.kind === 'drop') return this.#moveOn(row, decision.nextMs, 'its time was missed');
    if (this.#isBusy(row)) return this.#moveOn(row, decision.nextMs, 'it is still being carried out');
    if (this.#running.size >= this.#settings.threadCount) return row;
    return this.#fire(row, decision.dueMs, decision.nextMs);
  }

  /** A job that a process has taken, and then died, waits again. Null: it is taken. */
  async #ifWaiting(row: JobRow): Promise<JobRow | null> {
    const { acquired } = row.trigger;
    if (acquired === null) return row;
    const { exclusion, log } = this.#options;
    // one of our own is left over from a moment when the repository did not answer: nothing else looks at jobs here
    if (acquired.owner !== exclusion.owner && !(await exclusion.isGone(acquired.owner))) return null;
    log.write('warn', `job ${row.job.id}: ${acquired.nodeId} took it and did not fire it; it waits again`);
    return bookOf(this.#books, row.job).write(row, { ...row, trigger: { ...row.trigger, acquired: null } });
  }

  #isBusy({ job }: JobRow): boolean {
    return !job.concurrentExecution && this.executing().some((firing) => firing.job.id === job.id);
  }

  async #moveOn(row: JobRow, nextMs: number | null, reason: string): Promise<JobRow | null> {
    this.#options.log.write('debug', `job ${row.job.id} is not fired: ${reason}`);
    const trigger = { ...row.trigger, acquired: null, nextMs: skipPast(row, nextMs, this.#nowMs()) };
    return bookOf(this.#books, row.job).write(row, { ...row, trigger });
  }

  /** Takes the job, then says that it was fired, and only then does it: whoever dies in between has not fired it. */
  async #fire(row: JobRow, dueMs: number, nextMs: number | null): Promise<JobRow | null> {
    const { exclusion, nodeId } = this.#options;
    const book = bookOf(this.#books, row.job);
    const acquired = { owner: exclusion.owner, nodeId, sinceMs: this.#nowMs() };
    const taken = await book.write(row, { ...row, trigger: { ...row.trigger, acquired } });
    if (taken === null) return null;
    const isAlone = row.job.persisted && !row.job.concurrentExecution;
    const release = isAlone ? await exclusion.hold(`schedule/job/${row.job.id}`) : async (): Promise<void> => {};
    if (release === null) return this.#moveOn(taken, nextMs, 'another process is still carrying it out');
    const trigger = { ...row.trigger, acquired: null, nextMs, previousMs: dueMs };
    const fired = await book.write(taken, { ...taken, trigger }).catch(async (error: unknown) => {
      await release();
      throw error;
    });
    if (fired === null) await release();
    else this.#launch(fired.job, dueMs, release);
    return fired;
  }

  #launch(job: Job, dueMs: number, release: () => Promise<void>): void {
    const { newId, fire, log } = this.#options;
    const firing: Firing = { id: newId(), job, dueMs, firedMs: this.#nowMs(), signal: this.#abort.signal };
    const end = (async () => {
      try {
        await fire(firing);
      } catch (error) {
        if (isUnderWay(error)) log.write('info', `job ${job.id} is not carried out now: ${messageOf(error)}`);
        else log.write('error', `job ${job.id} failed: ${messageOf(error)}`);
      }
      await release().catch((error: unknown) => log.write('error', `job ${job.id}: ${messageOf(error)}`));
      this.#running.delete(firing.id);
      this.#soon();
    })();
    this.#running.set(firing.id, { firing, end });
  }

  async #idleWithin(deadlineMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = (this.#options.timers ?? systemTimers).after(deadlineMs, resolve);
    await Promise.race([this.idle(), promise]);
    cancel();
    for (const { job } of this.executing())
      this.#options.log.write('warn', `job ${job.id} did not end when it was asked to`);
  }

  #nowMs(): number {
    return this.#options.clock.nowMs();
  }
}

/** What it is to do is being done already: by another process, or because somebody asked for it. Its next time follows. */
function isUnderWay(error: unknown): boolean {
  return error instanceof Failure && error.code === 'locked';
}

function byTime(a: JobRow, b: JobRow): number {
  return a.trigger.nextMs! - b.trigger.nextMs! || (a.job.id < b.job.id ? -1 : 1);
}

/** Of times that are past by now, none is left behind. */
function skipPast({ job, trigger }: JobRow, nextMs: number | null, nowMs: number): number | null {
  return nextMs === null || nextMs > nowMs ? nextMs : fireAfter(job, nowMs, trigger.setUpMs);
}
