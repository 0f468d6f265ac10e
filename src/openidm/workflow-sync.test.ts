import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../base/json.ts';
import type { Lockstep } from '../app/lockstep.ts';
import { bpmn, flows, script } from '../workflow/testing/bpmn.ts';
import { BOSS, openWorkflowTree, person, type Requests, type WorkflowTree } from './testing/workflow-tree.ts';

/** The asynchronous reconciliation of reference 003: a policy starts a workflow, whose last step takes the deferred action. */
const WORKFLOW = bpmn(
  `<startEvent id="start"/><endEvent id="end"/>
  <userTask id="approve" name="Create \${sourceId}?" activiti:candidateGroups="managers"/>
  <exclusiveGateway id="choice"/>
  ${script('act', "openidm.action('sync', 'performAction', { reconId: reconId, mapping: mapping, situation: situation, action: 'CREATE', sourceId: sourceId });")}
  ${flows("start -> approve\n approve -> choice\n choice -> act: ${approved == 'yes'}\n choice -> end: ${approved != 'yes'}\n act -> end")}`,
).replaceAll('id="p"', 'id="managedUserApproval"');

const MAPPING: JsonObject = {
  name: 'managedLog_managedUser',
  source: 'managed/person',
  target: 'managed/user',
  enableSync: false,
  properties: [{ source: 'name', target: 'name' }],
  policies: [
    {
      situation: 'ABSENT',
      action: {
        workflowName: 'managedUserApproval',
        type: 'text/javascript',
        file: 'workflow/triggerWorkflowFromSync.js',
      },
    },
  ],
};

const FILES = {
  'conf/managed.json': { objects: [{ name: 'user' }, { name: 'person' }] },
  'conf/sync.json': { mappings: [MAPPING] },
  'workflow/managedUserApproval.bpmn20.xml': WORKFLOW,
};

const RUN = { mapping: 'managedLog_managedUser', waitForCompletion: 'true' };

describe('a reconciliation whose policy starts a workflow', () => {
  it('leaves the object to it, once, and the workflow takes the action', async () => {
    const seen: JsonObject[] = [];
    await using project = await openWorkflowTree(FILES, (lockstep) => answerPerformAction(lockstep, seen));
    const boss = project.as(BOSS);
    await addPerson(project, 'a');
    for (let runs = 0; runs < 2; runs++) await boss.action('recon', 'recon', null, RUN);
    const instances = await boss.query('workflow/processinstance', { 'var-sourceId': 'a' });
    expect(instances).toHaveLength(1);
    expect(instances[0]).toMatchObject({
      processDefinitionKey: 'managedUserApproval',
      variables: { mapping: 'managedLog_managedUser', situation: 'ABSENT', action: 'CREATE', sourceId: 'a' },
    });
    const manager = project.as(person('m1', 'managers'));
    const [task] = await manager.query('workflow/taskinstance', 'true');
    expect([task!['name'], await users(boss)]).toEqual(['Create a?', []]);
    await manager.action(`workflow/taskinstance/${String(task!['_id'])}`, 'complete', { approved: 'yes' });
    const { reconId } = instances[0]!['variables'] as { reconId: string };
    expect(seen).toEqual([
      { reconId, mapping: 'managedLog_managedUser', situation: 'ABSENT', action: 'CREATE', sourceId: 'a' },
    ]);
    expect(await boss.query('workflow/processinstance', 'true')).toEqual([]);
  });

  it('asks again when the first answer was given and the object still is in that situation', async () => {
    await using project = await openWorkflowTree(FILES);
    const boss = project.as(BOSS);
    await addPerson(project, 'a');
    await boss.action('recon', 'recon', null, RUN);
    const [task] = await boss.query('workflow/taskinstance', 'true');
    await boss.action(`workflow/taskinstance/${String(task!['_id'])}`, 'complete', { approved: 'no' });
    expect(await boss.query('workflow/processinstance', 'true')).toEqual([]);
    await boss.action('recon', 'recon', null, RUN);
    expect(await boss.query('workflow/processinstance', 'true')).toHaveLength(1);
  });

  it('starts nothing in a plan', async () => {
    await using project = await openWorkflowTree(FILES);
    const boss = project.as(BOSS);
    await addPerson(project, 'a');
    await boss.action('recon', 'plan', null, RUN);
    expect(await boss.query('workflow/processinstance', 'true')).toEqual([]);
  });

  it('fails the objects for which there is no such workflow, and says so', async () => {
    const { 'workflow/managedUserApproval.bpmn20.xml': _, ...without } = FILES;
    await using project = await openWorkflowTree(without);
    const boss = project.as(BOSS);
    await addPerson(project, 'a');
    const { _id: id } = (await boss.action('recon', 'recon', null, RUN)) as { readonly _id: string };
    const entries = await boss.query('audit/recon', `reconId eq "${id}" and entryType eq "entry"`);
    expect(entries.map(({ message }) => message)).toEqual([
      expect.stringContaining('there is no process "managedUserApproval"'),
    ]);
  });
});

/** In place of the action itself: what it was called with. */
function answerPerformAction({ router }: Lockstep, seen: JsonObject[]): void {
  router.addFilter(async (request, _, next) => {
    if (request.verb !== 'action' || request.action !== 'performAction') return next();
    seen.push({ ...request.parameters } as Record<string, Json>);
    return { kind: 'action', value: {} };
  });
}

async function addPerson(project: WorkflowTree, id: string): Promise<void> {
  const context = { caller: BOSS, transactionId: 't', parentActionId: null, cause: 'rest', mode: 'live' } as const;
  const create = {
    verb: 'create',
    path: 'managed/person',
    newId: id,
    content: { name: id },
    parameters: {},
    fields: null,
  } as const;
  await project.lockstep.router.handle(create, context);
}

function users(requests: Requests): Promise<readonly JsonObject[]> {
  return requests.query('managed/user', 'true');
}
