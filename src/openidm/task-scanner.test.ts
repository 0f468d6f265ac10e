import { describe, expect, it } from 'vitest';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { once, openScheduledProject, type ScheduledProject } from './testing/scheduled-project.ts';

const HOUR = 3_600_000;
const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();

const SCAN: JsonObject = {
  _queryFilter: '((/sunset/date lt "${Time.now}") AND !(/sunset/task-completed pr))',
  object: 'managed/user',
  taskState: { started: '/sunset/task-started', completed: '/sunset/task-completed' },
  recovery: { timeout: '10m' },
};

const NOTE = 'openidm.patch(objectID, null, [{ operation: "add", field: "/note", value: input.name }]); true';

function schedule(more: JsonObject = {}, scan: JsonObject = {}, source = NOTE): JsonObject {
  return {
    schedule: '0 0 3 * * ?',
    invokeService: 'taskscanner',
    invokeContext: {
      waitForCompletion: true,
      numberOfThreads: 2,
      scan: { ...SCAN, ...scan },
      task: { script: { type: 'text/javascript', source } },
      ...more,
    },
  };
}

async function scanned(p: ScheduledProject): Promise<JsonObject> {
  const answer = await p.action('taskscanner', 'execute', null, { name: 'schedule/sunset' });
  const id = isJsonObject(answer) ? String(answer['_id']) : '';
  return p.read(`taskscanner/${id}`);
}

async function open(job: JsonObject, users: Readonly<Record<string, JsonObject>>): Promise<ScheduledProject> {
  // whatever else the machine does, the scripts here are in time
  const patient = { scripts: { timeoutMs: 60_000 } };
  const p = await openScheduledProject({ 'conf/schedule-sunset.json': job, 'conf/lockstep.json': patient });
  for (const [id, user] of Object.entries(users)) await p.create('managed/user', id, { name: id, ...user });
  return p;
}

const notes = async (p: ScheduledProject): Promise<Json> =>
  (await p.query('managed/user', '/note pr')).objects.map(({ object }) => object['note'] ?? null).toSorted() as Json;

describe('a task scanner', () => {
  it('runs its script for what is due, and notes that it did', async () => {
    await using p = await open(schedule(), {
      due: { sunset: { date: ago(HOUR) } },
      later: { sunset: { date: ago(-HOUR) } },
      done: { sunset: { date: ago(HOUR), 'task-completed': ago(HOUR / 2) } },
      none: {},
    });
    const task = await scanned(p);
    expect(task).toMatchObject({ progress: { state: 'COMPLETED', processed: 1, total: 1, successes: 1, failures: 0 } });
    expect(await notes(p)).toEqual(['due']);
    const { sunset } = await p.read('managed/user/due');
    expect(Object.keys(sunset as JsonObject)).toEqual(['date', 'task-started', 'task-completed']);
    expect((await scanned(p))['progress']).toMatchObject({ total: 0 });
    expect((await p.read('taskscanner'))['tasks']).toHaveLength(2);
  });

  it('knows the query scan-tasks', async () => {
    const query = { _queryId: 'scan-tasks', property: 'sunset/date', condition: { before: '${Time.now}' } };
    const { _queryFilter: _, ...scan } = SCAN;
    const job = schedule({ scan: { ...scan, ...query } });
    await using p = await open(job, { due: { sunset: { date: ago(HOUR) } }, later: { sunset: { date: ago(-HOUR) } } });
    expect((await scanned(p))['progress']).toMatchObject({ total: 1, successes: 1 });
    expect(await notes(p)).toEqual(['due']);
  });

  it('respects a claim until it is too old', async () => {
    await using p = await open(schedule(), {
      fresh: { sunset: { date: ago(HOUR), 'task-started': ago(60_000) } },
      stale: { sunset: { date: ago(HOUR), 'task-started': ago(HOUR) } },
    });
    expect((await scanned(p))['progress']).toMatchObject({ processed: 2, successes: 1, failures: 0, skipped: 1 });
    expect(await notes(p)).toEqual(['stale']);
  });

  it.each([
    ['another value than true', '"true"'],
    ['an error', 'throw "no"'],
  ])('%s is a failure, and the object is left for a later scan', async (_, source) => {
    await using p = await open(schedule({}, { recovery: {} }, source), { due: { sunset: { date: ago(HOUR) } } });
    expect((await scanned(p))['progress']).toMatchObject({ state: 'COMPLETED', successes: 0, failures: 1 });
    expect((await p.read('managed/user/due'))['sunset']).not.toHaveProperty('task-completed');
    expect((await scanned(p))['progress']).toMatchObject({ failures: 1 });
  });

  it('an object that its script deletes is done', async () => {
    const source = 'openidm["delete"](objectID, null); true';
    await using p = await open(schedule({}, {}, source), { due: { sunset: { date: ago(HOUR) } } });
    expect((await scanned(p))['progress']).toMatchObject({ successes: 1, failures: 0 });
    expect((await p.query('managed/user')).objects).toEqual([]);
  });

  it('warns once of a time that is not in UTC, with its object and property', async () => {
    const east = '2020-01-01T02:00:00+02:00';
    await using p = await open(schedule(), {
      due: { sunset: { date: ago(HOUR) } },
      east: { sunset: { date: east } },
      west: { sunset: { date: '2020-01-01T02:00:00-05:00' } },
    });
    const warnings = (): readonly string[] => p.logged.filter((line) => line.startsWith('warn: the scan of'));
    await scanned(p);
    expect(warnings()).toEqual([
      expect.stringMatching(/\/sunset\/date of managed\/user\/(east|west) is "2020-01-01T02/),
    ]);
    await p.update('managed/user/east', { name: 'east', sunset: { date: ago(HOUR) } });
    await p.update('managed/user/west', { name: 'west', sunset: { date: ago(HOUR) } });
    await scanned(p);
    expect(warnings()).toHaveLength(1);
  });

  it('takes no more than it may', async () => {
    const users = Object.fromEntries(['a', 'b', 'c'].map((id) => [id, { sunset: { date: ago(HOUR) } }]));
    await using p = await open(schedule({ maxRecords: 2 }), users);
    expect((await scanned(p))['progress']).toMatchObject({ total: 2, successes: 2 });
    expect((await scanned(p))['progress']).toMatchObject({ total: 1, successes: 1 });
  });

  it('two scans at once do each object once', async () => {
    const users = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`u${i}`, { sunset: { date: ago(HOUR) } }]));
    const source = 'openidm.create("managed/user", null, { note: input.name }); true';
    await using p = await open(schedule({}, {}, source), users);
    const tasks = await Promise.all([scanned(p), scanned(p)]);
    expect(await notes(p)).toEqual(Object.keys(users).toSorted());
    const count = (name: string): number =>
      tasks.reduce((sum, { progress }) => sum + Number((progress as JsonObject)[name]), 0);
    expect([count('successes'), count('failures')]).toEqual([12, 0]);
  });

  it('is fired by its schedule, which waits for its end', async () => {
    const job = { ...schedule({ waitForCompletion: false }), type: 'simple' };
    await using p = await open(job, { due: { sunset: { date: ago(HOUR) } } });
    await p.tree.scheduler.start();
    await p.tree.scheduler.idle();
    expect(await notes(p)).toEqual(['due']);
  });

  it('can be cancelled', async () => {
    await using p = await open(schedule({ waitForCompletion: false }), { due: { sunset: { date: ago(HOUR) } } });
    const answer = (await p.action('taskscanner', 'execute', null, { name: 'schedule/sunset' })) as JsonObject;
    const place = `taskscanner/${String(answer['_id'])}`;
    expect(await p.action(place, 'cancel')).toEqual({ _id: answer['_id'], action: 'cancel', status: 'SUCCESS' });
    while ((await p.read(place))['ended'] === null) await new Promise((resolve) => void setTimeout(resolve, 10));
    expect((await p.read(place))['progress']).toMatchObject({ state: 'CANCELLED' });
    expect(await p.action(place, 'cancel')).toMatchObject({ status: 'FAILURE' });
  });

  it('a query that cannot be run is an error of the scan', async () => {
    await using p = await open(schedule({}, { object: 'managed/nobody' }), {});
    expect(await scanned(p)).toMatchObject({ progress: { state: 'ERROR' } });
  });

  it.each<[Record<string, string>, number]>([
    [{}, 400],
    [{ name: 'schedule/none' }, 404],
    [{ name: 'schedule/other' }, 400],
  ])('execute with %j is refused', async (parameters, status) => {
    await using p = await openScheduledProject({ 'conf/schedule-other.json': once('1') });
    await expect(p.action('taskscanner', 'execute', null, parameters)).rejects.toEqual(
      expect.objectContaining({ status }),
    );
    await expect(p.action('taskscanner/x', 'cancel')).rejects.toEqual(expect.objectContaining({ status: 404 }));
    await expect(p.read('taskscanner/x')).rejects.toEqual(expect.objectContaining({ status: 404 }));
  });
});
