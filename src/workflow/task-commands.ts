import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import { checkForm } from './form-values.ts';
import { taskRow, tryCommit } from './instance-store.ts';
import { takeStep, withVariables } from './instance-steps.ts';
import { docOf, TASK_TYPE, type Actor, type Row, type TaskDoc } from './records.ts';
import { goOn, type Parts } from './workflow-parts.ts';

/** Completes a task of a process; see `WorkflowService.complete`. */
export async function completeTask(parts: Parts, taskId: string, variables: JsonObject, actor: Actor): Promise<void> {
  const { surroundings, deployments } = parts;
  const [row] = await surroundings.repository.objects.readMany(TASK_TYPE, [taskId]);
  const task = row === undefined ? null : taskRow(row).doc;
  const instanceId = task?.processInstanceId ?? null;
  if (task === null || instanceId === null) throw noTask(taskId);
  const { program } = await deployments.byId(task.processDefinitionId ?? '');
  const form = program.definition.userTasks.get(task.taskDefinitionKey)?.form;
  if (form !== undefined) checkForm(form, variables, `the task "${task.name ?? task.taskDefinitionKey}"`);
  const stepped = await takeStep(surroundings, deployments, instanceId, {
    input: (run) =>
      run.waits.some(({ executionId }) => executionId === task.executionId)
        ? { kind: 'done', executionId: task.executionId }
        : null,
    variables: (present) => withVariables(present, variables),
    change: { actor },
    ended: { taskId, completedBy: actor.authenticationId },
  });
  if (stepped === null) throw noTask(taskId);
  await goOn(parts, instanceId, stepped.doc);
}

function noTask(id: string): Failure {
  return new Failure('not-found', `there is no open task ${id}`);
}

/** Changes a task as it is stored; see `WorkflowService.change`. */
export async function changeTask(
  { surroundings: { repository } }: Parts,
  id: string,
  rev: number | null,
  change: (task: TaskDoc) => TaskDoc,
): Promise<Row<TaskDoc>> {
  for (;;) {
    const [found] = await repository.objects.readMany(TASK_TYPE, [id]);
    if (found === undefined) throw noTask(id);
    if (rev !== null && found.rev !== rev)
      throw new Failure(
        'revision',
        `the task ${id} was changed meanwhile (expected revision ${rev}, found ${found.rev})`,
      );
    const doc = change(taskRow(found).doc);
    const object = { kind: 'update', type: TASK_TYPE, id, rev: found.rev, doc: docOf(doc) } as const;
    if (await tryCommit(repository, { units: [{ object }] })) return { id, rev: found.rev + 1, doc };
  }
}
