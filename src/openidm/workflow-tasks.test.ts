import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { bpmn, flows, script } from '../workflow/testing/bpmn.ts';
import { APPROVAL } from './testing/approval-process.ts';
import { BOSS, openWorkflowTree, person, type Requests } from './testing/workflow-tree.ts';

const INSTANCES = 'workflow/processinstance';
const TASKS = 'workflow/taskinstance';
const MANAGED = { objects: [{ name: 'user' }, { name: 'log' }] };
const ends = '<startEvent id="start" activiti:initiator="starter"/><endEvent id="end"/>';

describe('tasks', () => {
  it('are seen and done by those whom they concern', async () => {
    await using project = await open({ 'workflow/approval.bpmn': APPROVAL });
    await project.as(BOSS).create(INSTANCES, { _key: 'p', sourceId: 'u1', extraGroup: 'x' });
    const path = await taskPath(project.as(BOSS));
    const [ann, manager, stranger] = [person('ann'), person('m1', 'managers'), person('bob')].map((one) =>
      project.as(one),
    ) as [Requests, Requests, Requests];
    for (const who of [ann, manager]) expect(await who.query(TASKS, 'true')).toHaveLength(1);
    expect(await stranger.query(TASKS, 'true')).toEqual([]);
    for (const request of [
      () => stranger.read(path),
      () => stranger.action(path, 'claim'),
      () => stranger.action(path, 'complete', { decision: 'accept' }),
    ])
      await expect(request()).rejects.toMatchObject({ status: 404 });
    await expect(manager.update(path, { assignee: 'bob' })).rejects.toMatchObject({ status: 403 });
    await expect(manager.update(path, { assignee: 'm1', name: 'x' })).rejects.toMatchObject({ status: 403 });
    await manager.action(path, 'claim');
    expect(await ann.query(TASKS, 'true')).toEqual([]);
    await expect(ann.action(path, 'complete', { decision: 'accept' })).rejects.toMatchObject({ status: 404 });
    await manager.action(path, 'unclaim');
    await ann.update(path, { ...(await ann.read(path)), assignee: 'ann' });
    await expect(manager.action(path, 'claim')).rejects.toMatchObject({ status: 404 });
    await ann.action(path, 'complete', { decision: 'reject' });
    expect(await project.as(BOSS).query(INSTANCES, 'true')).toEqual([]);
  });

  it('are handed to nobody else by those who may take them', async () => {
    await using project = await open({ 'workflow/approval.bpmn': APPROVAL });
    const boss = project.as(BOSS);
    await boss.create(INSTANCES, { _key: 'p', sourceId: 'u1', extraGroup: 'x' });
    const path = await taskPath(boss);
    const manager = project.as(person('m1', 'managers'));
    const handOn = async (): Promise<void> => {
      for (const request of [
        () => manager.patch(path, [{ operation: 'replace', field: '/assignee', value: 'bob' }]),
        () => manager.update(path, { assignee: 'bob' }),
        () => manager.action(path, 'claim', { userId: 'bob' }),
      ])
        await expect(request()).rejects.toMatchObject({
          status: expect.toSatisfy((one) => one === 403 || one === 409),
        });
    };
    await handOn();
    await manager.patch(path, [{ operation: 'replace', field: '/assignee', value: 'm1' }]);
    await handOn();
    expect((await boss.read(path))['assignee']).toBe('m1');
    await manager.patch(path, [{ operation: 'remove', field: '/assignee' }]);
    expect((await boss.read(path))['assignee']).toBeNull();
    await boss.patch(path, [{ operation: 'replace', field: '/assignee', value: 'bob' }]);
    expect(await project.as(person('bob')).action(path, 'complete', { decision: 'reject' })).toMatchObject({
      status: 'completed',
    });
  });

  it('tell when they are completed what became of the process', async () => {
    const inside = `${ends}<userTask id="u"/><userTask id="v"/>${script('s', "if (word !== 'good') throw { code: 400, message: 'bad word' };")}
      ${flows('start -> u\n u -> s\n s -> v\n v -> end')}`;
    await using project = await open({ 'workflow/p.bpmn': bpmn(inside) });
    const boss = project.as(BOSS);
    const { _id: id } = await boss.create(INSTANCES, { _key: 'p' });
    expect(await boss.action(await taskPath(boss), 'complete', { word: 'bad' })).toEqual({
      'Task action performed': 'complete',
      status: 'failed',
      failure: expect.objectContaining({ activityId: 's', message: expect.stringContaining('bad word') }),
    });
    await boss.remove(`${INSTANCES}/${String(id)}`);
    await boss.create(INSTANCES, { _key: 'p' });
    const done = { 'Task action performed': 'complete' };
    expect(await boss.action(await taskPath(boss), 'complete', { word: 'good' })).toEqual({
      ...done,
      status: 'active',
    });
    expect(await boss.action(await taskPath(boss), 'complete')).toEqual({ ...done, status: 'completed' });
  });

  it('are found by the parameters of filtered-query', async () => {
    await using project = await open({ 'workflow/approval.bpmn': APPROVAL });
    const boss = project.as(BOSS);
    for (const [sourceId, extraGroup] of [
      ['u1', 'a'],
      ['u2', 'b'],
    ] as const)
      await boss.create(INSTANCES, { _key: 'p', sourceId, extraGroup });
    const found = async (parameters: JsonObject): Promise<readonly unknown[]> =>
      (await boss.query(TASKS, parameters)).map((task) => String(task['name']).slice(-2)).toSorted();
    expect(await found({ taskCandidateGroup: 'b' })).toEqual(['u2']);
    expect(await found({ taskCandidateGroup: 'a,b' })).toEqual(['u1', 'u2']);
    expect(await found({ taskCandidateUser: 'ann' })).toEqual(['u1', 'u2']);
    expect(await found({ 'var-sourceId': 'u2', unassigned: 'true' })).toEqual(['u2']);
    expect(await found({ nameLike: 'Approve%1' })).toEqual(['u1']);
    await boss.update(`${TASKS}/${String((await boss.query(TASKS, { 'var-sourceId': 'u1' }))[0]!['_id'])}`, {
      assignee: 'kim',
      priority: 70,
    });
    expect(await found({ assignee: 'kim' })).toEqual(['u1']);
    expect(await found({ priority: '70' })).toEqual(['u1']);
    expect(await found({ taskCandidateUser: 'ann' })).toEqual(['u2']);
    await expect(found({ colour: 'red' })).rejects.toMatchObject({ status: 400 });
  });
});

function open(files: Readonly<Record<string, unknown>>) {
  return openWorkflowTree({ 'conf/managed.json': MANAGED, ...files });
}

async function taskPath(requests: Requests): Promise<string> {
  const [task] = await requests.query(TASKS, 'true');
  return `${TASKS}/${String(task!['_id'])}`;
}
