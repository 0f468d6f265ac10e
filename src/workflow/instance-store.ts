import { isoTime } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { CommitBatch, CommitUnit, ObjectRow, Repository } from '../model/repository.ts';
import type { ProcessRun, Wait } from './process-run.ts';
import {
  docOf,
  INSTANCE_TYPE,
  ONLY_TYPE,
  PAST_INSTANCE_TYPE,
  PAST_TASK_TYPE,
  STATE_TYPE,
  TASK_TYPE,
  variableTexts,
  type InstanceDoc,
  type PastInstanceDoc,
  type PastTaskDoc,
  type Row,
  type TaskDoc,
} from './records.ts';

/** An instance as it is stored, with everything that belongs to it. */
export interface StoredInstance {
  readonly row: Row<InstanceDoc>;
  readonly state: ObjectRow;
  readonly tasks: readonly Row<TaskDoc>[];
}

/** Null: it has ended, or never was. */
export async function readInstance({ objects }: Repository, id: string): Promise<StoredInstance | null> {
  const [[row], [state], tasks] = await Promise.all([
    objects.readMany(INSTANCE_TYPE, [id]),
    objects.readMany(STATE_TYPE, [id]),
    objects.findByValue(TASK_TYPE, 'processInstanceId', [id]),
  ]);
  if (row === undefined || state === undefined) return null;
  return { row: instanceRow(row), state, tasks: tasks.map(taskRow) };
}

export function instanceRow({ id, rev, doc }: ObjectRow): Row<InstanceDoc> {
  return { id, rev, doc: doc as unknown as InstanceDoc };
}

export function taskRow({ id, rev, doc }: ObjectRow): Row<TaskDoc> {
  return { id, rev, doc: doc as unknown as TaskDoc };
}

/** What is told about a task that is over. */
export interface TaskEnd {
  readonly taskId: string;
  readonly completedBy: string;
}

/** The writes that take a stored instance to where its run is now. `newTasks` are those that are not stored yet, with their ids. */
export function advanceUnits(
  before: StoredInstance,
  run: ProcessRun,
  doc: InstanceDoc,
  newTasks: readonly { readonly id: string; readonly doc: TaskDoc }[],
  ended: TaskEnd | null,
  nowMs: number,
): readonly CommitUnit[] {
  if (run.isOver) return endUnits(before, doc, { status: 'completed', reason: null, ended, nowMs });
  const { id, rev } = before.row;
  const waiting = new Set(run.waits.map(({ executionId }) => executionId));
  const gone = before.tasks.filter((task) => !waiting.has(task.doc.executionId));
  return [
    { object: { kind: 'update', type: INSTANCE_TYPE, id, rev, doc: docOf(doc) } },
    { object: { kind: 'update', type: STATE_TYPE, id, rev: before.state.rev, doc: stateDoc(run) } },
    ...gone.flatMap((task) => pastTaskUnits(task, ended, null, nowMs)),
    ...newTasks.map((task): CommitUnit => createUnit(TASK_TYPE, task.id, task.doc)),
  ];
}

export interface InstanceEnd {
  readonly status: PastInstanceDoc['status'];
  readonly reason: string | null;
  readonly ended: TaskEnd | null;
  readonly nowMs: number;
}

/** The instance goes to the past, and its open tasks with it. */
export function endUnits(
  before: StoredInstance,
  doc: InstanceDoc,
  { status, reason, ended, nowMs }: InstanceEnd,
): readonly CommitUnit[] {
  const { id, rev } = before.row;
  const { marks: _, dueMs: _due, onlyId, actor: _actor, ...kept } = doc;
  const past: PastInstanceDoc = { ...kept, status, endTime: isoTime(nowMs), deleteReason: reason };
  return [
    { object: { kind: 'delete', type: INSTANCE_TYPE, id, rev } },
    { object: { kind: 'delete', type: STATE_TYPE, id, rev: before.state.rev } },
    ...(onlyId === null ? [] : [{ object: { kind: 'delete', type: ONLY_TYPE, id: onlyId, rev: 0 } } as const]),
    createUnit(PAST_INSTANCE_TYPE, id, past),
    ...before.tasks.flatMap((task) => pastTaskUnits(task, ended, reason, nowMs)),
  ];
}

/** An open task becomes a past one, under the same id; in the place of `before`, if there is one. */
export function pastTaskUnits(
  { id, rev, doc }: Row<TaskDoc>,
  ended: TaskEnd | null,
  reason: string | null,
  nowMs: number,
  before: ObjectRow | null = null,
): readonly CommitUnit[] {
  const completedBy = ended?.taskId === id ? ended.completedBy : null;
  const past: PastTaskDoc = {
    ...doc,
    endTime: isoTime(nowMs),
    completedBy,
    deleteReason: completedBy === null ? reason : null,
  };
  const type = PAST_TASK_TYPE;
  const write: CommitUnit =
    before === null
      ? createUnit(type, id, past)
      : { object: { kind: 'update', type, id, rev: before.rev, doc: docOf(past) } };
  return [{ object: { kind: 'delete', type: TASK_TYPE, id, rev } }, write];
}

export function createUnit(type: string, id: string, doc: object): CommitUnit {
  return { object: { kind: 'create', type, id, doc: docOf(doc) } };
}

/** The engine's state, and what it waits for, so that this can be told without the engine. */
export function stateDoc(run: ProcessRun): JsonObject {
  return { engine: run.state(), waits: run.waits as unknown as Json };
}

export function engineState({ state }: StoredInstance): JsonObject {
  return state.doc['engine'] as JsonObject;
}

export function waitsOf({ state }: StoredInstance): readonly Wait[] {
  return state.doc['waits'] as unknown as readonly Wait[];
}

/** The instance as it is after a step: its variables, what it waits for. */
export function afterStep(doc: InstanceDoc, waits: readonly Wait[], variables: JsonObject): InstanceDoc {
  return { ...doc, variables, variableTexts: variableTexts(variables), ...marksOf(doc.status, waits) };
}

/** One that has failed neither works nor looks at its timers until it is tried again. */
export function marksOf(status: InstanceDoc['status'], waits: readonly Wait[]): Pick<InstanceDoc, 'marks' | 'dueMs'> {
  if (status === 'failed') return { marks: ['failed'], dueMs: null };
  const dueTimes = waits.flatMap((wait) => (wait.kind === 'timer' ? [wait.dueMs] : []));
  const hasWork = waits.some(({ kind }) => kind === 'work');
  return {
    marks: [...(hasWork ? ['work'] : []), ...(dueTimes.length > 0 ? ['timer'] : [])],
    dueMs: dueTimes.length > 0 ? Math.min(...dueTimes) : null,
  };
}

/** True: written. False: somebody else was faster, so that it has to be looked at again. */
export async function tryCommit(repository: Repository, batch: CommitBatch): Promise<boolean> {
  const result = await repository.commit(batch);
  if (result.ok) return true;
  const [conflict] = result.conflicts;
  if (conflict !== undefined && ['revision', 'not-found', 'exists'].includes(conflict.code)) return false;
  throw new Failure(conflict?.code ?? 'internal', conflict?.message ?? 'the workflow could not be stored');
}
