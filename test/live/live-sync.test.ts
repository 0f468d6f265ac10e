import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/failure.ts';
import type { JsonObject } from '../../src/base/json.ts';
import { ADMIN, idOf, js, system } from '../implicit/sync-project.ts';
import { intoUsers, openLiveProject, type LiveProject } from './live-project.ts';

const STAGE = 'repo/synchronisation/pooledSyncStage';
const person = (name: string, mail = `${name}@example.com`): JsonObject => ({ name, mail });

async function started(...given: Parameters<typeof openLiveProject>): Promise<LiveProject> {
  const project = await openLiveProject(...given);
  await project.live();
  return project;
}

/** A reconciliation finds nothing to do. */
async function isInStep(project: LiveProject): Promise<void> {
  const answer = await project.action('recon', 'recon', { mapping: 'hr_users', waitForCompletion: 'true' });
  const run = await project.read(`recon/${idOf(answer)}`);
  const summary = run['statusSummary'] as JsonObject;
  expect(run['state']).toBe('SUCCESS');
  expect(summary['FAILURE']).toBe(0);
  const entries = await project.lockstep.repository.runs.entries(idOf(answer), { limit: 1000 });
  expect(entries.filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after))).toEqual([]);
}

describe('liveSync', () => {
  it('stores the token of now at the first call, and handles nothing', async () => {
    await using project = await openLiveProject();
    await project.hr.put('u1', person('ann'));
    expect(await project.live()).toEqual({
      _id: 'SYSTEMHRACCOUNT',
      _rev: '0',
      connectorData: { nativeType: 'integer', syncToken: 1 },
    });
    expect(await project.users()).toEqual({});
  });

  it('brings creates, updates and deletes in, and moves the token', async () => {
    await using project = await started();
    await project.hr.put('u1', person('ann'));
    await project.hr.put('u2', person('bob'));
    await project.hr.put('u2', person('bob', 'new@example.com'));
    expect(await project.live()).toMatchObject({ connectorData: { syncToken: 3 } });
    expect(await project.users()).toMatchObject({ ann: { mail: 'ann@example.com' }, bob: { mail: 'new@example.com' } });
    await project.hr.remove('u1');
    expect(await project.live()).toMatchObject({ connectorData: { syncToken: 4 } });
    expect(Object.keys(await project.users())).toEqual(['bob']);
    await isInStep(project);
  });

  it('writes the stage with each call', async () => {
    await using project = await started();
    expect((await project.live())['_rev']).toBe('1');
    expect((await project.live())['_rev']).toBe('2');
  });

  it('lets the link follow a renamed object', async () => {
    await using project = await started();
    await project.hr.put('u1', person('ann'));
    await project.live();
    const [before] = await project.query('managed/user', 'true');
    await project.hr.rename('u1', 'u9');
    await project.hr.put('u9', person('ann', 'renamed@example.com'));
    await project.live();
    const after = await project.query('managed/user', 'true');
    expect(after).toMatchObject([{ _id: before!['_id'], mail: 'renamed@example.com' }]);
    await isInStep(project);
  });

  it('shows mappings the id before a rename', async () => {
    const seen = { source: '_previous-id', target: 'was' };
    const properties = [{ source: 'name', target: 'userName' }, seen];
    await using project = await started({ mappings: [intoUsers({ properties })] });
    await project.hr.put('u1', person('ann'));
    await project.hr.rename('u1', 'u2');
    await project.live();
    expect(await project.users()).toMatchObject({ ann: { was: 'u1' } });
  });

  it('correlates a deleted object by what it was', async () => {
    await using project = await openLiveProject();
    await project.hr.put('u1', person('ann'));
    await project.create('managed/user', 'x', { userName: 'ann' });
    await project.live();
    await project.hr.remove('u1');
    await project.live();
    expect(await project.users()).toEqual({});
  });

  it('passes what it changed on to other systems, in one transaction', async () => {
    const out = {
      name: 'users_ldap',
      source: 'managed/user',
      target: 'system/ldap/account',
      properties: [{ source: 'userName', target: 'name' }],
      policies: [{ situation: 'ABSENT', action: 'CREATE' }],
    };
    const files = { 'conf/provisioner.openicf-ldap.json': system('ldap') };
    await using project = await started({ mappings: [intoUsers(), out], files });
    await project.hr.put('u1', person('ann'));
    await project.live();
    expect(Object.values(await project.held('ldap'))).toEqual([{ name: 'ann' }]);
    const { rows } = await project.lockstep.repository.audit.page('sync', { limit: 10 });
    expect(rows.map(({ event }) => event['mapping'])).toEqual(['hr_users', 'users_ldap']);
    expect(new Set(rows.map(({ transactionId }) => transactionId)).size).toBe(1);
    expect(await project.queue()).toEqual([]);
  });

  it('counts a change as handled that no mapping wants', async () => {
    await using project = await started({ mappings: [intoUsers({ enableSync: false })] });
    await project.hr.put('u1', person('ann'));
    expect(await project.live()).toMatchObject({ connectorData: { syncToken: 1 } });
    expect(await project.users()).toEqual({});
  });

  it('writes an activity entry for each change that was handled', async () => {
    await using project = await started();
    await project.hr.put('u1', person('ann'));
    await project.hr.put('u1', person('ann', 'other'));
    await project.hr.remove('u1');
    await project.live();
    const { rows } = await project.lockstep.repository.audit.page('activity', { limit: 100 });
    const own = rows.filter(({ event }) => event['objectId'] === 'sync');
    expect(own.map(({ event }) => [event['message'], event['status']])).toEqual([
      ['sync-create', 'SUCCESS'],
      ['sync-update', 'SUCCESS'],
      ['sync-delete', 'SUCCESS'],
    ]);
  });

  it('reads objects that the feed only names', async () => {
    await using project = await started();
    project.hr.hidesObjects = true;
    await project.hr.put('u1', person('ann'));
    await project.hr.put('u2', person('bob'));
    await project.hr.remove('u2');
    await project.live();
    expect(Object.keys(await project.users())).toEqual(['ann']);
  });

  it('knows what an object was that vanished before a change of it could be read', async () => {
    await using project = await openLiveProject();
    await project.hr.put('u1', person('ann'));
    await project.create('managed/user', 'x', { userName: 'ann' });
    await project.live();
    project.hr.hidesObjects = true;
    await project.hr.put('u1', person('ann', 'other'));
    project.hr.pageLimit = 1;
    await project.hr.remove('u1');
    await project.live();
    expect(await project.users()).toEqual({});
    const { rows } = await project.lockstep.repository.audit.page('activity', { limit: 100 });
    const messages = rows.map(({ event }) => event['message']).filter((one) => String(one).startsWith('sync-'));
    expect(messages).toEqual(['sync-delete']);
  });

  it('goes on after a lost connection where it was', async () => {
    await using project = await started();
    for (const name of ['a', 'b', 'c', 'd']) await project.hr.put(name, person(name));
    project.hr.pageLimit = 1;
    project.hr.breaksAfter = 2;
    await expect(project.live()).rejects.toMatchObject({ status: 503 });
    expect(await project.read(`${STAGE}/SYSTEMHRACCOUNT`)).toMatchObject({ connectorData: { syncToken: 2 } });
    project.hr.breaksAfter = Infinity;
    await project.live();
    expect(Object.keys(await project.users())).toEqual(['a', 'b', 'c', 'd']);
  });

  it('refuses a second call while one runs', async () => {
    await using project = await started();
    await project.hr.put('u1', person('ann'));
    const [one, two] = await Promise.allSettled([project.live(), project.live()]);
    expect(one.status).toBe('fulfilled');
    expect(two).toMatchObject({ status: 'rejected', reason: { status: 409 } });
  });

  it('begins anew when the stage is deleted', async () => {
    await using project = await started();
    await project.hr.put('u1', person('ann'));
    const { rev } = (await project.lockstep.repository.objects.readMany(STAGE, ['SYSTEMHRACCOUNT']))[0]!;
    const base = { path: `${STAGE}/SYSTEMHRACCOUNT`, parameters: {}, fields: null };
    await project.lockstep.router.handle({ verb: 'delete', ...base, rev: String(rev) }, ADMIN);
    expect(await project.live()).toMatchObject({ _rev: '0', connectorData: { syncToken: 1 } });
    expect(await project.users()).toEqual({});
  });

  it('takes a token that was put by hand, as a value of its type', async () => {
    await using project = await started();
    await project.hr.put('u1', person('ann'));
    await project.live();
    await project.remove(`managed/user/${String((await project.query('managed/user', 'true'))[0]!['_id'])}`);
    await project.update(`${STAGE}/SYSTEMHRACCOUNT`, { connectorData: { nativeType: 'integer', syncToken: '0' } });
    expect(await project.live()).toMatchObject({ connectorData: { nativeType: 'integer', syncToken: 1 } });
    expect(Object.keys(await project.users())).toEqual(['ann']);
  });

  it('answers the same at system, and for all types of a system', async () => {
    await using project = await started();
    await project.hr.put('u1', person('ann'));
    const source = 'system/hr/account';
    expect(await project.action('system', 'liveSync', { source })).toMatchObject({ _id: 'SYSTEMHRACCOUNT', _rev: '1' });
    expect(await project.live('system/hr')).toMatchObject({ _id: 'SYSTEMHR__ALL__', connectorData: { syncToken: 1 } });
    await project.hr.put('u2', person('bob'));
    expect(await project.action('system/hr', 'activeSync')).toMatchObject({ connectorData: { syncToken: 2 } });
    expect(Object.keys(await project.users())).toEqual(['ann', 'bob']);
  });

  it('tells the errors of the call by their kind', async () => {
    const files = { 'conf/provisioner.openicf-mem.json': system('mem') };
    await using project = await started({ files });
    await expect(project.live('system/none/account')).rejects.toMatchObject({ status: 404 });
    await expect(project.live('system/hr/none')).rejects.toMatchObject({ status: 404 });
    await expect(project.action('system', 'liveSync')).rejects.toMatchObject({ status: 400 });
    await expect(project.live('system/mem/account')).rejects.toMatchObject({ status: 501 });
    project.hr.fault = new Failure('unreachable', 'nobody answers');
    await expect(project.live()).rejects.toMatchObject({ status: 503 });
  });

  it('reconciles the source, guarded, when its token has expired', async () => {
    await using project = await started();
    for (const name of ['a', 'b', 'c']) await project.hr.put(name, person(name));
    await project.live();
    await project.hr.remove('a');
    await project.hr.put('d', person('d'));
    project.hr.forget(5);
    expect(await project.live()).toMatchObject({ connectorData: { syncToken: 5 } });
    expect(Object.keys(await project.users())).toContain('d');
    expect(project.logged.some((line) => line.includes('cannot go on where it stopped'))).toBe(true);
    await project.hr.put('e', person('e'));
    const answer = await project.live();
    expect(answer).toMatchObject({ connectorData: { syncToken: 6 } });
    expect(answer).not.toHaveProperty('resync');
    expect(Object.keys(await project.users())).toContain('e');
  });

  it('deletes no more than the guard allows when its token has expired, and is not in the way afterwards', async () => {
    await using project = await started();
    const names = Array.from({ length: 40 }, (_, i) => `n${i}`);
    for (const name of names) await project.hr.put(name, person(name));
    await project.live();
    for (const name of names.slice(0, 39)) await project.hr.remove(name);
    project.hr.forget(79);
    const stage = await project.live();
    expect(stage).toMatchObject({ connectorData: { syncToken: 79 } });
    expect(Object.keys(await project.users())).toHaveLength(40);
    await project.hr.put('x', person('x'));
    expect(await project.live()).toMatchObject({ connectorData: { syncToken: 80 } });
    expect(Object.keys(await project.users())).toContain('x');
  });

  it('tries the reconciliation again that could not take the place of lost changes', async () => {
    await using project = await started();
    await project.hr.put('a', person('a'));
    project.hr.forget(1);
    const { repository } = project.lockstep;
    const token = await repository.leases.acquire('recon/hr_users', 'other-host/1/x', 60_000);
    const stage = await project.live();
    expect(stage).toMatchObject({ connectorData: { syncToken: 0 }, resync: { mappings: ['hr_users'] } });
    expect(JSON.stringify(stage['lastException'])).toContain('hr_users');
    await repository.leases.release('recon/hr_users', token!);
    const next = await project.live();
    expect(next).toMatchObject({ connectorData: { syncToken: 1 } });
    expect(next).not.toHaveProperty('resync');
    expect(Object.keys(await project.users())).toEqual(['a']);
  });

  it('does not give a push a second meaning when one of two mappings failed', async () => {
    const keep = { situation: 'SOURCE_MISSING', action: 'UNLINK' };
    const first = intoUsers({ policies: [{ situation: 'ABSENT', action: 'CREATE' }, keep] });
    const second = {
      name: 'hr_ldap',
      source: 'system/hr/account',
      target: 'system/ldap/account',
      properties: [{ source: 'name', target: 'name' }],
      policies: [{ situation: 'ABSENT', action: 'CREATE' }],
    };
    const files = { 'conf/provisioner.openicf-ldap.json': system('ldap') };
    await using project = await started({ mappings: [first, second], files });
    await project.hr.put('u1', person('ann'));
    await project.live();
    await project.hr.remove('u1');
    for (let i = 0; i < 2; i++) {
      const stage = await project.live();
      // SOURCE_MISSING is an exception by default; the first mapping has unlinked meanwhile, and must not fail for it.
      expect(JSON.stringify(stage['lastException'])).not.toContain('UNASSIGNED');
    }
    const { rows } = await project.lockstep.repository.audit.page('sync', { limit: 100 });
    expect(
      rows.filter(({ event }) => event['status'] === 'FAILURE').map(({ event }) => event['mapping']),
    ).not.toContain('hr_users');
    expect(Object.keys(await project.users())).toEqual(['ann']);
  });

  it('gives hooks the source object as it was', async () => {
    const onUpdate = js('target.was = oldSource.mail');
    await using project = await started({ mappings: [intoUsers({ onUpdate })] });
    await project.hr.put('u1', person('ann', 'one'));
    await project.live();
    await project.hr.put('u1', person('ann', 'two'));
    await project.live();
    expect(await project.users()).toMatchObject({ ann: { was: 'one' } });
  });
});
