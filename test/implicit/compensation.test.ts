import { hostname } from 'node:os';
import process from 'node:process';
import { describe, expect, it } from 'vitest';
import { outboxCreate } from '../../src/implicit/outbox.ts';
import { interfere, js, openSyncProject, out, system, user } from './sync-project.ts';

const FILES = {
  'conf/managed.json': user({ onSync: { type: 'text/javascript', file: 'compensate.js' } }),
  'conf/provisioner.openicf-a.json': system('a'),
  'conf/provisioner.openicf-b.json': system('b'),
  'conf/sync.json': { mappings: [out('a'), out('b')] },
};
const refuse = async () => [{ ok: false, code: 'bad-request', message: 'b is full' } as const];
const refusal = { status: 409, message: 'b is full' };

describe('onSync compensate.js', () => {
  it('takes a create back that one target refuses', async () => {
    await using project = await openSyncProject(FILES);
    interfere('b', refuse);
    await expect(project.create('managed/user', 'u', { userName: 'ann' })).rejects.toMatchObject(refusal);
    expect(await project.query('managed/user', 'true')).toEqual([]);
    expect([await project.held('a'), await project.query('repo/link', 'true')]).toEqual([{}, []]);
    expect(await project.queue()).toEqual([]);
  });

  it('takes an update back, and puts the targets back that had it already', async () => {
    await using project = await openSyncProject(FILES);
    await project.create('managed/user', 'u', { userName: 'ann', mail: 'a@x' });
    interfere('b', refuse);
    const change = [{ operation: 'replace', field: '/mail', value: 'b@x' }];
    await expect(project.patch('managed/user/u', change)).rejects.toMatchObject(refusal);
    interfere('b', null);
    expect(await project.read('managed/user/u')).toMatchObject({ userName: 'ann', mail: 'a@x' });
    expect(Object.values(await project.held('a'))).toEqual([{ name: 'ann', mail: 'a@x' }]);
    expect(Object.values(await project.held('b'))).toEqual([{ name: 'ann', mail: 'a@x' }]);
    await project.drained();
    expect(await project.queue()).toEqual([]);
  });

  it('brings back what was deleted', async () => {
    await using project = await openSyncProject(FILES);
    await project.create('managed/user', 'u', { userName: 'ann' });
    interfere('b', refuse);
    await expect(project.remove('managed/user/u')).rejects.toMatchObject(refusal);
    interfere('b', null);
    expect(await project.read('managed/user/u')).toMatchObject({ userName: 'ann' });
    await project.drained();
    for (const name of ['a', 'b']) expect(Object.values(await project.held(name))).toEqual([{ name: 'ann' }]);
    expect(await project.query('repo/link', 'true')).toHaveLength(2);
  });

  it('does not go round in circles where taking back fails, too', async () => {
    await using project = await openSyncProject(FILES);
    await project.create('managed/user', 'u', { userName: 'ann' });
    let asked = 0;
    interfere('a', async () => {
      asked++;
      return refuse();
    });
    const change = [{ operation: 'replace', field: '/userName', value: 'eve' }];
    await expect(project.patch('managed/user/u', change)).rejects.toMatchObject(refusal);
    expect(await project.read('managed/user/u')).toMatchObject({ userName: 'ann' });
    expect(asked).toBeLessThan(3);
    interfere('a', null);
    await project.drained();
    expect(Object.values(await project.held('a'))).toEqual([{ name: 'ann' }]);
  });

  it('leaves alone what the mappings after the refusal would have changed', async () => {
    const objects = { account: [{ _id: 't', name: 'ann', note: 'KEEP' }] };
    const correlationQuery = js("({ _queryFilter: 'name eq \"' + source.userName + '\"' })");
    await using project = await openSyncProject({
      ...FILES,
      'conf/provisioner.openicf-c.json': { ...system('c'), configurationProperties: { objects } },
      'conf/sync.json': { mappings: [out('a'), out('b'), out('c', { correlationQuery })] },
    });
    await project.create('managed/user', 'u', { userName: 'ann' });
    interfere('b', refuse);
    await expect(project.remove('managed/user/u')).rejects.toMatchObject(refusal);
    const change = [{ operation: 'replace', field: '/userName', value: 'eve' }];
    await expect(project.patch('managed/user/u', change)).rejects.toMatchObject(refusal);
    await expect(project.create('managed/user', 'v', { userName: 'bob' })).rejects.toMatchObject(refusal);
    interfere('b', null);
    await project.drained();
    expect(await project.held('c')).toEqual({ t: { name: 'ann', note: 'KEEP' } });
    const told = await project.query('audit/sync', 'mapping eq "managedUser_c"');
    expect(told.map(({ action }) => action)).not.toContain('DELETE');
    expect(
      told.filter(({ action, sourceObjectId }) => action === 'CREATE' && sourceObjectId === 'managed/user/v'),
    ).toEqual([]);
  });

  it('is still owed when the process died before it could run', async () => {
    await using project = await openSyncProject(FILES);
    await project.create('managed/user', 'u', { userName: 'ann' });
    interfere('b', refuse);
    const { repository } = project.lockstep;
    const [row] = await repository.objects.readMany('user', ['u']);
    const object = { kind: 'update', type: 'user', id: 'u', rev: row!.rev, doc: { userName: 'eve' } } as const;
    const request = { method: 'update', resourceName: 'managed/user/u', additionalParameters: {} };
    const rows = ['a', 'b'].map((name, i) =>
      outboxCreate(`left-${i}`, {
        mapping: `managedUser_${name}`,
        collection: 'managed/user',
        resourceId: 'u',
        kind: 'update',
        before: { _id: 'u', _rev: '0', userName: 'ann' },
        state: 'PENDING',
        attempts: 0,
        dueMs: Date.now() + 60_000,
        createdMs: Date.now(),
        owner: `${hostname()}/${process.pid}/an-earlier-life`,
        transactionId: 'tx-0',
        userId: 'openidm-admin',
        trail: [],
        cause: null,
        owed: request,
      }),
    );
    await repository.commit({ units: [{ object }, ...rows.map((one) => ({ object: one }))] });
    await project.lockstep.changes.pushAll();
    expect(await project.read('managed/user/u')).toMatchObject({ userName: 'ann' });
    interfere('b', null);
    await project.drained();
    for (const name of ['a', 'b']) expect(Object.values(await project.held(name))).toEqual([{ name: 'ann' }]);
  });

  it('of one request does not mix with another one about the same object', async () => {
    await using project = await openSyncProject(FILES);
    interfere('b', async (writes, write) => {
      const isBad = writes.some((one) => one.kind !== 'delete' && String(one.object['name']).startsWith('x'));
      return isBad ? refuse() : write(writes);
    });
    const names = ['x1', 'v1', 'x2', 'v2', 'x3', 'v3', 'x4', 'v4'];
    const answers = await Promise.allSettled(
      names.map((userName) => project.create('managed/user', 'u', { userName })),
    );
    const good = answers.flatMap((answer, i) => (answer.status === 'fulfilled' ? [names[i]!] : []));
    expect(good).toHaveLength(1);
    expect(good[0]).toMatch(/^v/);
    const statuses = answers.map((answer, i) =>
      answer.status === 'rejected' ? `${names[i]![0]} ${(answer.reason as { status: number }).status}` : 'v kept',
    );
    expect(statuses.filter((status) => !['x 409', 'x 412', 'v 412', 'v kept'].includes(status))).toEqual([]);
    const changes = ['x5', 'v5', 'x6', 'v6'].map((value) =>
      project.patch('managed/user/u', [{ operation: 'replace', field: '/userName', value }]).then(
        () => value,
        () => null,
      ),
    );
    expect(await Promise.all(changes)).toEqual([null, 'v5', null, 'v6']);
    await project.drained();
    expect(await project.read('managed/user/u')).toMatchObject({ userName: 'v6' });
    for (const name of ['a', 'b']) expect(Object.values(await project.held(name))).toEqual([{ name: 'v6' }]);
  });
});
