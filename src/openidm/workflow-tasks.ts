import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { applyPatch } from '../base/patch.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { Repository } from '../model/repository.ts';
import type { Caller, RequestContext } from '../resource/context.ts';
import type { ActionRequest } from '../resource/request.ts';
import type { Resource } from '../resource/resource.ts';
import { taskRow } from '../workflow/instance-store.ts';
import {
  INSTANCE_TYPE,
  PAST_INSTANCE_TYPE,
  PAST_TASK_TYPE,
  TASK_TYPE,
  type PastTaskDoc,
  type Row,
  type TaskDoc,
} from '../workflow/records.ts';
import type { WorkflowService } from '../workflow/workflow-service.ts';
import { actorOf, concerning, concerns, equal, seesEverything } from './workflow-access.ts';
import { formProperties } from './workflow-form.ts';
import { changeable, changedTask, claimTask, noTask } from './workflow-task-changes.ts';
import { attributeParameters, workflowQuery, type ReadParameter } from './workflow-query.ts';

/** Completes a task that is no task of a process. */
export type CompleteApproval = (task: Row<TaskDoc>, content: JsonObject, context: RequestContext) => Promise<void>;

export interface WorkflowTaskParts {
  readonly repository: Repository;
  readonly workflow: WorkflowService;
  readonly completeApproval: CompleteApproval;
}

/** `workflow/taskinstance`: what people are to do. Everybody sees and does what is his; administrators see all. */
export function workflowTasks(parts: WorkflowTaskParts): Resource {
  const { repository, workflow } = parts;
  const change = async (
    id: string,
    rev: string | null,
    context: RequestContext,
    changed: (task: JsonObject) => JsonObject,
  ): Promise<StoredObject> => {
    await findTask(repository, id, context.caller);
    const row = await workflow.change(id, rev === null ? null : revisionOf(rev), (task) =>
      changedTask(id, task, changed(changeable(task)), context.caller),
    );
    return shownTask(row);
  };
  return {
    read: async (_, id, { caller }) => wholeTask(parts, await findTask(repository, id, caller)),
    query: (request, id, { caller }) => {
      if (id !== '') throw new Failure('not-found', `Resource '${request.path}' not found`);
      return workflowQuery(repository, request, {
        type: TASK_TYPE,
        within: concerning(caller),
        parameter: parameterOf,
        renamed: { candidates: 'candidateUsers' },
        named: { unassignedTaskQuery: UNASSIGNED, 'unassigned-task-query': UNASSIGNED },
        toStored: (row) => shownTask(taskRow(row)),
      });
    },
    update: ({ content, rev }, id, context) => change(id, rev, context, (task) => ({ ...task, ...content })),
    patch: ({ operations, rev }, id, context) => change(id, rev, context, (task) => applyPatch(task, operations)),
    action: (request, id, context) => act(parts, request, id, context),
  };
}

/** `workflow/taskinstance/history`: what has been done, for administrators. */
export function workflowTaskHistory(repository: Repository): Resource {
  const check = ({ caller }: RequestContext): void => {
    if (!seesEverything(caller)) throw new Failure('denied', 'only administrators see tasks that are over');
  };
  return {
    read: async (_, id, context) => {
      check(context);
      const [row] = await repository.objects.readMany(PAST_TASK_TYPE, [id]);
      if (row === undefined) throw new Failure('not-found', `there is no task ${id} that is over`);
      return shownTask(taskRow(row));
    },
    query: async (request, _, context) => {
      check(context);
      return workflowQuery(repository, request, {
        type: PAST_TASK_TYPE,
        within: null,
        parameter: parameterOf,
        toStored: (row) => shownTask(taskRow(row)),
      });
    },
  };
}

const UNASSIGNED = { kind: 'not', part: { kind: 'present', pointer: ['assignee'] } } as const;

const ATTRIBUTES = attributeParameters({
  assignee: 'assignee',
  taskAssignee: 'assignee',
  owner: 'owner',
  name: 'name',
  taskName: 'name',
  description: 'description',
  executionId: 'executionId',
  processInstanceId: 'processInstanceId',
  processDefinitionId: 'processDefinitionId',
  processDefinitionKey: 'processDefinitionKey',
  taskDefinitionKey: 'taskDefinitionKey',
  taskDefinition: 'taskDefinitionKey',
});

const parameterOf: ReadParameter = (name, value) => {
  if (name === 'unassigned' || name === 'taskUnassigned') return value === 'false' ? UNASSIGNED.part : UNASSIGNED;
  if (name === 'priority' || name === 'taskPriority') return equal('priority', Number(value));
  if (name === 'taskCandidateUser') return { kind: 'and', parts: [equal('candidateUsers', value), UNASSIGNED] };
  if (name !== 'taskCandidateGroup') return ATTRIBUTES(name, value);
  const groups = value.split(',').map((group) => equal('candidateGroups', group.trim()));
  return { kind: 'and', parts: [{ kind: 'or', parts: groups }, UNASSIGNED] };
};

function revisionOf(rev: string): number {
  const number = Number(rev);
  if (Number.isInteger(number)) return number;
  throw new Failure('revision', `${JSON.stringify(rev)} is no revision of a task`);
}

/** One that is not his business is not there for him. */
async function findTask({ objects }: Repository, id: string, caller: Caller): Promise<Row<TaskDoc>> {
  const [row] = await objects.readMany(TASK_TYPE, [id]);
  if (row === undefined || !concerns(taskRow(row).doc, caller)) throw noTask(id);
  return taskRow(row);
}

function shownTask({ id, rev, doc }: Row<TaskDoc>): StoredObject {
  const { variableTexts: _, locals, formKey, approval, ...shown } = doc;
  const { completedBy, endTime, deleteReason } = doc as Partial<PastTaskDoc>;
  const object = {
    _id: id,
    _rev: String(rev),
    ...shown,
    formResourceKey: formKey,
    taskLocalVariables: locals,
    candidates: { candidateUsers: doc.candidateUsers, candidateGroups: doc.candidateGroups },
    ...(approval === null ? {} : { approval }),
    ...(endTime === undefined ? {} : { endTime, completedBy, deleteReason }),
  };
  return { id, rev: String(rev), object: object as unknown as JsonObject };
}

/** With the variables of its process, and its form filled in. */
async function wholeTask({ repository, workflow }: WorkflowTaskParts, task: Row<TaskDoc>): Promise<StoredObject> {
  const stored = shownTask(task);
  const { processInstanceId, processDefinitionId, taskDefinitionKey, locals } = task.doc;
  if (processInstanceId === null || processDefinitionId === null) return stored;
  const [instance] = await repository.objects.readMany(INSTANCE_TYPE, [processInstanceId]);
  const variables = { ...(instance?.doc['variables'] as JsonObject | undefined), ...locals };
  const { program } = await workflow.deployments.byId(processDefinitionId);
  const form = program.definition.userTasks.get(taskDefinitionKey)?.form ?? { key: null, properties: [] };
  const more = { variables, processVariables: variables, formProperties: formProperties(form, variables) };
  return { ...stored, object: { ...stored.object, ...more } };
}

async function act(
  parts: WorkflowTaskParts,
  { action, content, parameters }: ActionRequest,
  id: string,
  context: RequestContext,
): Promise<Json> {
  const { repository, workflow, completeApproval } = parts;
  const { caller } = context;
  const values = isJsonObject(content) ? content : {};
  const task = await findTask(repository, id, caller);
  switch (action) {
    case 'complete':
      if (task.doc.approval !== null) await completeApproval(task, values, context);
      else return completeTask(parts, task, values, context);
      break;
    case 'claim':
      await claimTask(
        workflow,
        task,
        String(values['userId'] ?? parameters['userId'] ?? actorOf(context).authenticationId),
        caller,
      );
      break;
    case 'unclaim':
      await workflow.change(id, null, (one) => changedTask(id, one, { ...changeable(one), assignee: null }, caller));
      break;
    default:
      throw new Failure('bad-request', `Unknown action ${action}`);
  }
  return { 'Task action performed': action };
}

/** With what became of the process: `status`, and why if it failed on the way. */
async function completeTask(
  { repository: { objects }, workflow }: WorkflowTaskParts,
  task: Row<TaskDoc>,
  values: JsonObject,
  context: RequestContext,
): Promise<Json> {
  await workflow.complete(task.id, values, actorOf(context));
  const id = task.doc.processInstanceId ?? '';
  const [row] = [
    ...(await objects.readMany(INSTANCE_TYPE, [id])),
    ...(await objects.readMany(PAST_INSTANCE_TYPE, [id])),
  ];
  const { status = 'completed', failure = null } = row?.doc ?? {};
  return { 'Task action performed': 'complete', status, ...(failure === null ? {} : { failure }) };
}
