import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { Failure } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { Job } from './job.ts';
import type { JobBook } from './job-row.ts';
import { memoryBook } from './memory-book.ts';
import { describeFault, readJob } from './read-job.ts';
import { openScheduler, type Exclusion, type Firing, type Scheduler, type SchedulerSettings } from './scheduler.ts';
import { FakeTime } from './testing/fake-time.ts';

const START = '2026-06-01T12:00:00Z';
const SETTINGS: SchedulerSettings = { threadCount: 10, executePersistentSchedules: true };

function job(id: string, more: JsonObject = {}): Job {
  const json = { timeZone: 'UTC', schedule: '0 * * * * ?', invokeService: 'script', persisted: false, ...more };
  const read = readJob(id, json, { persisted: false });
  if (read.job === null) throw new Error(read.faults.map((one) => describeFault(one, true)).join());
  return read.job;
}

/** Processes that share what is stored, and one clock. */
class World {
  readonly time = new FakeTime(START);
  readonly stored: JobBook = memoryBook();
  /** `12:01:00 a` */
  readonly fired: string[] = [];
  readonly logged: string[] = [];
  /** Jobs that go on until they are let go. */
  readonly held = new Set<string>();
  readonly dead = new Set<string>();
  readonly locks = new Set<string>();
  /** Processes that die as soon as they have taken a job. */
  readonly doomed = new Set<string>();
  readonly schedulers: Scheduler[] = [];
  readonly #waiting: { readonly id: string; readonly end: () => void }[] = [];

  async open(jobs: readonly Job[], settings: Partial<SchedulerSettings> = {}, node = 'node1'): Promise<Scheduler> {
    const log: Log = { write: (level, message) => void this.logged.push(`${level}: ${message}`) };
    let ids = 0;
    const scheduler = openScheduler({
      stored: this.stored,
      exclusion: this.exclusion(node),
      nodeId: node,
      fire: (firing) => this.#fire(firing),
      clock: this.time,
      timers: this.time,
      log,
      newId: () => `${node}-${ids++}`,
    });
    this.schedulers.push(scheduler);
    await scheduler.configure(jobs, { ...SETTINGS, ...settings });
    await scheduler.start();
    return scheduler;
  }

  exclusion(owner: string): Exclusion {
    return {
      owner,
      isGone: async (other) => this.dead.has(other),
      announce: async () => async () => {},
      hold: async (name) => {
        if (this.doomed.delete(owner)) {
          this.dead.add(owner);
          return new Promise(() => {});
        }
        if (this.locks.has(name)) return null;
        this.locks.add(name);
        return async () => void this.locks.delete(name);
      },
    };
  }

  async #fire({ job: { id }, signal }: Firing): Promise<void> {
    this.fired.push(`${new Date(this.time.nowMs()).toISOString().slice(11, 19)} ${id}`);
    if (id === 'broken') throw new Error('no good');
    if (id === 'elsewhere') throw new Failure('locked', 'it is running already');
    if (!this.held.has(id)) return;
    await new Promise<void>((resolve) => {
      this.#waiting.push({ id, end: resolve });
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async letGo(): Promise<void> {
    this.held.clear();
    for (const { end } of this.#waiting.splice(0)) end();
    await this.settle();
  }

  async pass(seconds: number): Promise<void> {
    await this.time.advance(seconds * 1000, () => this.settle());
  }

  /** Nothing here waits for anything but promises. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => void setImmediate(resolve));
    }
  }
}

describe('a scheduler', () => {
  let world = new World();
  afterEach(async () => {
    for (const scheduler of world.schedulers) await scheduler.stop();
    world = new World();
  });

  it('fires a job at its times, and not before', async () => {
    await world.open([job('a'), job('b', { schedule: '30 0/2 * * * ?' })]);
    await world.pass(59);
    expect(world.fired).toEqual(['12:00:30 b']);
    await world.pass(121);
    expect(world.fired).toEqual(['12:00:30 b', '12:01:00 a', '12:02:00 a', '12:02:30 b', '12:03:00 a']);
  });

  it('sleeps until the next time, never longer than it looks after others', async () => {
    await world.open([job('a', { schedule: '2 0 12 * * ?' })]);
    await world.pass(0);
    expect(world.time.nextDelayMs()).toBe(2000);
    await world.pass(2);
    expect(world.time.nextDelayMs()).toBe(3000);
    await world.open([job('c', { schedule: '0 0 3 * * ?' })], { executePersistentSchedules: false }, 'n2');
    await world.schedulers[0]!.stop();
    await world.pass(0);
    expect(world.time.nextDelayMs()).toBe(60_000);
  });

  it('fires a simple job once, at its start or at once', async () => {
    await world.open([
      job('now', { type: 'simple' }),
      job('later', { type: 'simple', startTime: '2026-06-01T12:05:00' }),
    ]);
    await world.pass(3600);
    expect(world.fired).toEqual(['12:00:00 now', '12:05:00 later']);
    expect((await world.schedulers[0]!.read('now'))!.trigger.nextMs).toBeNull();
  });

  it('repeats a simple job as often as it says', async () => {
    await world.open([job('a', { type: 'simple', repeatInterval: 20_000, repeatCount: 2 })]);
    await world.pass(3600);
    expect(world.fired).toEqual(['12:00:00 a', '12:00:20 a', '12:00:40 a']);
  });

  it('keeps to start and end, on the clock of the zone', async () => {
    const bounds = { timeZone: 'Europe/Berlin', startTime: '2026-06-01T14:02:00', endTime: '2026-06-01T14:04:00' };
    await world.open([job('a', bounds)]);
    await world.pass(600);
    expect(world.fired).toEqual(['12:02:00 a', '12:03:00 a', '12:04:00 a']);
  });

  it('does not fire what is switched off', async () => {
    await world.open([job('a', { enabled: false })]);
    await world.pass(300);
    expect(world.fired).toEqual([]);
  });

  it('goes on after a job that failed, and tells it', async () => {
    await world.open([job('broken')]);
    await world.pass(120);
    expect(world.fired).toHaveLength(2);
    expect(world.logged.filter((line) => line.startsWith('error'))).toEqual([
      'error: job broken failed: no good',
      'error: job broken failed: no good',
    ]);
  });

  it('what is being done elsewhere already is no error', async () => {
    await world.open([job('elsewhere')]);
    await world.pass(120);
    expect(world.fired).toHaveLength(2);
    expect(world.logged.filter((line) => !line.startsWith('debug'))).toEqual([
      'info: job elsewhere is not carried out now: it is running already',
      'info: job elsewhere is not carried out now: it is running already',
    ]);
  });

  it.each([false, true])(
    'skips a job that is still being carried out, unless it may (persisted: %s)',
    async (persisted) => {
      world.held.add('alone').add('many');
      const stop = { persisted, endTime: '2026-06-01T12:03:30' };
      await world.open([job('alone', stop), job('many', { ...stop, concurrentExecution: true })]);
      await world.pass(180);
      expect(world.fired.filter((line) => line.endsWith('alone'))).toEqual(['12:01:00 alone']);
      expect(world.fired.filter((line) => line.endsWith('many'))).toHaveLength(3);
      expect(world.schedulers[0]!.executing().map((firing) => firing.job.id)).toEqual([
        'alone',
        'many',
        'many',
        'many',
      ]);
      await world.letGo();
      expect(world.schedulers[0]!.executing()).toEqual([]);
      expect([...world.locks]).toEqual([]);
    },
  );

  it('carries out no more jobs at once than it may; the others follow', async () => {
    world.held.add('a').add('b');
    const once = { schedule: '0 1 12 * * ?' };
    await world.open([job('a', once), job('b', once), job('c', once)], { threadCount: 2 });
    await world.pass(65);
    expect(world.fired).toEqual(['12:01:00 a', '12:01:00 b']);
    await world.letGo();
    await world.pass(1);
    expect(world.fired.at(-1)).toBe('12:01:05 c');
  });

  it('makes up once for any number of missed times, or for none', async () => {
    await world.open([job('once'), job('none', { misfirePolicy: 'doNothing' })]);
    world.time.jump(605_000);
    await world.schedulers[0]!.tick();
    await world.settle();
    expect(world.fired).toEqual(['12:10:05 once']);
    await world.pass(60);
    expect(world.fired).toEqual(['12:10:05 once', '12:11:00 none', '12:11:00 once']);
  });

  it('fires what is late by ten seconds, under either policy', async () => {
    await world.open([job('a', { misfirePolicy: 'doNothing', schedule: '0 1 * * * ?' })]);
    world.time.jump(70_000);
    await world.schedulers[0]!.tick();
    expect(world.fired).toEqual(['12:01:10 a']);
  });

  it('drops or makes up a simple job that was missed', async () => {
    const past = { type: 'simple', startTime: '2026-06-01T11:00:00' };
    await world.open([job('made', past), job('dropped', { ...past, misfirePolicy: 'doNothing' })]);
    await world.pass(60);
    expect(world.fired).toEqual(['12:00:00 made']);
  });

  it('fires nothing while it is paused; what runs goes on', async () => {
    world.held.add('a');
    const scheduler = await world.open([job('a'), job('p', { persisted: true })]);
    await world.pass(60);
    scheduler.pause();
    await world.pass(300);
    expect(world.fired).toEqual(['12:01:00 a', '12:01:00 p']);
    expect(scheduler.executing()).toHaveLength(1);
    scheduler.resume();
    await world.pass(0);
    expect(world.fired.at(-1)).toBe('12:06:00 p');
  });

  it('follows the files: what changed begins anew, what is the same goes on, what is gone goes', async () => {
    const scheduler = await world.open([job('same', { schedule: '0 5 12 * * ?' }), job('gone'), job('changed')]);
    const before = await scheduler.read('same');
    await scheduler.configure(
      [job('same', { schedule: '0 5 12 * * ?' }), job('changed', { schedule: '30 * * * * ?' }), job('new')],
      SETTINGS,
    );
    expect((await scheduler.list()).map((row) => row.job.id)).toEqual(['changed', 'new', 'same']);
    expect(await scheduler.read('same')).toEqual(before);
    await world.pass(60);
    expect(world.fired).toEqual(['12:00:30 changed', '12:01:00 new']);
  });

  it('stops what it carries out, and fires no more', async () => {
    world.held.add('a');
    const scheduler = await world.open([job('a')]);
    await world.pass(60);
    await scheduler.stop();
    expect(scheduler.executing()).toEqual([]);
    await world.pass(300);
    expect(world.fired).toEqual(['12:01:00 a']);
  });
});

describe('several schedulers over one store', () => {
  let world = new World();
  afterEach(async () => {
    for (const scheduler of world.schedulers) await scheduler.stop();
    world = new World();
  });

  it('fire a persisted job once, and one in memory each', async () => {
    const jobs = [job('p', { persisted: true }), job('m')];
    for (const node of ['n1', 'n2', 'n3']) await world.open(jobs, {}, node);
    await world.pass(180);
    expect(world.fired.filter((line) => line.endsWith('p'))).toEqual(['12:01:00 p', '12:02:00 p', '12:03:00 p']);
    expect(world.fired.filter((line) => line.endsWith('m'))).toHaveLength(9);
  });

  it('carry a persisted job out once at a time', async () => {
    world.held.add('p');
    for (const node of ['n1', 'n2']) await world.open([job('p', { persisted: true })], {}, node);
    await world.pass(300);
    expect(world.fired).toEqual(['12:01:00 p']);
    await world.letGo();
    await world.pass(60);
    expect(world.fired).toEqual(['12:01:00 p', '12:06:00 p']);
  });

  it('a job that a process took before it died waits again, and is fired by another', async () => {
    await world.open([], {}, 'n2');
    const row = (await world.stored.create({
      job: job('p', { persisted: true }),
      origin: 'rest',
      trigger: {
        setUpMs: 0,
        nextMs: Date.parse('2026-06-01T12:01:00Z'),
        previousMs: null,
        acquired: { owner: 'n1', nodeId: 'n1', sinceMs: 0 },
      },
    }))!;
    await world.pass(65);
    expect(world.fired).toEqual([]);
    expect((await world.stored.read('p'))!.rev).toBe(row.rev);
    world.dead.add('n1');
    await world.pass(3);
    expect(world.fired).toHaveLength(1);
    expect(world.fired[0]).toMatch(/^12:01:0[6-9] p$/);
    expect((await world.stored.read('p'))!.trigger.acquired).toBeNull();
  });

  it('one that may not execute persisted jobs leaves them to the others', async () => {
    await world.open([job('p', { persisted: true })], { executePersistentSchedules: false }, 'n1');
    await world.pass(120);
    expect(world.fired).toEqual([]);
    await world.open([job('p', { persisted: true })], {}, 'n2');
    await world.pass(60);
    expect(world.fired).toEqual(['12:02:00 p', '12:03:00 p']);
  });

  it('a job that is stored by another process is noticed', async () => {
    const first = await world.open([], {}, 'n1');
    await world.open([], { executePersistentSchedules: false }, 'n2');
    await world.schedulers[1]!.create(job('p', { persisted: true }));
    await world.pass(60);
    expect(world.fired).toEqual(['12:01:00 p']);
    expect((await first.read('p'))!.job.id).toBe('p');
  });

  it('every time is fired once, whichever of them die after they have taken a job', async () => {
    const nodes = ['n1', 'n2', 'n3', 'n4'];
    const doomed = fc.array(fc.subarray(nodes.slice(0, 3)), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(doomed, async (minutes) => {
        const crowd = new World();
        for (const node of nodes) await crowd.open([job('p', { persisted: true })], {}, node);
        for (const names of minutes) {
          crowd.doomed.clear();
          for (const name of names) if (!crowd.dead.has(name)) crowd.doomed.add(name);
          await crowd.pass(60);
        }
        // whoever comes last has up to three deaths before it, each noticed within three seconds
        await crowd.pass(20);
        expect(crowd.fired.map((line) => line.slice(0, 5))).toEqual(minutes.map((_, i) => `12:0${i + 1}`));
        await crowd.schedulers.at(-1)!.stop();
      }),
      { numRuns: 30 },
    );
  });
});
