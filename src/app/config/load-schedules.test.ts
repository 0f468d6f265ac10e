import { describe, expect, it } from 'vitest';
import { type JsonObject } from '../../base/json.ts';
import { BASE, configOf, faultsOf, js, LDAP_USER, withMapping } from './load-fixture.ts';

const JOB: JsonObject = {
  schedule: '0 0 3 * * ?',
  invokeService: 'sync',
  invokeContext: { action: 'reconcile', mapping: 'm' },
};

async function faults(change: JsonObject, more: JsonObject = {}): Promise<readonly string[]> {
  const found = await faultsOf(withMapping({}, { 'conf/schedule-s.json': { ...JOB, ...change }, ...more }));
  return found.map((text) => text.replace(' conf/schedule-s.json', ''));
}

describe('schedules of a project', () => {
  it('become jobs that are named after their files', async () => {
    const config = await configOf(withMapping({}, { 'conf/schedule-my-job.json': JOB }));
    expect(config.schedules.map(({ job, file, mapping }) => [job.id, job.persisted, file, mapping])).toEqual([
      ['my-job', false, 'conf/schedule-my-job.json', null],
    ]);
    expect(config.scheduler).toEqual({ threadCount: 10, executePersistentSchedules: true });
  });

  it('may have every member, as text where properties put it in', async () => {
    const job = {
      enabled: '&{on}',
      persisted: true,
      type: 'cron',
      startTime: '2026-01-01T00:00:00',
      endTime: '2030-01-01T00:00:00',
      misfirePolicy: 'doNothing',
      timeZone: 'Europe/Berlin',
      concurrentExecution: true,
      invokeLogLevel: 'debug',
    };
    const boot = { 'conf/boot/boot.properties': 'on=false' };
    expect(await faults(job, boot)).toEqual([]);
  });

  it.each<[JsonObject, readonly string[]]>([
    [
      { schedule: '0 0 25 * * ?' },
      ['error /schedule: "0 0 25 * * ?" is no cron expression: hour: 25 is not a number from 0 to 23'],
    ],
    [{ schedule: null }, ['error /schedule: the key "schedule" is missing']],
    [{ type: 'weekly' }, ['error /type: "weekly" is not known here']],
    [{ timeZone: 'Berlin' }, ['error /timeZone: "Berlin" is no time zone']],
    [{ persisted: 'x' }, ['error /persisted: "x" is neither true nor false']],
    [{ invokeService: null }, ['error /invokeService: the key "invokeService" is missing']],
    [{ invokeService: 'mail' }, ['warning /invokeService: there is no such service here: the job will do nothing']],
    [
      { misfirePolice: 'doNothing' },
      ['warning /misfirePolice: the key "misfirePolice" is not known and has no effect'],
    ],
    [{ invokeContext: { mapping: 'n' } }, ['warning /invokeContext/mapping: there is no mapping "n"']],
    [{ invokeContext: {} }, ['error /invokeContext/mapping: there is no mapping to be run']],
    [
      { enabled: false, schedule: 'x' },
      [
        'warning /schedule: "x" is no cron expression: it has 1 fields: six or seven are needed, "second minute hour day-of-month month day-of-week [year]"',
      ],
    ],
    [
      { invokeService: 'provisioner', invokeContext: { source: 'system/nowhere/account' } },
      ['warning /invokeContext/source: there is no system "nowhere"'],
    ],
    [
      { invokeService: 'provisioner', invokeContext: {} },
      ['error /invokeContext/source: there is no collection whose changes are to be read'],
    ],
    [{ invokeService: 'script', invokeContext: {} }, ['error /invokeContext/script: there is no script to be run']],
    [
      { invokeService: 'script', invokeContext: { script: { type: 'text/javascript', file: 'none.js' } } },
      ['error /invokeContext/script/file: the script none.js is neither in script/ nor in the project directory'],
    ],
    [{ invokeService: 'script', invokeContext: { script: js('1') } }, []],
  ])('%j: %j', async (change, expected) => {
    expect(await faults(change)).toEqual(expected);
  });

  it('values that come from properties are not told', async () => {
    const found = await faults({ schedule: '&{when}' }, { 'conf/boot/boot.properties': 'when=hush' });
    expect(found[0]).toMatch(/^error \/schedule: the value of "schedule" is no cron expression/);
    expect(found.join()).not.toContain('hush');
  });

  it('a mapping of their own is checked like any other, at its place', async () => {
    const own = { ...LDAP_USER, name: 'own', links: 'm', properties: [{ source: 'uid', target: 'uid' }] };
    const config = await configOf(
      withMapping({}, { 'conf/schedule-s.json': { ...JOB, invokeContext: { mapping: own } } }),
    );
    expect(config.schedules[0]!.mapping).toMatchObject({ name: 'own', links: 'm', pointer: '/invokeContext/mapping' });
    const wrong = { ...own, policies: [{ situation: 'ABSENT', action: 'DANCE' }], target: 'managed/nobody' };
    expect((await faults({ invokeContext: { mapping: wrong } })).map((text) => text.split(':')[0]!).toSorted()).toEqual(
      [
        'error /invokeContext/mapping/links',
        'error /invokeContext/mapping/policies/0/action',
        'error /invokeContext/mapping/target',
      ],
    );
  });
});

describe('scheduler.json', () => {
  it('takes numbers and truth values as text, too', async () => {
    const file = { threadPool: { threadCount: '3' }, scheduler: { executePersistentSchedules: 'false' } };
    const config = await configOf({ ...BASE, 'conf/scheduler.json': file });
    expect(config.scheduler).toEqual({ threadCount: 3, executePersistentSchedules: false });
  });

  it('may refer to the property that OpenIDM has for it', async () => {
    const file = { scheduler: { executePersistentSchedules: '&{openidm.scheduler.execute.persistent.schedules}' } };
    expect((await configOf({ ...BASE, 'conf/scheduler.json': file })).scheduler.executePersistentSchedules).toBe(true);
  });

  it('what is wrong is told', async () => {
    const file = { threadPool: { threadCount: 0, threads: 1 }, scheduler: { executePersistentSchedules: 'perhaps' } };
    expect(
      (await faultsOf({ ...BASE, 'conf/scheduler.json': file })).filter((one) => one.includes('scheduler.json')),
    ).toEqual([
      'error conf/scheduler.json /threadPool/threadCount: this is no number of jobs that are carried out at once: 1 to 1000',
      'warning conf/scheduler.json /threadPool/threads: the key "threads" is not known and has no effect',
      'error conf/scheduler.json /scheduler/executePersistentSchedules: this is neither true nor false',
    ]);
  });
});
