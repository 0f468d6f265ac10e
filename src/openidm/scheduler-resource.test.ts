import { describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { once, openScheduledProject } from './testing/scheduled-project.ts';

const NIGHTLY: JsonObject = {
  type: 'cron',
  schedule: '0 0 3 * * ?',
  timeZone: 'UTC',
  invokeService: 'sync',
  invokeContext: { action: 'reconcile', mapping: 'm' },
};

const JS = (source: string): JsonObject => ({ type: 'text/javascript', source });
const SCAN: JsonObject = {
  scan: { object: 'managed/user', _queryFilter: 'true', taskState: { started: '/a', completed: '/b' } },
};
const MAPPINGS = { mappings: [{ name: 'm', source: 'managed/user', target: 'managed/user', enableSync: false }] };
const open = (files: Readonly<Record<string, unknown>>): ReturnType<typeof openScheduledProject> =>
  openScheduledProject({ 'conf/sync.json': MAPPINGS, ...files });

const refused = (status: number, message = ''): unknown =>
  expect.objectContaining({ status, message: expect.stringContaining(message) });

describe('scheduler/job', () => {
  it('keeps jobs, and shows when they fire next', async () => {
    await using p = await open({});
    const made = await p.create('scheduler/job', 'nightly', NIGHTLY);
    expect(made).toMatchObject({
      _id: 'nightly',
      enabled: true,
      persisted: true,
      misfirePolicy: 'fireAndProceed',
      concurrentExecution: false,
      invokeService: 'org.forgerock.openidm.sync',
      invokeLogLevel: 'info',
      startTime: null,
      endTime: null,
    });
    const next = new Date(String(made['nextRunDate']));
    expect([next.getUTCHours(), next.getUTCMinutes(), next.getUTCSeconds()]).toEqual([3, 0, 0]);
    expect(next.getTime()).toBeGreaterThan(Date.now());
    expect(await p.read('scheduler/job/nightly')).toEqual(made);
    const changed = await p.update('scheduler/job/nightly', { ...NIGHTLY, enabled: false });
    expect(changed).toMatchObject({ enabled: false, nextRunDate: null, triggers: [] });
    expect(await p.remove('scheduler/job/nightly')).toMatchObject({ _id: 'nightly' });
    await expect(p.read('scheduler/job/nightly')).rejects.toEqual(refused(404));
  });

  it('makes up an id, and refuses one that is taken', async () => {
    await using p = await open({});
    const made = await p.create('scheduler/job', null, NIGHTLY);
    expect(made['_id']).toMatch(/^[0-9a-f-]{36}$/);
    await expect(p.create('scheduler/job', String(made['_id']), NIGHTLY)).rejects.toEqual(refused(412));
    await expect(p.update('scheduler/job/none', NIGHTLY)).rejects.toEqual(refused(404));
    await expect(p.update(`scheduler/job/${String(made['_id'])}`, NIGHTLY, '77')).rejects.toEqual(
      refused(412, 'revision'),
    );
  });

  it.each<[JsonObject, string]>([
    [{ schedule: '0 0 3 * *' }, '"schedule": "0 0 3 * *" is no cron expression: it has 5 fields'],
    [{ schedule: null }, '"schedule" is missing'],
    [{ type: 'weekly' }, '"type": "weekly" is not known here. It takes one of cron, simple.'],
    [{ timeZone: 'Mars/Phobos' }, '"timeZone": "Mars/Phobos" is no time zone'],
    [{ misfirePolicy: 'panic' }, 'misfirePolicy'],
    [{ invokeService: null }, '"invokeService" is missing'],
    [{ startTime: 'soon' }, '"startTime": "soon" is no time'],
    [{ enabled: 'maybe' }, 'is neither true nor false'],
    [{ type: 'simple', repeatInterval: 5 }, 'is less than 1000 milliseconds'],
    [{ invokeLogLevel: 'loud' }, 'invokeLogLevel'],
    [{ invokeContext: [] }, 'is no object'],
    [{ invokeContext: { mapping: { name: 'x', source: 'managed/user' } } }, 'the key "target" is missing'],
    [{ invokeContext: { mapping: 'none' } }, 'No such mapping: none (conf/sync.json has m)'],
    [{ invokeContext: {} }, 'needs "mapping"'],
    [{ startTime: '2030-01-02T00:00:00', endTime: '2030-01-01T23:59:59' }, 'is before "startTime"'],
    [{ startTime: '2030-01-02T00:00:00Z', endTime: '2030-01-02T00:30:00+01:00' }, 'is before "startTime"'],
    [{ invokeService: 'script', invokeContext: { script: JS('var = 1') } }, 'invokeContext/script'],
    [{ invokeService: 'script', invokeContext: { script: { type: 'text/javascript', file: 'no.js' } } }, 'no.js'],
    [{ invokeService: 'script', invokeContext: {} }, '"script" must be a script'],
    [{ invokeService: 'taskscanner', invokeContext: { ...SCAN, task: { script: JS('(') } } }, 'task/script'],
    [{ invokeService: 'taskscanner', invokeContext: { task: { script: JS('1') } } }, 'the scan of a task scanner'],
  ])('refuses %j', async (change, message) => {
    await using p = await open({});
    await expect(p.create('scheduler/job', 'x', { ...NIGHTLY, ...change })).rejects.toEqual(refused(400, message));
    expect((await p.query('scheduler/job')).objects).toEqual([]);
  });

  it('that cannot be carried out any more can be switched off', async () => {
    await using p = await open({});
    await p.create('scheduler/job', 'x', {
      ...NIGHTLY,
      endTime: '2040-01-01T00:00:00',
      startTime: '2030-01-01T00:00:00',
    });
    const gone = { ...NIGHTLY, invokeContext: { mapping: 'gone' } };
    await expect(p.update('scheduler/job/x', gone)).rejects.toEqual(refused(400, 'No such mapping: gone'));
    expect(await p.update('scheduler/job/x', { ...gone, enabled: false })).toMatchObject({ enabled: false });
  });

  it('is queried with filter, order and pages', async () => {
    await using p = await open({ 'conf/schedule-file.json': NIGHTLY });
    for (const id of ['c', 'a', 'b']) await p.create('scheduler/job', id, { ...NIGHTLY, enabled: id !== 'b' });
    const ids = async (filter?: string, more = {}): Promise<unknown> =>
      (await p.query('scheduler/job', filter, more)).objects.map(({ id }) => id);
    expect(await ids()).toEqual(['a', 'b', 'c', 'file']);
    expect(await ids('enabled eq false')).toEqual(['b']);
    expect(await ids('persisted eq false')).toEqual(['file']);
    expect(await ids('true', { sortKeys: [{ pointer: ['_id'], isDescending: true }], pageSize: 2 })).toEqual([
      'file',
      'c',
    ]);
    const first = await p.query('scheduler/job', 'true', { pageSize: 3 });
    expect(first.total).toBe(4);
    expect(await ids('true', { pageSize: 3, cookie: first.cookie })).toEqual(['file']);
    const all = { kind: 'id', queryId: 'query-all-ids', parameters: {} } as const;
    expect((await p.query('scheduler', 'true', { query: all })).objects.map(({ object }) => object)[0]).toEqual({
      _id: 'a',
    });
  });

  it('the older form is the same, and says 409 for a taken id', async () => {
    await using p = await open({});
    await p.create('scheduler', 'old', NIGHTLY);
    expect(await p.read('scheduler/old')).toEqual(await p.read('scheduler/job/old'));
    await expect(p.create('scheduler', null, { ...NIGHTLY, _id: 'old' })).rejects.toEqual(refused(409));
    await p.update('scheduler/old', { ...NIGHTLY, enabled: false });
    expect(await p.remove('scheduler/old')).toMatchObject({ enabled: false });
  });

  it('checks cron expressions', async () => {
    await using p = await open({});
    const check = (cronExpression: string): Promise<unknown> =>
      p.action('scheduler', 'validateQuartzCronExpression', { cronExpression });
    expect(await check('0 0/5 14 * * ?')).toEqual({ valid: true });
    expect(await check('0 0/5 14 * * *')).toEqual({ valid: false });
    await expect(p.action('scheduler', 'validateQuartzCronExpression', {})).rejects.toEqual(refused(400));
    await expect(p.action('scheduler', 'dance')).rejects.toEqual(refused(400, 'Unknown action'));
  });

  it('pauses and resumes, and shows what is being carried out', async () => {
    await using p = await open({});
    await p.tree.scheduler.start();
    expect(await p.action('scheduler/job', 'pauseJobs')).toEqual({ success: true });
    await p.create('scheduler/job', 'x', once('openidm.create("managed/user", "made", {}); 1'));
    await p.tree.scheduler.tick();
    expect((await p.query('managed/user')).objects).toEqual([]);
    expect(await p.action('scheduler/job', 'listCurrentlyExecutingJobs')).toEqual([]);
    expect(await p.action('scheduler/job', 'resumeJobs')).toEqual({ success: true });
    const firing = p.tree.scheduler.tick();
    await firing;
    const running = await p.action('scheduler/job', 'listCurrentlyExecutingJobs');
    expect(Array.isArray(running) && running.map((one) => isJsonObject(one) && one['_id'])).toEqual(['x']);
    await p.tree.scheduler.idle();
    expect((await p.query('managed/user')).objects.map(({ id }) => id)).toEqual(['made']);
  });

  it('shows triggers of persisted jobs', async () => {
    await using p = await open({ 'conf/schedule-file.json': NIGHTLY });
    await p.create('scheduler/job', 'x', NIGHTLY);
    const id = 'scheduler-service-group_$x$x$_trigger-x';
    const trigger = await p.read(`scheduler/trigger/${id}`);
    expect(trigger).toMatchObject({
      _id: id,
      name: 'trigger-x',
      group: 'scheduler-service-group',
      previous_state: -1,
      state: 0,
      acquired: false,
      nodeId: null,
    });
    expect((await p.query('scheduler/trigger')).objects.map(({ object }) => object)).toEqual([trigger]);
    expect(await p.read('scheduler/waitingTriggers')).toEqual({ _id: 'waitingTriggers', names: [id] });
    expect(await p.read('scheduler/acquiredTriggers')).toEqual({ _id: 'acquiredTriggers', names: [] });
    await expect(p.read('scheduler/trigger/x')).rejects.toEqual(refused(404));
    await expect(p.remove(`scheduler/trigger/${id}`)).rejects.toEqual(refused(501));
  });
});

describe('config/schedule', () => {
  it('is in force at once', async () => {
    await using p = await open({});
    await p.tree.scheduler.start();
    await p.create('config/schedule', 'made', once('openidm.create("managed/user", "one", {})'));
    await p.tree.scheduler.tick();
    await p.tree.scheduler.idle();
    expect((await p.query('managed/user')).objects.map(({ id }) => id)).toEqual(['one']);
    await p.update('config/schedule/made', NIGHTLY);
    expect(await p.read('scheduler/job/made')).toMatchObject({ schedule: '0 0 3 * * ?', persisted: false });
    await p.remove('config/schedule/made');
    await expect(p.read('scheduler/job/made')).rejects.toEqual(refused(404));
  });

  it('refuses what cannot be', async () => {
    await using p = await open({});
    const wrong = p.create('config/schedule', 'x', { ...NIGHTLY, schedule: '0 0 25 * * ?' });
    await expect(wrong).rejects.toEqual(refused(400, 'hour: 25 is not a number from 0 to 23'));
    const script = { type: 'text/javascript', source: 'if (' };
    const broken = p.create('config/schedule', 'x', { ...NIGHTLY, invokeService: 'script', invokeContext: { script } });
    await expect(broken).rejects.toEqual(refused(400, 'job x'));
    await expect(p.read('config/schedule/x')).rejects.toEqual(refused(404));
  });
});
