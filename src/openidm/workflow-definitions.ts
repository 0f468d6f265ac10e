import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Filter } from '../base/query-filter.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { Repository } from '../model/repository.ts';
import { answerOf, type Resource } from '../resource/resource.ts';
import type { Deployment, Deployments } from '../workflow/deployments.ts';
import type { UserTaskDefinition } from '../workflow/process-definition.ts';
import { DEFINITION_TYPE, type DefinitionDoc } from '../workflow/records.ts';
import { formProperties } from './workflow-form.ts';
import { attributeParameters, workflowQuery, type ReadParameter } from './workflow-query.ts';

/** `workflow/processdefinition`: what can be started, and every version that instances still may have. */
export function workflowDefinitions(repository: Repository, deployments: Deployments): Resource {
  return {
    read: async (_, id) => {
      const [definitionId, inner, key = ''] = partsOf(id);
      const deployment = await deployments.byId(definitionId);
      if (inner === undefined) return shownWhole(deployment, deployments);
      if (inner !== 'taskdefinition')
        throw new Failure('not-found', `Resource 'workflow/processdefinition/${id}' not found`);
      const task = deployment.program.definition.userTasks.get(key);
      if (task !== undefined) return answerOf(key, shownTask(task));
      throw new Failure('not-found', `the process ${definitionId} has no user task "${key}"`);
    },
    query: async (request, id) => {
      if (id !== '') return taskDefinitions(await deployments.byId(partsOf(id)[0]));
      return workflowQuery(repository, request, {
        type: DEFINITION_TYPE,
        within: null,
        parameter: parameterOf,
        toStored: ({ id: rowId, rev, doc }) => shown(rowId, rev, doc as unknown as DefinitionDoc, deployments),
      });
    },
  };
}

/** Ids have colons, no slashes. */
function partsOf(id: string): [string, string?, string?] {
  return id.split('/') as [string, string?, string?];
}

const ATTRIBUTES = attributeParameters({
  key: 'key',
  name: 'name',
  category: 'category',
  resourceName: 'resource',
  processDefinitionResourceName: 'resource',
  processDefinitionId: '_id',
  _id: '_id',
});

const parameterOf: ReadParameter = (name, value): Filter | null =>
  name === 'version'
    ? { kind: 'compare', operator: 'eq', pointer: ['version'], value: Number(value) }
    : ATTRIBUTES(name, value);

/** Suspended is what Activiti calls a definition of which nothing can be started. */
const [ACTIVE, SUSPENDED] = [1, 2];

function shown(id: string, rev: number, doc: DefinitionDoc, deployments: Deployments): StoredObject {
  const { key, name, version, category, description, resource, digest } = doc;
  const object: JsonObject = {
    _id: id,
    _rev: String(rev),
    key,
    name,
    version,
    category,
    description,
    resourceName: resource,
    processDefinitionResourceName: resource,
    deploymentId: digest.slice(0, 8),
    suspensionState: deployments.isPresent(id) ? ACTIVE : SUSPENDED,
  };
  return { id, rev: String(rev), object };
}

function shownWhole({ row, program }: Deployment, deployments: Deployments): StoredObject {
  const stored = shown(row.id, row.rev, row.doc, deployments);
  const { startForm, candidateStarterUsers, candidateStarterGroups } = program.definition;
  return {
    ...stored,
    object: {
      ...stored.object,
      hasStartFormKey: startForm.key !== null,
      formResourceKey: startForm.key,
      formProperties: formProperties(startForm, {}),
      candidateStarterUserIdExpressions: [...candidateStarterUsers],
      candidateStarterGroupIdExpressions: [...candidateStarterGroups],
      taskDefinitions: taskDefinitions({ row, program }).objects.map(({ object }) => object as Json),
    },
  };
}

function taskDefinitions({ program }: Deployment) {
  const tasks = [...program.definition.userTasks.values()];
  return { objects: tasks.map((task) => answerOf(task.id, shownTask(task))), cookie: null, total: tasks.length };
}

function shownTask(task: UserTaskDefinition): JsonObject {
  return {
    key: task.id,
    name: task.name?.text ?? null,
    description: task.description?.text ?? null,
    assignee: task.assignee?.text ?? null,
    candidateUsers: task.candidateUsers.map(({ text }) => text),
    candidateGroups: task.candidateGroups.map(({ text }) => text),
    formResourceKey: task.form.key,
    formProperties: formProperties(task.form, {}),
  };
}
