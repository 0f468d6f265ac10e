import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { bpmn, flows, script } from '../workflow/testing/bpmn.ts';
import { APPROVAL } from './testing/approval-process.ts';
import { BOSS, openWorkflowTree, person, type Requests } from './testing/workflow-tree.ts';

const INSTANCES = 'workflow/processinstance';
const TASKS = 'workflow/taskinstance';
const HISTORY = 'workflow/processinstance/history';
const HOUR = 3_600_000;
const ends = '<startEvent id="start" activiti:initiator="starter"/><endEvent id="end"/>';
const MANAGED = { objects: [{ name: 'user' }, { name: 'log' }] };

describe('an approval', () => {
  it('goes from its start through a task to its end', async () => {
    await using project = await open({ 'workflow/approval.bpmn20.xml': APPROVAL });
    const boss = project.as(BOSS);
    const started = await boss.create(INSTANCES, {
      _key: 'p',
      _businessKey: 'order-1',
      sourceId: 'u1',
      extraGroup: 'hr',
    });
    expect(started).toMatchObject({ status: 'active', businessKey: 'order-1', startUserId: 'openidm-admin' });
    const [task] = await boss.query(TASKS, 'true');
    expect(task).toMatchObject({
      name: 'Approve account of u1',
      description: 'for openidm-admin',
      assignee: null,
      candidateGroups: ['managers', 'hr'],
      processInstanceId: started['_id']!,
      processDefinitionKey: 'p',
      taskDefinitionKey: 'approve',
      createTime: '2026-01-01T00:00:00.000Z',
      priority: 50,
    });
    const whole = await boss.read(`${TASKS}/${String(task!['_id'])}`);
    expect(whole['variables']).toEqual({
      sourceId: 'u1',
      extraGroup: 'hr',
      starter: 'openidm-admin',
      subject: 'account of u1',
    });
    expect(whole['formProperties']).toMatchObject([
      { id: 'decision', required: true, type: { name: 'enum', values: { accept: 'Yes', reject: 'No' } } },
      { id: 'shown', value: 'u1', writable: false },
    ]);
    const manager = project.as(person('m1', 'managers'));
    expect(await manager.action(`${TASKS}/${String(task!['_id'])}`, 'complete', { decision: 'accept' })).toEqual({
      'Task action performed': 'complete',
      status: 'completed',
    });
    expect(await boss.query('managed/log', 'true')).toMatchObject([{ what: 'created u1', by: 'm1' }]);
    expect([await boss.query(TASKS, 'true'), await boss.query(INSTANCES, 'true')]).toEqual([[], []]);
    expect(await boss.query(HISTORY, 'true')).toMatchObject([
      { _id: started['_id'], status: 'completed', processVariables: { decision: 'accept' }, durationInMillis: 0 },
    ]);
    expect(await boss.query(`${TASKS}/history`, 'true')).toMatchObject([{ _id: task!['_id'], completedBy: 'm1' }]);
  });

  it('that is turned down does nothing', async () => {
    await using project = await open({ 'workflow/approval.bpmn': APPROVAL });
    const boss = project.as(BOSS);
    await boss.action(INSTANCES, 'create', { _key: 'p', sourceId: 'u1', extraGroup: 'x' });
    await boss.action(await taskPath(boss), 'complete', { decision: 'reject' });
    expect([await boss.query('managed/log', 'true'), await boss.query(INSTANCES, 'true')]).toEqual([[], []]);
  });

  it('is refused with a form that is not filled in, and stays open', async () => {
    await using project = await open({ 'workflow/approval.bpmn': APPROVAL });
    const boss = project.as(BOSS);
    await boss.create(INSTANCES, { _key: 'p', sourceId: 'u1', extraGroup: 'x' });
    const path = await taskPath(boss);
    for (const [content, message] of [
      [{}, '"decision" is required'],
      [{ decision: 'maybe' }, '"decision" is "maybe", but may be accept, reject'],
      [{ decision: 'accept', shown: 'x' }, '"shown" cannot be changed'],
    ] as const)
      await expect(boss.action(path, 'complete', content)).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining(message),
      });
    expect(await boss.query(TASKS, 'true')).toHaveLength(1);
  });

  it('that cannot be started says why, and leaves nothing behind', async () => {
    await using project = await open({ 'workflow/approval.bpmn': APPROVAL });
    const boss = project.as(BOSS);
    await expect(boss.create(INSTANCES, { _key: 'q' })).rejects.toMatchObject({
      status: 404,
      message: 'there is no process "q" in workflow/: it has p',
    });
    for (const content of [{}, { _key: { a: 1 } }, { _key: ['p'] }, { _key: 'p', _businessKey: { a: 1 } }])
      await expect(boss.create(INSTANCES, content)).rejects.toMatchObject({ status: 400 });
    await expect(boss.create(INSTANCES, { _processDefinitionId: 'p:9:x' })).rejects.toMatchObject({ status: 404 });
    const failed = await boss.create(INSTANCES, { _key: 'p', extraGroup: 'x' });
    expect(failed).toMatchObject({
      status: 'failed',
      failure: { activityId: 'prepare', message: expect.stringContaining('sourceId') },
    });
    expect(await boss.query(TASKS, 'true')).toEqual([]);
  });
});

describe('instances', () => {
  it('are found by the parameters of filtered-query, and by their variables', async () => {
    await using project = await open({ 'workflow/approval.bpmn': APPROVAL });
    const boss = project.as(BOSS);
    await boss.create(INSTANCES, { _key: 'p', _businessKey: 'k1', sourceId: 'u1', extraGroup: 'x', count: 3 });
    await boss.create(INSTANCES, { _key: 'p', _businessKey: 'k2', sourceId: 'u2', extraGroup: 'x', count: 4 });
    const found = async (parameters: JsonObject): Promise<readonly unknown[]> =>
      (await boss.query(INSTANCES, parameters)).map((one) => one['businessKey']);
    expect(await found({ 'var-sourceId': 'u2' })).toEqual(['k2']);
    expect(await found({ 'var-count': 3 })).toEqual(['k1']);
    expect(await found({ processDefinitionKey: 'p', processInstanceBusinessKey: 'k1' })).toEqual(['k1']);
    expect(await found({ startUserId: 'nobody' })).toEqual([]);
    const all = await boss.query(INSTANCES, {}, { query: { kind: 'id', queryId: 'query-all-ids', parameters: {} } });
    expect(all.map((one) => one['businessKey'])).toEqual(['k1', 'k2']);
  });

  it('that are deleted take their tasks along', async () => {
    await using project = await open({ 'workflow/approval.bpmn': APPROVAL });
    const boss = project.as(BOSS);
    const { _id: id } = await boss.create(INSTANCES, { _key: 'p', sourceId: 'u1', extraGroup: 'x' });
    await expect(project.as(person('bob')).remove(`${INSTANCES}/${String(id)}`)).rejects.toMatchObject({ status: 403 });
    await boss.remove(`${INSTANCES}/${String(id)}`);
    expect([await boss.query(TASKS, 'true'), await boss.query(INSTANCES, 'true')]).toEqual([[], []]);
    expect(await boss.query(HISTORY, 'true')).toMatchObject([{ _id: id, status: 'deleted' }]);
  });

  it('that fail say why and can be tried again from where they stopped', async () => {
    const code =
      "openidm.create('managed/log', null, { n: 1 }); if (!openidm.read('managed/user/key')) throw { code: 409, message: 'no key yet' };";
    await using project = await open({
      'workflow/p.bpmn': bpmn(
        `${ends}${script('first', "execution.setVariable('a', 1)")}${script('second', code)}${flows('start -> first\n first -> second\n second -> end')}`,
      ),
    });
    const boss = project.as(BOSS);
    const failed = await boss.create(INSTANCES, { _key: 'p' });
    expect(failed).toMatchObject({
      status: 'failed',
      failure: { activityId: 'second', message: 'no key yet' },
      variables: { a: 1 },
    });
    await project.reopen();
    await project.tree.workflow.service.wake();
    expect(await boss.query('managed/log', 'true')).toHaveLength(1);
    await project.lockstep.router.handle(
      { verb: 'create', path: 'managed/user', newId: 'key', content: {}, parameters: {}, fields: null },
      { caller: BOSS, transactionId: 't', parentActionId: null, cause: 'rest', mode: 'live' },
    );
    await boss.action(`${INSTANCES}/${String(failed['_id'])}`, 'retry');
    expect(await boss.read(`${HISTORY}/${String(failed['_id'])}`)).toMatchObject({
      status: 'completed',
      failure: null,
    });
  });

  it('go on after a restart from what was stored last', async () => {
    await using project = await open({ 'workflow/approval.bpmn': APPROVAL });
    const boss = project.as(BOSS);
    await boss.create(INSTANCES, { _key: 'p', sourceId: 'u1', extraGroup: 'x' });
    await project.reopen();
    await boss.action(await taskPath(boss), 'complete', { decision: 'accept' });
    expect(await boss.query('managed/log', 'true')).toHaveLength(1);
  });

  it('stay with the version of their definition when the file changes', async () => {
    await using project = await open({ 'workflow/approval.bpmn': APPROVAL });
    const boss = project.as(BOSS);
    await boss.create(INSTANCES, { _key: 'p', sourceId: 'u1', extraGroup: 'x' });
    project.project.write('workflow/approval.bpmn', APPROVAL.replace('created ', 'made '));
    await project.tree.workflow.reload();
    const definitions = await boss.query('workflow/processdefinition', { key: 'p' });
    expect(definitions.map(({ version, suspensionState }) => [version, suspensionState])).toEqual([
      [1, 2],
      [2, 1],
    ]);
    await boss.action(await taskPath(boss), 'complete', { decision: 'accept' });
    await boss.create(INSTANCES, { _key: 'p', sourceId: 'u2', extraGroup: 'x' });
    await boss.action(await taskPath(boss), 'complete', { decision: 'accept' });
    expect((await boss.query('managed/log', 'true')).map(({ what }) => what)).toEqual(['created u1', 'made u2']);
  });
});

describe('tasks of a process', () => {
  it('that call the resource tree do it for whoever caused them, and keep what comes of it', async () => {
    const call = `<serviceTask id="s"><extensionElements><lockstep:action path="managed/user/\${who}" action="patch" resultVariable="answer">
      <lockstep:parameter name="note">by \${starter}</lockstep:parameter></lockstep:action></extensionElements></serviceTask>`;
    await using project = await open({
      'workflow/p.bpmn': bpmn(`${ends}${call}${flows('start -> s\n s -> end')}`),
    });
    const boss = project.as(BOSS);
    const seen: unknown[] = [];
    project.lockstep.router.addFilter(async (request, context, next) => {
      if (request.verb !== 'action' || request.action !== 'patch') return next();
      seen.push([
        request.path,
        request.parameters,
        context.caller.id,
        context.caller.isExternal,
        context.transactionId,
      ]);
      return { kind: 'action', value: { found: 1 } };
    });
    const { _id: id } = await boss.create(INSTANCES, { _key: 'p', who: 'u1' });
    expect(seen).toEqual([['managed/user/u1', { note: 'by openidm-admin' }, 'openidm-admin', false, 'tx-1']]);
    expect((await boss.read(`${HISTORY}/${String(id)}`))['variables']).toMatchObject({ answer: { found: 1 } });
  });

  it('in a language that cannot be run fail with a message that says so', async () => {
    const groovy = '<scriptTask id="g" scriptFormat="groovy"><script>def x = 1</script></scriptTask>';
    await using project = await open({ 'workflow/p.bpmn': bpmn(`${ends}${groovy}${flows('start -> g\n g -> end')}`) });
    expect(project.logged).toContainEqual(
      expect.stringMatching(/^warn: workflow\/p\.bpmn:\d+:\d+: the script task "g" is written in groovy/),
    );
    expect(await project.as(BOSS).create(INSTANCES, { _key: 'p' })).toMatchObject({
      status: 'failed',
      failure: { activityId: 'g', message: expect.stringContaining('Write it in JavaScript') },
    });
  });

  it('keep variables: set, changed in place, removed, results; and see those of others', async () => {
    const first = "execution.setVariable('a', { n: 1 }); execution.setVariable('gone', 1); list.push('x'); 41 + 1;";
    const second =
      "execution.removeVariable('gone'); a.n = 2; execution.setVariable('seen', execution.getVariable('a').n + ':' + execution.hasVariable('nobody') + ':' + execution.getProcessDefinitionKey());";
    const tasks = `${script('s1', first).replace('<scriptTask', '<scriptTask activiti:resultVariable="answer"')}${script('s2', second)}`;
    await using project = await open({
      'workflow/p.bpmn': bpmn(`${ends}${tasks}${flows('start -> s1\n s1 -> s2\n s2 -> end')}`),
    });
    const { _id: id } = await project.as(BOSS).create(INSTANCES, { _key: 'p', list: [] });
    expect((await project.as(BOSS).read(`${HISTORY}/${String(id)}`))['variables']).toEqual({
      starter: 'openidm-admin',
      list: ['x'],
      a: { n: 2 },
      answer: 42,
      seen: '1:false:p',
    });
  });

  it('whose errors a boundary event catches do not stop the process', async () => {
    const inside = `${ends}${script('s', "throw { code: 404, message: 'gone' }")}<userTask id="help"/>
      <boundaryEvent id="bad" attachedToRef="s"><errorEventDefinition/></boundaryEvent>${flows('start -> s\n s -> end\n bad -> help\n help -> end')}`;
    await using project = await open({ 'workflow/p.bpmn': bpmn(inside) });
    expect(await project.as(BOSS).create(INSTANCES, { _key: 'p' })).toMatchObject({ status: 'active', failure: null });
    expect(await project.as(BOSS).query(TASKS, 'true')).toMatchObject([{ taskDefinitionKey: 'help' }]);
  });
});

describe('a process', () => {
  it('is started by others than administrators only if it says that they may', async () => {
    await using project = await open({
      'workflow/p.bpmn': bpmn(
        `${ends}<userTask id="u" activiti:assignee="\${starter}"/>${flows('start -> u\n u -> end')}`,
        'activiti:candidateStarterGroups="hr"',
      ),
    });
    await expect(project.as(person('bob')).create(INSTANCES, { _key: 'p' })).rejects.toMatchObject({ status: 403 });
    const ann = project.as(person('ann', 'internal/role/hr'));
    const { _id: id } = await ann.create(INSTANCES, { _key: 'p' });
    expect(await ann.query(TASKS, 'true')).toMatchObject([{ assignee: 'ann' }]);
    expect(await ann.read(`${INSTANCES}/${String(id)}`)).toMatchObject({ startUserId: 'ann' });
    await expect(project.as(person('bob')).read(`${INSTANCES}/${String(id)}`)).rejects.toMatchObject({ status: 404 });
  });

  it('with a fault is told with its place, and the others are there', async () => {
    await using project = await open({
      'workflow/bad.bpmn': '<definitions',
      'workflow/script.bpmn': bpmn(`${ends}${script('s', '\n\n(')}${flows('start -> s\n s -> end')}`),
      'workflow/note.txt': 'no process',
    });
    expect(project.logged.filter((line) => line.includes('workflow/'))).toEqual([
      expect.stringMatching(/^error: workflow\/bad\.bpmn:1:/),
      expect.stringMatching(/^error: workflow\/script\.bpmn:7:\d+: the script task "s" does not compile/),
    ]);
    expect(await project.as(BOSS).query('workflow/processdefinition', 'true')).toMatchObject([
      { key: 'p', version: 1 },
    ]);
    const [definition] = await project.as(BOSS).query('workflow/processdefinition', { key: 'p' });
    expect(await project.as(BOSS).read(`workflow/processdefinition/${String(definition!['_id'])}`)).toMatchObject({
      formProperties: [],
      taskDefinitions: [],
    });
  });
});

describe('timers', () => {
  const escalation = bpmn(`${ends}<userTask id="a"/><userTask id="b"/>
    <boundaryEvent id="late" attachedToRef="a"><timerEventDefinition><timeDuration>PT2H</timeDuration></timerEventDefinition></boundaryEvent>
    ${script('note', "openidm.create('managed/log', null, { at: 'late' })")}
    ${flows('start -> a\n a -> end\n late -> note\n note -> b\n b -> end')}`);

  it('fire when their time has come, also late and after a restart', async () => {
    await using project = await open({ 'workflow/p.bpmn': escalation });
    const boss = project.as(BOSS);
    await boss.create(INSTANCES, { _key: 'p' });
    project.nowMs += 2 * HOUR - 1;
    await project.tree.workflow.service.wake();
    expect((await boss.query(TASKS, 'true')).map((task) => task['taskDefinitionKey'])).toEqual(['a']);
    await project.reopen();
    project.nowMs += 5 * HOUR;
    await project.tree.workflow.service.wake();
    expect((await boss.query(TASKS, 'true')).map((task) => task['taskDefinitionKey'])).toEqual(['b']);
    expect(await boss.query('managed/log', 'true')).toHaveLength(1);
    await project.tree.workflow.service.wake();
    expect(await boss.query('managed/log', 'true')).toHaveLength(1);
  });
});

function open(files: Readonly<Record<string, unknown>>) {
  return openWorkflowTree({ 'conf/managed.json': MANAGED, ...files });
}

async function taskPath(requests: Requests): Promise<string> {
  const [task] = await requests.query(TASKS, 'true');
  return `${TASKS}/${String(task!['_id'])}`;
}
