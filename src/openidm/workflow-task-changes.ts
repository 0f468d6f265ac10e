import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Caller } from '../resource/context.ts';
import type { Row, TaskDoc } from '../workflow/records.ts';
import type { WorkflowService } from '../workflow/workflow-service.ts';
import { concerns, namesOf, seesEverything } from './workflow-access.ts';

const CHANGEABLE = ['assignee', 'owner', 'name', 'description', 'category', 'dueDate', 'priority'] as const;

/** What may be changed of a task. */
export function changeable(task: TaskDoc): JsonObject {
  return Object.fromEntries(CHANGEABLE.map((name) => [name, task[name]]));
}

/** The task with the attributes of `wanted` that may be changed; others are what a client has read before. Throws `Failure`. */
export function changedTask(id: string, task: TaskDoc, wanted: JsonObject, caller: Caller): TaskDoc {
  const changed: Record<string, Json> = {};
  for (const name of CHANGEABLE) {
    const value = wanted[name] ?? null;
    if (value === task[name]) continue;
    const isRight = name === 'priority' ? typeof value === 'number' : value === null || typeof value === 'string';
    if (!isRight) throw new Failure('bad-request', `"${name}" of a task cannot be ${JSON.stringify(value)}`);
    changed[name] = value === '' ? null : value;
  }
  checkChange(id, task, changed, caller);
  return { ...task, ...changed };
}

/** Others than administrators take a task that is free, or give theirs back; nobody hands it to somebody else. */
function checkChange(id: string, task: TaskDoc, changed: JsonObject, caller: Caller): void {
  if (seesEverything(caller)) return;
  if (!concerns(task, caller)) throw noTask(id);
  const other = Object.keys(changed).find((name) => name !== 'assignee');
  if (other !== undefined) throw new Failure('denied', `only administrators change "${other}" of a task`);
  const { assignee = null } = changed;
  if (assignee !== null && !namesOf(caller).includes(String(assignee)))
    throw new Failure('denied', `a task can be claimed for oneself only, not for ${JSON.stringify(assignee)}`);
}

/** Takes a task that nobody else has. */
export async function claimTask(
  workflow: WorkflowService,
  { id }: Row<TaskDoc>,
  userId: string,
  caller: Caller,
): Promise<void> {
  await workflow.change(id, null, (task) => {
    if (task.assignee !== null && task.assignee !== userId)
      throw new Failure('conflict', `the task ${id} has been claimed by ${task.assignee}`);
    return changedTask(id, task, { ...changeable(task), assignee: userId }, caller);
  });
}

/** One that is not there, or not for who asks. */
export function noTask(id: string): Failure {
  return new Failure('not-found', `there is no open task ${id}`);
}
