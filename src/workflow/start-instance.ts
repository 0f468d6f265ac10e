import { createHash } from 'node:crypto';
import { isoTime } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { CommitUnit } from '../model/repository.ts';
import type { Deployment, Deployments } from './deployments.ts';
import { checkForm } from './form-values.ts';
import { afterStep, createUnit, stateDoc, tryCommit } from './instance-store.ts';
import { tasksFor } from './instance-steps.ts';
import { startRun, type ProcessRun } from './process-run.ts';
import {
  INSTANCE_TYPE,
  ONLY_TYPE,
  PAST_INSTANCE_TYPE,
  STATE_TYPE,
  TASK_TYPE,
  type Actor,
  type InstanceDoc,
  type PastInstanceDoc,
} from './records.ts';
import type { Parts } from './workflow-parts.ts';

export interface StartRequest {
  /** One of the two. */
  readonly key?: string;
  readonly definitionId?: string;
  readonly businessKey: string | null;
  readonly variables: JsonObject;
  readonly actor: Actor;
  /** What makes it the only open one of its kind. */
  readonly only?: string;
}

/** Starts an instance; see `WorkflowService.start`. */
export async function startInstance(parts: Parts, request: StartRequest): Promise<string | null> {
  const { surroundings, deployments, driver } = parts;
  const onlyId = request.only === undefined ? null : createHash('sha256').update(request.only).digest('base64url');
  if (onlyId !== null && (await surroundings.repository.objects.readMany(ONLY_TYPE, [onlyId])).length > 0) return null;
  const deployment = await deploymentOf(deployments, request);
  const { definition } = deployment.program;
  const initiator = definition.initiator === null ? {} : { [definition.initiator]: request.actor.authenticationId };
  const variables = { ...request.variables, ...initiator };
  checkForm(definition.startForm, request.variables, `the start form of "${definition.key}"`);
  const run = await startRun(deployment.program, {
    nowMs: () => surroundings.clock.nowMs(),
    variables: () => variables,
  });
  const id = surroundings.newId();
  const doc = afterStep(newInstance(parts, deployment, request, onlyId), run.waits, variables);
  const tasks = tasksFor(run, doc, { row: { id }, tasks: [] }, definition.userTasks, surroundings);
  const units = startUnits(id, doc, run, tasks, isoTime(surroundings.clock.nowMs()));
  const hold = doc.marks.includes('work') ? await surroundings.hold(`workflow/${id}`) : null;
  const fence = hold === null ? {} : { fence: hold.fence };
  const isStored = await tryCommit(surroundings.repository, { units, ...fence }).catch(async (error: unknown) => {
    await hold?.release();
    throw error;
  });
  if (!isStored) {
    await hold?.release();
    return null;
  }
  parts.wakener.note(doc.dueMs);
  if (hold !== null) await driver.drive(id, hold);
  return id;
}

function startUnits(
  id: string,
  doc: InstanceDoc,
  run: ProcessRun,
  tasks: ReturnType<typeof tasksFor>,
  now: string,
): readonly CommitUnit[] {
  if (run.isOver) return [createUnit(PAST_INSTANCE_TYPE, id, pastOf(doc, now))];
  const { onlyId } = doc;
  return [
    createUnit(INSTANCE_TYPE, id, doc),
    createUnit(STATE_TYPE, id, stateDoc(run)),
    ...(onlyId === null ? [] : [createUnit(ONLY_TYPE, onlyId, { processInstanceId: id })]),
    ...tasks.map((task) => createUnit(TASK_TYPE, task.id, task.doc)),
  ];
}

async function deploymentOf(deployments: Deployments, { key, definitionId }: StartRequest): Promise<Deployment> {
  if (definitionId === undefined && key !== undefined) return deployments.byKey(key);
  const deployment = await deployments.byId(definitionId ?? '');
  if (deployments.isPresent(deployment.row.id)) return deployment;
  throw new Failure(
    'conflict',
    `the process definition ${deployment.row.id} is not the present one: start ${deployment.row.doc.key} by "_key"`,
  );
}

function newInstance(
  { surroundings }: Parts,
  { row }: Deployment,
  { businessKey, actor }: StartRequest,
  onlyId: string | null,
): InstanceDoc {
  return {
    processDefinitionId: row.id,
    processDefinitionKey: row.doc.key,
    processDefinitionName: row.doc.name,
    processDefinitionVersion: row.doc.version,
    businessKey,
    startUserId: actor.authenticationId,
    startTime: isoTime(surroundings.clock.nowMs()),
    status: 'active',
    failure: null,
    variables: {},
    variableTexts: [],
    marks: [],
    dueMs: null,
    actor,
    onlyId,
  };
}

function pastOf(doc: InstanceDoc, endTime: string): PastInstanceDoc {
  const { marks: _, dueMs: _due, onlyId: _only, actor: _actor, ...kept } = doc;
  return { ...kept, status: 'completed', endTime, deleteReason: null };
}
