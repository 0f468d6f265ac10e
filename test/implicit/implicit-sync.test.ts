import { describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/failure.ts';
import { interfere, js, openSyncProject, out, system, user } from './sync-project.ts';

const TWO = {
  'conf/managed.json': user(),
  'conf/provisioner.openicf-a.json': system('a'),
  'conf/provisioner.openicf-b.json': system('b'),
  'conf/sync.json': { mappings: [out('a'), out('b')] },
};

const SYNCED = "openidm.create('managed/seen', null, {results: syncResults})";
const refuse = async () => [{ ok: false, code: 'bad-request', message: 'refused' } as const];

describe('a change of a managed object', () => {
  it('is pushed to every mapping whose source it is, before the request is answered', async () => {
    await using project = await openSyncProject(TWO);
    await project.create('managed/user', 'u', { userName: 'ann', mail: 'a@x' });
    expect(Object.values(await project.held('a'))).toEqual([{ name: 'ann', mail: 'a@x' }]);
    await project.patch('managed/user/u', [{ operation: 'replace', field: '/mail', value: 'b@x' }]);
    await project.update('managed/user/u', { userName: 'anne', mail: 'b@x' });
    for (const name of ['a', 'b'])
      expect(Object.values(await project.held(name))).toEqual([{ name: 'anne', mail: 'b@x' }]);
    await project.remove('managed/user/u');
    expect([await project.held('a'), await project.held('b')]).toEqual([{}, {}]);
    expect(await project.query('repo/link', 'true')).toEqual([]);
    expect(await project.queue()).toEqual([]);
  });

  it('leaves an audit entry for each mapping', async () => {
    await using project = await openSyncProject(TWO);
    await project.create('managed/user', 'u', { userName: 'ann' });
    await project.remove('managed/user/u');
    const entries = await project.query('audit/sync', 'true');
    const told = entries.map((one) => [one['mapping'], one['situation'], one['action'], one['status']].join(' '));
    expect(told.toSorted()).toEqual([
      'managedUser_a ABSENT CREATE SUCCESS',
      'managedUser_a SOURCE_MISSING DELETE SUCCESS',
      'managedUser_b ABSENT CREATE SUCCESS',
      'managedUser_b SOURCE_MISSING DELETE SUCCESS',
    ]);
    expect(entries[0]).toMatchObject({ sourceObjectId: 'managed/user/u', transactionId: 'tx-1' });
  });

  it('passes by a mapping that is not to be synchronized', async () => {
    const mappings = [out('a', { enableSync: false }), out('b')];
    await using project = await openSyncProject({ ...TWO, 'conf/sync.json': { mappings } });
    await project.create('managed/user', 'u', { userName: 'ann' });
    expect(Object.keys(await project.held('a'))).toHaveLength(0);
    expect(Object.keys(await project.held('b'))).toHaveLength(1);
  });

  it('is told to onSync with the result of each mapping; those after a failure are skipped', async () => {
    const objects = [
      { name: 'user', onSync: js(SYNCED), schema: { properties: { userName: { type: 'string' } } } },
      { name: 'seen', schema: { properties: {} } },
    ];
    await using project = await openSyncProject({ ...TWO, 'conf/managed.json': { objects } });
    await project.create('managed/user', 'u', { userName: 'ann' });
    interfere('a', refuse);
    await project.patch('managed/user/u', [{ operation: 'replace', field: '/userName', value: 'eve' }]);
    const seen = await project.query('managed/seen', 'true');
    const [created, updated] = seen.map((one) => one['results']);
    expect(created).toMatchObject({
      success: true,
      action: 'notifyCreate',
      syncDetails: [
        { result: 'SUCCESSFUL', mapping: 'managedUser_a', situation: 'ABSENT', action: 'CREATE', oldTargetValue: null },
        { result: 'SUCCESSFUL', mapping: 'managedUser_b', targetObjectSet: 'system/b/account', reconId: null },
      ],
    });
    expect(updated).toMatchObject({
      success: false,
      action: 'notifyUpdate',
      syncDetails: [
        {
          result: 'FAILED',
          mapping: 'managedUser_a',
          situation: 'CONFIRMED',
          cause: { code: 409, message: 'refused' },
        },
        { result: 'SKIPPED', mapping: 'managedUser_b', targetObjectSet: 'system/b/account' },
      ],
    });
  });

  it('that fails stays stored, is pushed later, and holds up nobody else', async () => {
    await using project = await openSyncProject(TWO);
    interfere('a', refuse);
    const created = await project.create('managed/user', 'u', { userName: 'ann' });
    expect(created).toMatchObject({ _id: 'u', userName: 'ann' });
    interfere('a', null);
    await project.drained();
    expect(Object.values(await project.held('a'))).toEqual([{ name: 'ann' }]);
    expect(Object.values(await project.held('b'))).toEqual([{ name: 'ann' }]);
    expect(await project.queue()).toEqual([]);
  });

  it('that is refused for good is set aside with its cause, and taken up again with the next change', async () => {
    const lockstep = { implicitSync: { maxAttempts: 2, firstDelayMs: 1, maxDelayMs: 1 } };
    await using project = await openSyncProject({ ...TWO, 'conf/lockstep.json': lockstep });
    interfere('a', refuse);
    await project.create('managed/user', 'u', { userName: 'ann' });
    await project.create('managed/user', 'v', { userName: 'bob' });
    await project.drained();
    expect(await project.queue()).toEqual([
      expect.objectContaining({ state: 'FAILED', cause: 'refused', mapping: 'managedUser_a', resourceId: 'u' }),
      expect.objectContaining({ state: 'FAILED', cause: 'refused', mapping: 'managedUser_a', resourceId: 'v' }),
    ]);
    interfere('a', null);
    await project.patch('managed/user/u', [{ operation: 'replace', field: '/userName', value: 'anne' }]);
    expect(Object.values(await project.held('a'))).toEqual([{ name: 'anne' }]);
    const [left] = await project.query('sync/queue', 'true');
    expect(left).toMatchObject({ state: 'FAILED', resourceId: 'v', syncAction: 'notifyCreate', cause: 'refused' });
    expect(await project.action(`sync/queue/${String(left!['_id'])}`, 'replay')).toMatchObject({ replayed: 1 });
    await project.drained();
    expect(Object.values(await project.held('a'))).toHaveLength(2);
  });

  it('waits as long as its target is out of reach', async () => {
    const lockstep = { implicitSync: { maxAttempts: 1, firstDelayMs: 1, maxDelayMs: 1 } };
    await using project = await openSyncProject({ ...TWO, 'conf/lockstep.json': lockstep });
    let asked = 0;
    interfere('a', async () => {
      asked++;
      throw new Failure('unreachable', 'the cable is out');
    });
    await project.create('managed/user', 'u', { userName: 'ann' });
    expect(asked).toBeGreaterThan(0);
    expect(await project.queue()).toContainEqual(
      expect.objectContaining({ state: 'PENDING', mapping: 'managedUser_a', cause: 'the cable is out' }),
    );
    interfere('a', null);
    await project.drained();
    expect(Object.values(await project.held('a'))).toHaveLength(1);
  });

  it('made by a reconciliation is pushed in batches', async () => {
    const hr = {
      name: 'hr_managedUser',
      source: 'system/hr/account',
      target: 'managed/user',
      properties: [{ source: 'name', target: 'userName' }],
    };
    const people = Array.from({ length: 2000 }, (_, i) => ({ _id: `p${i}`, name: `person ${i}` }));
    const source = { ...system('hr'), configurationProperties: { objects: { account: people } } };
    await using project = await openSyncProject({
      ...TWO,
      'conf/provisioner.openicf-hr.json': source,
      'conf/sync.json': { mappings: [hr, out('a')] },
    });
    const batches: number[] = [];
    interfere('a', (writes, write) => {
      batches.push(writes.length);
      return write(writes);
    });
    await project.action('recon', 'recon', { mapping: 'hr_managedUser', waitForCompletion: 'true' });
    expect(Object.keys(await project.held('a'))).toHaveLength(2000);
    expect(batches.reduce((sum, size) => sum + size, 0)).toBe(2000);
    expect(batches.length).toBeLessThan(10);
    expect(await project.queue()).toEqual([]);
  });

  it('that a run makes many of, as deletes, passes the guard of each mapping', async () => {
    const hr = {
      name: 'hr_managedUser',
      source: 'system/hr/account',
      target: 'managed/user',
      guard: { enabled: false },
      properties: [{ source: 'name', target: 'userName' }],
      policies: [{ situation: 'SOURCE_MISSING', action: 'DELETE' }],
    };
    const people = Array.from({ length: 40 }, (_, i) => ({ _id: `p${i}`, name: `person ${i}` }));
    const source = { ...system('hr'), configurationProperties: { objects: { account: people } } };
    await using project = await openSyncProject({
      ...TWO,
      'conf/provisioner.openicf-hr.json': source,
      'conf/sync.json': { mappings: [hr, out('a', { guard: { enabled: false } }), out('b')] },
    });
    const recon = () => project.action('recon', 'recon', { mapping: 'hr_managedUser', waitForCompletion: 'true' });
    await recon();
    for (let i = 10; i < 40; i++) await project.remove(`system/hr/account/p${i}`);
    await recon();
    await project.drained();
    const sizes = async () => [await project.held('a'), await project.held('b')].map((one) => Object.keys(one).length);
    expect(await sizes()).toEqual([10, 40]);
    const held = await project.query('sync/queue', 'state eq "FAILED"');
    expect(held).toHaveLength(30);
    expect(held[0]!['cause']).toContain('held by the guard of the mapping: 30 of 40 linked objects');
    await project.action('sync/queue', 'replay', { mapping: 'managedUser_b' });
    await project.drained();
    expect(await sizes()).toEqual([10, 10]);
  });
});
