import type { JsonObject } from '../base/json.ts';
import { openDeployments, type Deployments } from './deployments.ts';
import { openDriver } from './drive.ts';
import { openWakener } from './due-timers.ts';
import { announce, cancel, retry, type Announcement } from './instance-commands.ts';
import { WORKFLOW_TYPES, type Actor, type Row, type TaskDoc } from './records.ts';
import { startInstance, type StartRequest } from './start-instance.ts';
import { changeTask, completeTask } from './task-commands.ts';
import type { Parts } from './workflow-parts.ts';
import type { WorkflowSurroundings } from './workflow-port.ts';

/** Processes of a project: started, carried out, kept. Every step is stored before anything comes of it. */
export interface WorkflowService {
  readonly deployments: Deployments;
  /** Starts an instance and does the work up to where it waits. Null: one of the same `only` is open already. */
  start(request: StartRequest): Promise<string | null>;
  /**
   * Completes a task of a process. Fails with `not-found` if it is open no more, `bad-request` for a form that is not filled in,
   * `conflict` if the process cannot go on like that; then the task stays open.
   */
  complete(taskId: string, variables: JsonObject, actor: Actor): Promise<void>;
  /** Changes who is to do a task, or how it is shown. `rev` null: any. */
  change(taskId: string, rev: number | null, change: (task: TaskDoc) => TaskDoc): Promise<Row<TaskDoc>>;
  /** Tells instances that something has happened: all that wait for it, or the one that is named. Answers how many went on. */
  announce(
    event: { readonly kind: 'message' | 'signal'; readonly name: string },
    request: Announcement,
  ): Promise<number>;
  /** Tries a failed instance again from where it stopped. */
  retry(instanceId: string, actor: Actor): Promise<void>;
  /** Ends an instance and its tasks. */
  cancel(instanceId: string, reason: string | null): Promise<void>;
  /** Fires the timers that are due now, and takes up what was left. For tests, and for who does not run the timers. */
  wake(): Promise<void>;
  close(): Promise<void>;
}

export interface WorkflowOptions {
  /** Whether timers fire by themselves and what was left is taken up. */
  readonly isRunning: boolean;
  readonly intervalMs?: number;
}

export async function openWorkflow(
  surroundings: WorkflowSurroundings,
  options: WorkflowOptions,
): Promise<WorkflowService> {
  await surroundings.repository.objects.declareTypes(WORKFLOW_TYPES);
  const deployments = openDeployments(surroundings);
  const driver = openDriver(surroundings, deployments);
  const wakener = openWakener({ surroundings, deployments, driver, ...options });
  const parts: Parts = { surroundings, deployments, driver, wakener };
  return {
    deployments,
    start: (request) => startInstance(parts, request),
    complete: (taskId, variables, actor) => completeTask(parts, taskId, variables, actor),
    change: (taskId, rev, change) => changeTask(parts, taskId, rev, change),
    announce: (event, request) => announce(parts, event, request),
    retry: (instanceId, actor) => retry(parts, instanceId, actor),
    cancel: (instanceId, reason) => cancel(parts, instanceId, reason),
    wake: () => wakener.wake(),
    close: async () => {
      await wakener.close();
      await driver.close();
    },
  };
}
