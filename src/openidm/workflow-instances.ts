import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { Filter } from '../base/query-filter.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { ObjectRow, Repository } from '../model/repository.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ActionRequest } from '../resource/request.ts';
import type { Resource } from '../resource/resource.ts';
import { INSTANCE_TYPE, PAST_INSTANCE_TYPE, type InstanceDoc, type PastInstanceDoc } from '../workflow/records.ts';
import type { StartRequest } from '../workflow/start-instance.ts';
import { noInstance } from '../workflow/workflow-parts.ts';
import type { WorkflowService } from '../workflow/workflow-service.ts';
import { actorOf, equal, mayStart, namesOf, seesEverything } from './workflow-access.ts';
import { attributeParameters, workflowQuery } from './workflow-query.ts';

/** `workflow/processinstance`: what runs. A create, or the action `create`, starts one. */
export function workflowInstances(repository: Repository, workflow: WorkflowService): Resource {
  const read = async (id: string, context: RequestContext): Promise<StoredObject> => {
    const row = (await find(repository, INSTANCE_TYPE, id)) ?? (await find(repository, PAST_INSTANCE_TYPE, id));
    if (row === null || !maySee(row, context)) throw noInstance(id);
    return shownInstance(row);
  };
  return {
    create: async ({ newId, content }, id, context) => {
      if (id !== '' || newId !== null) throw new Failure('bad-request', 'the id of a process instance is not chosen');
      return read(await begin(workflow, content, context), context);
    },
    read: (_, id, context) => read(id, context),
    query: (request, id, context) => {
      if (id !== '') throw new Failure('not-found', `Resource '${request.path}' not found`);
      return workflowQuery(repository, request, { ...QUERY, type: INSTANCE_TYPE, within: ownOnly(context) });
    },
    delete: async ({ parameters }, id, context) => {
      refuseOthers(context);
      const before = await read(id, context);
      await workflow.cancel(id, parameters['deleteReason'] ?? null);
      return before;
    },
    action: (request, id, context) => act(repository, workflow, request, id, context),
  };
}

/** `workflow/processinstance/history`: what has run, and what runs. */
export function workflowHistory(repository: Repository): Resource {
  return {
    read: async (_, id, context) => {
      const row = (await find(repository, PAST_INSTANCE_TYPE, id)) ?? (await find(repository, INSTANCE_TYPE, id));
      if (row === null || !maySee(row, context)) throw new Failure('not-found', `there is no process instance ${id}`);
      return shownInstance(row);
    },
    query: (request, _, context) =>
      workflowQuery(repository, request, { ...QUERY, type: PAST_INSTANCE_TYPE, within: ownOnly(context) }),
    delete: async ({ rev }, id, context) => {
      refuseOthers(context);
      const row = await find(repository, PAST_INSTANCE_TYPE, id);
      if (row === null) throw new Failure('not-found', `there is no ended process instance ${id}`);
      if (rev !== null && rev !== String(row.rev)) throw new Failure('revision', `the revision of ${id} is ${row.rev}`);
      const object = { kind: 'delete', type: PAST_INSTANCE_TYPE, id, rev: row.rev } as const;
      await repository.commit({ units: [{ object }] });
      return shownInstance(row);
    },
  };
}

const PARAMETERS = attributeParameters({
  processDefinitionId: 'processDefinitionId',
  processDefinitionKey: 'processDefinitionKey',
  processDefinitionName: 'processDefinitionName',
  processInstanceBusinessKey: 'businessKey',
  businessKey: 'businessKey',
  processInstanceId: '_id',
  startUserId: 'startUserId',
  startedBy: 'startUserId',
  status: 'status',
});

const QUERY = {
  parameter: PARAMETERS,
  renamed: { processInstanceId: '_id', processVariables: 'variables' },
  toStored: shownInstance,
};

function shownInstance({ id, rev, doc }: ObjectRow): StoredObject {
  const {
    variableTexts: _,
    marks: _marks,
    dueMs: _due,
    actor: _actor,
    onlyId: _only,
    ...shown
  } = doc as unknown as InstanceDoc;
  const { endTime = null, deleteReason = null } = doc as unknown as Partial<PastInstanceDoc>;
  const durationInMillis = endTime === null ? null : Date.parse(endTime) - Date.parse(shown.startTime);
  const object = {
    _id: id,
    _rev: String(rev),
    processInstanceId: id,
    ...shown,
    processVariables: shown.variables,
    endTime,
    durationInMillis,
    deleteReason,
  };
  return { id, rev: String(rev), object: object as unknown as JsonObject };
}

async function find({ objects }: Repository, type: string, id: string): Promise<ObjectRow | null> {
  return (await objects.readMany(type, [id]))[0] ?? null;
}

/** Others than administrators see what they have started. */
function maySee({ doc }: ObjectRow, { caller }: RequestContext): boolean {
  return seesEverything(caller) || namesOf(caller).includes(String(doc['startUserId']));
}

function ownOnly({ caller }: RequestContext): Filter | null {
  if (seesEverything(caller)) return null;
  return { kind: 'or', parts: namesOf(caller).map((name) => equal('startUserId', name)) };
}

function refuseOthers({ caller }: RequestContext): void {
  if (!seesEverything(caller)) throw new Failure('denied', 'only administrators may do that with process instances');
}

async function begin(
  workflow: WorkflowService,
  content: JsonObject,
  context: RequestContext,
  only?: string,
): Promise<string> {
  const id = await tryBegin(workflow, content, context, only);
  if (id !== null) return id;
  throw new Failure('conflict', 'the process could not be started: try again', { retryable: true });
}

/** `_key` or `_processDefinitionId`, `_businessKey`, `_variables`; everything else is a variable. Null: `only` is open already. */
async function tryBegin(
  workflow: WorkflowService,
  content: JsonObject,
  context: RequestContext,
  only?: string,
): Promise<string | null> {
  const {
    _key: key,
    _processDefinitionId: definitionId,
    _businessKey: businessKey,
    _variables: listed,
    ...rest
  } = content;
  const [wantedKey, wantedId] = [textOf('_key', key), textOf('_processDefinitionId', definitionId)];
  if (wantedKey === undefined && wantedId === undefined)
    throw new Failure('bad-request', 'the content names no process: give "_key" or "_processDefinitionId"');
  const { deployments } = workflow;
  const { program } = wantedId === undefined ? await deployments.byKey(wantedKey!) : await deployments.byId(wantedId);
  if (!mayStart(program.definition, context.caller))
    throw new Failure('denied', `the process "${program.definition.key}" may not be started by ${context.caller.id}`);
  const request: StartRequest = {
    ...(wantedId === undefined ? { key: wantedKey! } : { definitionId: wantedId }),
    businessKey: textOf('_businessKey', businessKey) ?? null,
    variables: isJsonObject(listed) ? { ...rest, ...listed } : rest,
    actor: actorOf(context),
    ...(only === undefined ? {} : { only }),
  };
  return workflow.start(request);
}

/** Numbers are taken as they are written. */
function textOf(name: string, value: Json | undefined): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new Failure('bad-request', `"${name}" must be a text, not ${JSON.stringify(value).slice(0, 100)}`);
}

async function act(
  repository: Repository,
  workflow: WorkflowService,
  request: ActionRequest,
  id: string,
  context: RequestContext,
): Promise<Json | undefined> {
  const content = isJsonObject(request.content) ? request.content : {};
  const { action, parameters } = request;
  if (id === '' && (action === 'create' || action === 'createProcessInstance')) {
    const { _id, processInstanceId, businessKey, processDefinitionId, status } = (await shownAfter(
      repository,
      await begin(workflow, { ...parameters, ...content }, context),
    )) as Record<string, Json>;
    return {
      _id: _id!,
      processInstanceId: processInstanceId!,
      businessKey: businessKey!,
      processDefinitionId: processDefinitionId!,
      status: status!,
    };
  }
  if (id === '' && action === 'createOnce') return createOnce(workflow, content, context);
  refuseOthers(context);
  if (action === 'message' || action === 'signal') return announce(workflow, action, content, id, context);
  if (id !== '' && action === 'retry') {
    await workflow.retry(id, actorOf(context));
    return shownAfter(repository, id);
  }
  throw new Failure('bad-request', `Unknown action ${action}`);
}

/** Null when the same is open already: `_only` names what may be there once. */
async function createOnce(workflow: WorkflowService, content: JsonObject, context: RequestContext): Promise<Json> {
  const { _only: only, ...rest } = content;
  if (typeof only !== 'string' || only === '') throw new Failure('bad-request', 'the content has no text "_only"');
  const id = await tryBegin(workflow, rest, context, only);
  return { _id: id, isNew: id !== null };
}

async function shownAfter(repository: Repository, id: string): Promise<JsonObject> {
  const row = (await find(repository, INSTANCE_TYPE, id)) ?? (await find(repository, PAST_INSTANCE_TYPE, id));
  if (row === null) throw noInstance(id);
  return shownInstance(row).object;
}

async function announce(
  workflow: WorkflowService,
  kind: 'message' | 'signal',
  content: JsonObject,
  id: string,
  context: RequestContext,
): Promise<Json> {
  const { name, messageName, signalName, ...variables } = content;
  const text = name ?? messageName ?? signalName;
  if (typeof text !== 'string' || text === '') throw new Failure('bad-request', `the content has no name of a ${kind}`);
  const instanceId = id === '' ? null : id;
  const count = await workflow.announce({ kind, name: text }, { instanceId, variables, actor: actorOf(context) });
  return { received: count };
}
