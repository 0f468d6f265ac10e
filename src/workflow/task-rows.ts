import { isoTime } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import { textValue, type Template, type UserTaskDefinition } from './process-definition.ts';
import type { Wait } from './process-run.ts';
import { variableTexts, type InstanceDoc, type TaskDoc } from './records.ts';

const DEFAULT_PRIORITY = 50;

/** The task that a user task of an instance is when the process gets there. Throws `Failure` for a value that cannot be told. */
export function taskOf(
  definition: UserTaskDefinition,
  wait: Wait,
  instance: InstanceDoc,
  instanceId: string,
  nowMs: number,
): TaskDoc {
  const scope: JsonObject = { ...instance.variables, ...wait.locals };
  const text = (template: Template | null): string | null =>
    template === null ? null : textValue(valueOf(template, scope, definition.id));
  return {
    processInstanceId: instanceId,
    processDefinitionId: instance.processDefinitionId,
    processDefinitionKey: instance.processDefinitionKey,
    taskDefinitionKey: definition.id,
    executionId: wait.executionId,
    name: text(definition.name),
    description: text(definition.description),
    assignee: text(definition.assignee),
    owner: text(definition.owner),
    candidateUsers: namesOf(definition.candidateUsers, scope, definition.id),
    candidateGroups: namesOf(definition.candidateGroups, scope, definition.id),
    priority: priorityOf(text(definition.priority)),
    dueDate: text(definition.dueDate),
    category: text(definition.category),
    createTime: isoTime(nowMs),
    formKey: definition.form.key,
    locals: wait.locals,
    variableTexts: variableTexts(scope),
    approval: null,
  };
}

/** A value may be a list, or names with commas. */
function namesOf(templates: readonly Template[], scope: JsonObject, task: string): readonly string[] {
  const names = templates.flatMap((template) => {
    const value = valueOf(template, scope, task);
    if (Array.isArray(value)) return value.map(String);
    return (textValue(value) ?? '').split(',');
  });
  return [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))];
}

function valueOf(template: Template, scope: JsonObject, task: string): ReturnType<Template['evaluate']> {
  try {
    return template.evaluate(scope);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure('conflict', `the user task "${task}": ${template.text}: ${error.message}`, { cause: error });
  }
}

function priorityOf(text: string | null): number {
  const number = Number(text ?? DEFAULT_PRIORITY);
  return Number.isFinite(number) ? number : DEFAULT_PRIORITY;
}
