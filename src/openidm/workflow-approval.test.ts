import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../base/json.ts';
import { BOSS, openWorkflowTree, person, type Requests, type WorkflowTree } from './testing/workflow-tree.ts';

const TASKS = 'workflow/taskinstance';
const RUN = { mapping: 'm', waitForCompletion: 'true' };

describe('a policy that asks people', () => {
  it('asks once for each object, and does what is accepted', async () => {
    await using project = await open({ situation: 'ABSENT', action: { approval: { approvers: 'managers' } } });
    const boss = project.as(BOSS);
    await addPeople(project, { a: { name: 'Ann', password: 'secret1' }, b: { name: 'Bob' } });
    const runs = [await run(boss), await run(boss)];
    const tasks = await boss.query(TASKS, 'true', { sortKeys: [{ pointer: ['name'], isDescending: false }] });
    expect(tasks).toMatchObject([
      {
        name: 'CREATE managed/user for managed/person/a (ABSENT)',
        description: 'name: – → Ann\npassword: – → ••••••',
        candidateGroups: ['managers'],
        processInstanceId: null,
        approval: {
          mapping: 'm',
          situation: 'ABSENT',
          action: 'CREATE',
          sourceId: 'a',
          reconId: runs[0]!,
          after: { name: 'Ann', password: '••••••' },
        },
      },
      { name: 'CREATE managed/user for managed/person/b (ABSENT)' },
    ]);
    expect(tasks).toHaveLength(2);
    for (const id of runs)
      expect(await entries(boss, id)).toEqual([
        ['ABSENT', 'ASYNC', 'CREATE waits for the approval of managers'],
        ['ABSENT', 'ASYNC', 'CREATE waits for the approval of managers'],
      ]);
    const manager = project.as(person('m1', 'managers'));
    expect(await project.as(person('m2')).query(TASKS, 'true')).toEqual([]);
    await manager.action(pathOf(tasks[0]!), 'complete', { decision: 'accept' });
    await manager.action(pathOf(tasks[1]!), 'complete', { decision: 'reject' });
    expect((await boss.query('managed/user', 'true')).map(({ name }) => name)).toEqual(['Ann']);
    expect(await boss.query(TASKS, 'true')).toEqual([]);
    expect(await boss.query(`${TASKS}/history`, 'true')).toMatchObject([
      { completedBy: 'm1', approval: { sourceId: 'a', decision: 'accept' } },
      { completedBy: 'm1', approval: { sourceId: 'b', decision: 'reject' } },
    ]);
    expect(await entries(boss, runs[0]!)).toContainEqual(['ABSENT', 'CREATE', null]);
    await run(boss);
    expect((await boss.query(TASKS, 'true')).map(({ name }) => name)).toEqual([
      'CREATE managed/user for managed/person/b (ABSENT)',
    ]);
  });

  it('asks only where something would change', async () => {
    await using project = await open({
      situation: 'CONFIRMED',
      action: { approval: { approvers: ['managers', 'hr'] } },
    });
    const boss = project.as(BOSS);
    await addPeople(project, { a: { name: 'Ann' } });
    await run(boss);
    await run(boss);
    expect(await boss.query(TASKS, 'true')).toEqual([]);
    await project.as(BOSS).update('managed/person/a', { name: 'Anna' });
    await run(boss);
    const [task] = await boss.query(TASKS, 'true');
    expect(task).toMatchObject({
      candidateGroups: ['managers', 'hr'],
      description: 'name: Ann → Anna',
      approval: { action: 'UPDATE', before: { name: 'Ann' }, after: { name: 'Anna' } },
    });
    await boss.action(pathOf(task!), 'complete', { decision: 'accept' });
    expect((await boss.query('managed/user', 'true')).map(({ name }) => name)).toEqual(['Anna']);
  });

  it('takes the action that it names, or the other one when it is turned down', async () => {
    const action = {
      approval: {
        approvers: 'managers',
        // oxlint-disable-next-line unicorn/no-thenable -- the key of the configuration
        then: 'DELETE',
        onReject: 'UNLINK',
        name: 'Delete?',
        description: 'He has left.',
      },
    };
    await using project = await open({ situation: 'SOURCE_MISSING', action });
    const boss = project.as(BOSS);
    await addPeople(project, { a: { name: 'Ann' }, b: { name: 'Bob' }, c: { name: 'Cid' } });
    await run(boss);
    for (const id of ['a', 'b']) await boss.remove(`managed/person/${id}`);
    await run(boss);
    const tasks = await boss.query(TASKS, 'true');
    expect(tasks).toMatchObject([{ name: 'Delete?', description: expect.stringContaining('He has left.') }, {}]);
    const names = tasks.map((task) => (task['approval'] as { readonly before: { readonly name: string } }).before.name);
    await boss.action(pathOf(tasks[names.indexOf('Ann')]!), 'complete', { decision: 'accept' });
    await boss.action(pathOf(tasks[names.indexOf('Bob')]!), 'complete', { decision: 'reject' });
    expect((await boss.query('managed/user', 'true')).map(({ name }) => name)).toEqual(['Bob', 'Cid']);
    expect(await boss.query('repo/link', 'true')).toHaveLength(1);
  });

  it('asks nobody in a plan, which shows that somebody would be asked', async () => {
    await using project = await open({ situation: 'ABSENT', action: { approval: { approvers: 'managers' } } });
    const boss = project.as(BOSS);
    await addPeople(project, { a: { name: 'Ann' } });
    const answer = JSON.stringify(await boss.action('recon', 'plan', null, RUN));
    expect(answer).toContain('CREATE waits for the approval of managers');
    expect(await boss.query(TASKS, 'true')).toEqual([]);
  });

  it('asks the users that a filter finds', async () => {
    const approvers = ['name sw "B"', 'hr'];
    await using project = await open({
      situation: 'ABSENT',
      condition: '/object/name eq "New"',
      action: { approval: { approvers } },
    });
    const boss = project.as(BOSS);
    await addPeople(project, { a: { name: 'Ann' }, b: { name: 'Bob' } });
    await run(boss);
    const bob = (await boss.query('managed/user', 'name eq "Bob"'))[0]!['_id'] as string;
    await addPeople(project, { n: { name: 'New' } });
    await run(boss);
    expect(await boss.query(TASKS, 'true')).toMatchObject([{ candidateUsers: [bob], candidateGroups: ['hr'] }]);
    expect(await project.as(person(bob)).query(TASKS, 'true')).toHaveLength(1);
  });

  it('stays open when the action cannot be taken, and says why', async () => {
    await using project = await open({ situation: 'ABSENT', action: { approval: { approvers: 'managers' } } });
    const boss = project.as(BOSS);
    await addPeople(project, { a: { name: 'Ann' } });
    await run(boss);
    await boss.remove('managed/person/a');
    const [task] = await boss.query(TASKS, 'true');
    await expect(boss.action(pathOf(task!), 'complete', { decision: 'accept' })).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining('a does not exist'),
    });
    await expect(boss.action(pathOf(task!), 'complete', {})).rejects.toMatchObject({ status: 400 });
    expect((await boss.read(pathOf(task!)))['approval']).not.toHaveProperty('decision');
    await boss.action(pathOf(task!), 'complete', { decision: 'reject' });
    expect(await boss.query(TASKS, 'true')).toEqual([]);
  });

  it('is answered by approvers only, whoever has it', async () => {
    await using project = await open({ situation: 'ABSENT', action: { approval: { approvers: 'managers' } } });
    const boss = project.as(BOSS);
    await addPeople(project, { a: { name: 'Ann' } });
    await run(boss);
    const [task] = await boss.query(TASKS, 'true');
    const [bob, manager] = [project.as(person('bob')), project.as(person('m1', 'managers'))];
    const giveTo = (name: string): readonly JsonObject[] => [{ operation: 'replace', field: '/assignee', value: name }];
    await expect(manager.patch(pathOf(task!), giveTo('bob'))).rejects.toMatchObject({ status: 403 });
    await boss.patch(pathOf(task!), giveTo('bob'));
    await expect(bob.action(pathOf(task!), 'complete', { decision: 'accept' })).rejects.toMatchObject({ status: 403 });
    expect(await boss.query('managed/user', 'true')).toEqual([]);
    await bob.action(pathOf(task!), 'unclaim');
    await manager.action(pathOf(task!), 'complete', { decision: 'accept' });
    expect(await boss.query('managed/user', 'true')).toHaveLength(1);
  });

  it('is found in the history under its id, the last answer when it was asked again', async () => {
    await using project = await open({ situation: 'ABSENT', action: { approval: { approvers: 'managers' } } });
    const boss = project.as(BOSS);
    await addPeople(project, { a: { name: 'Ann' } });
    const ids: unknown[] = [];
    for (const decision of ['reject', 'reject', 'accept']) {
      await run(boss);
      const [task] = await boss.query(TASKS, 'true');
      ids.push(task!['_id']);
      await boss.action(pathOf(task!), 'complete', { decision });
      const past = await boss.read(`${TASKS}/history/${String(task!['_id'])}`);
      expect(past).toMatchObject({ completedBy: 'openidm-admin', approval: { decision } });
    }
    expect(new Set(ids).size).toBe(1);
    const all = await boss.query(`${TASKS}/history`, 'true');
    const decisions = all.map(({ approval }) => (approval as JsonObject)['decision']);
    expect(decisions.toSorted()).toEqual(['accept', 'reject', 'reject']);
  });

  it('tells in the audit who has answered, and what was done if no run asked', async () => {
    await using project = await open({ situation: 'ABSENT', action: { approval: { approvers: 'managers' } } }, true);
    const boss = project.as(BOSS);
    await addPeople(project, { a: { name: 'Ann' }, b: { name: 'Bob' } });
    const tasks = await boss.query(TASKS, 'true');
    const manager = project.as(person('m1', 'managers'));
    const told = async (): Promise<readonly JsonObject[]> =>
      (await boss.query('audit/sync', 'true')).filter(({ action }) => action === 'CREATE');
    for (const task of tasks) {
      const { sourceId } = task['approval'] as { readonly sourceId: string };
      await manager.action(pathOf(task), 'complete', { decision: sourceId === 'a' ? 'accept' : 'reject' });
    }
    const [user] = await boss.query('managed/user', 'true');
    expect(await told()).toMatchObject([
      {
        mapping: 'm',
        sourceObjectId: 'managed/person/a',
        targetObjectId: user!['_id'],
        situation: 'ABSENT',
        status: 'SUCCESS',
        userId: 'm1',
      },
    ]);
    const answers = await boss.query('audit/activity', 'objectId sw "workflow/taskinstance/"');
    expect(answers.map(({ runAs, message }) => [runAs, message]).toSorted()).toEqual([
      ['m1', 'm1 has accepted "CREATE managed/user for managed/person/a (ABSENT)": CREATE is done'],
      ['m1', 'm1 has turned down "CREATE managed/user for managed/person/b (ABSENT)": nothing is done'],
    ]);
  });

  it('asks for changes that are pushed, too', async () => {
    await using project = await open({ situation: 'ABSENT', action: { approval: { approvers: 'managers' } } }, true);
    const boss = project.as(BOSS);
    await addPeople(project, { a: { name: 'Ann' } });
    await boss.update('managed/person/a', { name: 'Anna' });
    const tasks = await boss.query(TASKS, 'true');
    expect(tasks).toMatchObject([
      { description: 'name: – → Anna', approval: { sourceId: 'a', reconId: null, after: { name: 'Anna' } } },
    ]);
    await boss.action(pathOf(tasks[0]!), 'complete', { decision: 'accept' });
    expect((await boss.query('managed/user', 'true')).map(({ name }) => name)).toEqual(['Anna']);
  });

  it('into an external system asks and writes as well', async () => {
    const mapping: JsonObject = {
      ...MAPPING,
      target: 'system/hr/account',
      policies: [{ situation: 'ABSENT', action: { approval: { approvers: 'managers' } } }],
    };
    await using project = await openWorkflowTree({
      ...FILES,
      'conf/sync.json': { mappings: [mapping] },
      'conf/provisioner.openicf-hr.json': CSV,
      'data/hr.csv': 'key,name\n',
    });
    const boss = project.as(BOSS);
    await addPeople(project, { a: { name: 'Ann', key: '1' } });
    await run(boss);
    await run(boss);
    const tasks = await boss.query(TASKS, 'true');
    expect(tasks.map(({ name }) => name)).toEqual(['CREATE system/hr/account for managed/person/a (ABSENT)']);
    await boss.action(pathOf(tasks[0]!), 'complete', { decision: 'accept' });
    expect((await boss.query('system/hr/account', 'true')).map(({ name }) => name)).toEqual(['Ann']);
  });
});

const MAPPING: JsonObject = {
  name: 'm',
  source: 'managed/person',
  target: 'managed/user',
  enableSync: false,
  properties: ['key', 'name', 'password'].map((name) => ({ source: name, target: name, ifAbsent: 'keep' })),
};

const FILES = { 'conf/managed.json': { objects: [{ name: 'user' }, { name: 'person' }] } };

const CSV: JsonObject = {
  name: 'hr',
  connectorRef: {
    bundleName: 'org.forgerock.openicf.connectors.csvfile-connector',
    bundleVersion: '1.1.0.0',
    connectorName: 'org.forgerock.openicf.csvfile.CSVFileConnector',
  },
  configurationProperties: { csvFile: 'data/hr.csv', headerUid: 'key', headerName: 'key' },
  objectTypes: {
    account: {
      nativeType: '__ACCOUNT__',
      type: 'object',
      properties: {
        key: { type: 'string', nativeName: 'key', nativeType: 'string' },
        name: { type: 'string', nativeName: 'name', nativeType: 'string' },
        password: { type: 'string', nativeName: 'password', nativeType: 'string' },
      },
    },
  },
};

function open(policy: JsonObject, enableSync = false): Promise<WorkflowTree> {
  return openWorkflowTree({
    ...FILES,
    'conf/sync.json': { mappings: [{ ...MAPPING, enableSync, policies: [policy] }] },
  });
}

async function run(requests: Requests): Promise<string> {
  const { _id: id } = (await requests.action('recon', 'recon', null, RUN)) as { readonly _id: string };
  return id;
}

async function entries(requests: Requests, id: string): Promise<readonly Json[][]> {
  const found = await requests.query('audit/recon', `reconId eq "${id}" and entryType eq "entry"`);
  return found.map(({ situation, action, message }) => [situation ?? null, action ?? null, message ?? null]);
}

function pathOf(task: JsonObject): string {
  return `${TASKS}/${String(task['_id'])}`;
}

async function addPeople(project: WorkflowTree, people: Readonly<Record<string, JsonObject>>): Promise<void> {
  const context = { caller: BOSS, transactionId: 't', parentActionId: null, cause: 'rest', mode: 'live' } as const;
  for (const [newId, content] of Object.entries(people))
    await project.lockstep.router.handle(
      { verb: 'create', path: 'managed/person', newId, content, parameters: {}, fields: null },
      context,
    );
}
