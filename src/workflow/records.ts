import type { Json, JsonObject } from '../base/json.ts';
import type { ObjectTypeSpec } from '../model/repository.ts';

/** What is kept of workflows in the repository. Times are ISO 8601 texts; those that end in `Ms` are milliseconds since 1970 UTC. */

export const DEFINITION_TYPE = 'workflow/definition';
export const INSTANCE_TYPE = 'workflow/instance';
/** State of the engine, under the id of the instance. */
export const STATE_TYPE = 'workflow/state';
export const TASK_TYPE = 'workflow/task';
/** One row for each instance that must be the only one of its kind; its id says what kind. */
export const ONLY_TYPE = 'workflow/only';
export const PAST_INSTANCE_TYPE = 'workflow/past-instance';
export const PAST_TASK_TYPE = 'workflow/past-task';

export const WORKFLOW_TYPES: readonly ObjectTypeSpec[] = [
  { name: DEFINITION_TYPE, searchable: ['key', 'name'] },
  {
    name: INSTANCE_TYPE,
    searchable: ['processDefinitionId', 'processDefinitionKey', 'businessKey', 'startUserId', 'variableTexts', 'marks'],
  },
  { name: STATE_TYPE, searchable: [] },
  {
    name: TASK_TYPE,
    searchable: [
      'processInstanceId',
      'assignee',
      'candidateUsers',
      'candidateGroups',
      'processDefinitionKey',
      'variableTexts',
    ],
  },
  { name: ONLY_TYPE, searchable: [] },
  {
    name: PAST_INSTANCE_TYPE,
    searchable: ['processDefinitionId', 'processDefinitionKey', 'businessKey', 'startUserId', 'variableTexts'],
  },
  { name: PAST_TASK_TYPE, searchable: ['processInstanceId', 'assignee'] },
];

/** For whom a process works: scripts run on his behalf, in the transaction in which he asked for it. */
export interface Actor {
  readonly id: string;
  /** The name that he logs in with. */
  readonly authenticationId: string;
  readonly component: string;
  readonly roles: readonly string[];
  readonly transactionId: string;
}

export interface DefinitionDoc {
  readonly key: string;
  readonly version: number;
  readonly name: string | null;
  readonly category: string | null;
  readonly description: string | null;
  /** Within the project. */
  readonly resource: string;
  readonly xml: string;
  readonly digest: string;
  readonly deployedMs: number;
}

export interface InstanceDoc {
  readonly processDefinitionId: string;
  readonly processDefinitionKey: string;
  readonly processDefinitionName: string | null;
  readonly processDefinitionVersion: number;
  readonly businessKey: string | null;
  readonly startUserId: string;
  readonly startTime: string;
  /** `failed`: a task could not be done; what waits for people goes on waiting. */
  readonly status: 'active' | 'failed';
  readonly failure: InstanceFailure | null;
  readonly variables: JsonObject;
  /** `name=value` of the variables that are no objects, for queries. */
  readonly variableTexts: readonly string[];
  /** `work`: scripts or actions are to be run. `timer`: one is set. `failed`. */
  readonly marks: readonly string[];
  /** The next timer. */
  readonly dueMs: number | null;
  readonly actor: Actor;
  /** Id of its row of `ONLY_TYPE`. */
  readonly onlyId: string | null;
}

export interface InstanceFailure {
  readonly activityId: string | null;
  readonly activityName: string | null;
  readonly message: string;
  readonly atMs: number;
}

export interface PastInstanceDoc extends Omit<InstanceDoc, 'status' | 'marks' | 'dueMs' | 'onlyId' | 'actor'> {
  readonly status: 'completed' | 'deleted';
  readonly endTime: string;
  readonly deleteReason: string | null;
}

export interface TaskDoc {
  /** Null: an approval without a process. */
  readonly processInstanceId: string | null;
  readonly processDefinitionId: string | null;
  readonly processDefinitionKey: string | null;
  readonly taskDefinitionKey: string;
  readonly executionId: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly assignee: string | null;
  readonly owner: string | null;
  readonly candidateUsers: readonly string[];
  readonly candidateGroups: readonly string[];
  readonly priority: number;
  readonly dueDate: string | null;
  readonly category: string | null;
  readonly createTime: string;
  readonly formKey: string | null;
  readonly locals: JsonObject;
  readonly variableTexts: readonly string[];
  /** What an approval is about; null for a task of a process. */
  readonly approval: Json;
}

export interface PastTaskDoc extends TaskDoc {
  readonly endTime: string;
  readonly completedBy: string | null;
  readonly deleteReason: string | null;
}

/** A stored row with a document of a known shape. */
export interface Row<T> {
  readonly id: string;
  readonly rev: number;
  readonly doc: T;
}

/** Documents are plain JSON; the types above say which. */
export function docOf(doc: object): JsonObject {
  return doc as unknown as JsonObject;
}

const MAX_TEXT = 500;

/** `name=value` for each variable that is a text, number or boolean and not too long to be looked for. */
export function variableTexts(variables: JsonObject): readonly string[] {
  return Object.entries(variables).flatMap(([name, value]) => {
    if (value === null || typeof value === 'object') return [];
    const text = `${name}=${String(value)}`;
    return text.length > MAX_TEXT ? [] : [text];
  });
}
