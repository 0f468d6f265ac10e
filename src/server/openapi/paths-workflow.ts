import { z } from 'zod';
import type { OperationDescriptor, ParameterDescriptor, PathDescriptor } from './descriptor.ts';
import { patchShape } from './shapes.ts';

const text = z.string();

const instanceShape = z
  .looseObject({
    _id: text.optional(),
    processDefinitionId: text.nullish(),
    businessKey: text.nullish(),
    status: text.optional().describe('active, completed, failed'),
  })
  .meta({ id: 'ProcessInstance' });

const taskShape = z
  .looseObject({ _id: text.optional(), assignee: text.nullish(), processInstanceId: text.nullish() })
  .meta({ id: 'TaskInstance' });

const startShape = z
  .looseObject({
    _key: text.nullish(),
    _processDefinitionId: text.nullish(),
    _businessKey: text.nullish(),
    _variables: z.looseObject({}).nullish(),
  })
  .meta({ id: 'ProcessStart', description: 'Every other member is a variable.' });

const variables = z.looseObject({}).meta({ id: 'ProcessVariables' });
const name: ParameterDescriptor = { name: 'name', description: 'Of the message or signal; or a member of the body.' };

function announcement(action: string, summary: string): OperationDescriptor {
  return { verb: 'action', action, summary, parameters: [name], body: variables, answer: z.unknown() };
}

/** Processes and tasks. */
export const workflowPaths: readonly PathDescriptor[] = [
  {
    path: 'workflow/processdefinition',
    tag: 'workflow',
    operations: [{ verb: 'query', summary: 'Query: process definition' }],
  },
  {
    path: 'workflow/processdefinition/{id}',
    tag: 'workflow',
    operations: [
      { verb: 'read', summary: 'Read a process definition, or one of its tasks' },
      { verb: 'query', summary: 'Query the tasks of a process definition' },
    ],
  },
  {
    path: 'workflow/processinstance',
    tag: 'workflow',
    operations: [
      { verb: 'query', summary: 'Query: process instance', answer: instanceShape },
      { verb: 'create', summary: 'Start a process', body: startShape, isBodyRequired: true, answer: instanceShape },
      {
        verb: 'action',
        action: 'createOnce',
        summary: 'Start a process unless the same is open',
        body: startShape,
        isBodyRequired: true,
        answer: z.looseObject({ _id: text.nullable(), isNew: z.boolean() }),
      },
      announcement('message', 'Send a message to one process that waits for it'),
      announcement('signal', 'Send a signal to all processes that wait for it'),
    ],
  },
  {
    path: 'workflow/processinstance/{id}',
    tag: 'workflow',
    operations: [
      { verb: 'read', summary: 'Read a process instance', answer: instanceShape },
      { verb: 'delete', summary: 'End a process instance', answer: instanceShape },
      announcement('message', 'Send a message to this process'),
      announcement('signal', 'Send a signal to this process'),
      { verb: 'action', action: 'retry', summary: 'Go on where it failed', hasNoBody: true, answer: instanceShape },
    ],
  },
  {
    path: 'workflow/processinstance/history',
    tag: 'workflow',
    operations: [{ verb: 'query', summary: 'Query: ended process instance', answer: instanceShape }],
  },
  {
    path: 'workflow/processinstance/history/{id}',
    tag: 'workflow',
    operations: [
      { verb: 'read', summary: 'Read an ended process instance', answer: instanceShape },
      { verb: 'delete', summary: 'Forget an ended process instance', answer: instanceShape },
    ],
  },
  {
    path: 'workflow/taskinstance',
    tag: 'workflow',
    operations: [{ verb: 'query', summary: 'Query: open task', answer: taskShape }],
  },
  {
    path: 'workflow/taskinstance/{id}',
    tag: 'workflow',
    operations: [
      { verb: 'read', summary: 'Read an open task', answer: taskShape },
      { verb: 'update', summary: 'Change an open task', isBodyRequired: true, answer: taskShape },
      { verb: 'patch', summary: 'Change members of an open task', body: patchShape, answer: taskShape },
      { verb: 'action', action: 'complete', summary: 'Complete a task', body: variables, answer: z.unknown() },
      {
        verb: 'action',
        action: 'claim',
        summary: 'Take a task',
        body: z.looseObject({ userId: text.nullish() }),
        answer: z.unknown(),
      },
      { verb: 'action', action: 'unclaim', summary: 'Give a task back', hasNoBody: true, answer: z.unknown() },
    ],
  },
  {
    path: 'workflow/taskinstance/history',
    tag: 'workflow',
    operations: [{ verb: 'query', summary: 'Query: completed task', answer: taskShape }],
  },
  {
    path: 'workflow/taskinstance/history/{id}',
    tag: 'workflow',
    operations: [{ verb: 'read', summary: 'Read a completed task', answer: taskShape }],
  },
];
