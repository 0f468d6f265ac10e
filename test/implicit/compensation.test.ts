import { describe, expect, it } from 'vitest';
import { interfere, openSyncProject, out, system, user } from './sync-project.ts';

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
});
