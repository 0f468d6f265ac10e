import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JsonObject } from '../base/json.ts';
import { getAt, parsePointer } from '../base/json-pointer.ts';
import { answerOf } from '../resource/resource.ts';
import { once, openScheduledProject, type ScheduledProject } from './testing/scheduled-project.ts';

const HR: JsonObject = {
  name: 'hr',
  connectorRef: {
    connectorName: 'org.forgerock.openicf.csvfile.CSVFileConnector',
    bundleName: 'b',
    bundleVersion: '1',
  },
  configurationProperties: { csvFile: 'data/hr.csv', headerUid: 'uid' },
  objectTypes: {
    account: { nativeType: '__ACCOUNT__', properties: { uid: { type: 'string' }, name: { type: 'string' } } },
  },
};

const MAPPING: JsonObject = {
  name: 'hr_user',
  source: 'system/hr/account',
  target: 'managed/user',
  properties: [{ source: 'uid', target: 'uid' }],
  policies: [{ situation: 'ABSENT', action: 'CREATE' }],
};

const FILES = {
  'conf/provisioner.openicf-hr.json': HR,
  'conf/sync.json': { mappings: [MAPPING] },
  'data/hr.csv': 'uid,name\nann,Ann\nbob,Bob\n',
};

const sync = (mapping: JsonObject | string, more: JsonObject = {}): JsonObject => ({
  type: 'simple',
  invokeService: 'sync',
  invokeContext: { action: 'reconcile', mapping, ...more },
});

async function fireAll({ tree: { scheduler } }: ScheduledProject): Promise<void> {
  await scheduler.start();
  await scheduler.idle();
}

async function uids({ query }: ScheduledProject): Promise<readonly unknown[]> {
  return (await query('managed/user')).objects.map(({ object }) => object['uid']).toSorted();
}

function textAt(event: JsonObject, pointer: string): string | null {
  const value = getAt(event, parsePointer(pointer));
  return typeof value === 'string' ? value : null;
}

describe('a scheduled job', () => {
  it('for sync runs a mapping to its end', async () => {
    await using p = await openScheduledProject({ ...FILES, 'conf/schedule-all.json': sync('hr_user') });
    await fireAll(p);
    expect(await uids(p)).toEqual(['ann', 'bob']);
    const [run] = await p.lockstep.repository.runs.list({ limit: 10 });
    expect(run).toMatchObject({ mapping: 'hr_user', state: 'SUCCESS' });
  });

  it('for sync gives its further keys to the run', async () => {
    const sourceQuery = { _queryFilter: 'uid eq "bob"' };
    await using p = await openScheduledProject({
      ...FILES,
      'conf/schedule-some.json': sync('hr_user', { sourceQuery }),
    });
    await fireAll(p);
    expect(await uids(p)).toEqual(['bob']);
  });

  it.each(['file', 'rest'])('for sync runs a mapping of its own (%s)', async (origin) => {
    const own = { ...MAPPING, name: 'CSV_XML', properties: [{ source: 'name', target: 'uid' }] };
    const job = sync(own);
    await using p = await openScheduledProject({
      ...FILES,
      ...(origin === 'file' ? { 'conf/schedule-own.json': job } : {}),
    });
    if (origin === 'rest') await p.create('scheduler/job', 'own', job);
    await fireAll(p);
    expect(p.logged.filter((line) => line.startsWith('error'))).toEqual([]);
    expect(await uids(p)).toEqual(['Ann', 'Bob']);
    expect((await p.lockstep.repository.runs.list({ limit: 10 })).map(({ mapping }) => mapping)).toEqual(['CSV_XML']);
  });

  it('for script has its input and its further keys as variables', async () => {
    const source =
      'openidm.create("managed/user", input.id, { uid: greeting, cause: context.security.authenticationId })';
    const script = { type: 'text/javascript', source, greeting: 'hello' };
    const job = {
      type: 'simple',
      invokeService: 'org.forgerock.openidm.script',
      invokeContext: { script, input: { id: 'x' } },
    };
    await using p = await openScheduledProject({ 'conf/schedule-s.json': job });
    await fireAll(p);
    expect(await p.read('managed/user/x')).toMatchObject({ uid: 'hello', cause: 'system' });
  });

  it('for script may have its input within the script', async () => {
    const script = { type: 'text/javascript', source: 'openidm.create("managed/user", input, {})', input: 'y' };
    const job = { type: 'simple', invokeService: 'script', invokeContext: { script } };
    await using p = await openScheduledProject({ 'conf/schedule-s.json': job });
    await fireAll(p);
    expect((await p.query('managed/user')).objects.map(({ id }) => id)).toEqual(['y']);
  });

  it('for provisioner asks for the changes of a collection, in full detail', async () => {
    const job = {
      type: 'simple',
      invokeService: 'provisioner',
      invokeContext: { action: 'liveSync', source: 'system/hr/account' },
    };
    await using p = await openScheduledProject({ ...FILES, 'conf/schedule-live.json': job });
    const asked: unknown[] = [];
    p.lockstep.router.mount('system/hr/account', {
      action: async ({ action, parameters }, id, context) => {
        asked.push({ action, parameters, id, cause: context.cause });
        return { ...answerOf('x', {}).object, lastException: { throwable: 'no such attribute' } };
      },
    });
    await fireAll(p);
    expect(asked).toEqual([{ action: 'liveSync', parameters: { detailedFailure: 'true' }, id: '', cause: 'schedule' }]);
    expect(p.logged).toContain(
      'error: job live failed: the changes of system/hr/account stopped at one that failed: no such attribute',
    );
  });

  it('for a service that there is not is told, and stays', async () => {
    await using p = await openScheduledProject({});
    await p.create('scheduler/job', 'odd', { type: 'simple', invokeService: 'org.example.mine' });
    await fireAll(p);
    expect(p.logged.filter((line) => line.startsWith('error'))).toEqual([
      'error: job odd failed: there is no service "org.example.mine": "invokeService" takes sync, provisioner, script, taskscanner',
    ]);
    expect(await p.read('scheduler/job/odd')).toMatchObject({ invokeService: 'org.example.mine' });
  });

  it('is an entry of audit/access, whether it failed or not', async () => {
    await using p = await openScheduledProject({
      'conf/schedule-good.json': once('1'),
      'conf/schedule-bad.json': once('throw { code: 404, message: "nobody" }'),
    });
    await fireAll(p);
    const events = await p.firings(2);
    const told = events.map((event) =>
      ['request/operation', 'request/detail/taskName', 'response/status', 'response/detail/reason'].map((pointer) =>
        textAt(event, pointer),
      ),
    );
    expect(told.toSorted((a, b) => (String(a[1]) < String(b[1]) ? -1 : 1))).toEqual([
      ['ScheduledTask', 'bad', 'FAILED', 'nobody'],
      ['ScheduledTask', 'good', 'SUCCESSFUL', null],
    ]);
  });
});

describe('processes that share a repository', () => {
  let data = '';
  beforeEach(() => {
    data = mkdtempSync(path.join(tmpdir(), 'lockstep-schedule-'));
  });
  afterEach(() => rmSync(data, { recursive: true, force: true }));

  it('fire each persisted job once', async () => {
    const ids = Array.from({ length: 20 }, (_, i) => `job${i}`);
    // there is no such service: firing it is all that happens
    const quick = { type: 'simple', persisted: true, invokeService: 'nothing' };
    const files = Object.fromEntries(ids.map((id) => [`conf/schedule-${id}.json`, quick]));
    await using one = await openScheduledProject(files, data);
    await using two = await openScheduledProject(files, data);
    const schedulers = [one.tree.scheduler, two.tree.scheduler];
    await Promise.all(schedulers.map((scheduler) => scheduler.start()));
    for (let open = true; open;) {
      await Promise.all(schedulers.map((scheduler) => scheduler.idle()));
      await Promise.all(schedulers.map((scheduler) => scheduler.tick()));
      open = (await one.tree.scheduler.list()).some(({ trigger }) => trigger.nextMs !== null);
    }
    await Promise.all(schedulers.map((scheduler) => scheduler.idle()));
    const fired = (await one.firings(ids.length)).map((event) => textAt(event, 'request/detail/taskName'));
    expect(fired.toSorted()).toEqual(ids.toSorted());
  });

  it('a simple job is not fired again after a restart', async () => {
    const files = { 'conf/schedule-s.json': once('openidm.create("managed/user", null, {})', { persisted: true }) };
    for (let start = 0; start < 3; start++) {
      await using p = await openScheduledProject(files, data);
      await fireAll(p);
      expect((await p.query('managed/user')).objects).toHaveLength(1);
    }
  });
});
