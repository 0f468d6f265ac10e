import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Deployments } from './deployments.ts';
import {
  advanceUnits,
  afterStep,
  engineState,
  readInstance,
  tryCommit,
  type StoredInstance,
  type TaskEnd,
} from './instance-store.ts';
import { resumeRun, type ProcessRun, type RunInput } from './process-run.ts';
import type { InstanceDoc, TaskDoc } from './records.ts';
import { taskOf } from './task-rows.ts';
import type { Hold, WorkflowSurroundings } from './workflow-port.ts';

/** One thing that an instance goes on with. */
export interface Step {
  /** Null: nothing is to be done any more. Looks at the instance as it is now. */
  readonly input: (run: ProcessRun, stored: StoredInstance) => RunInput | null;
  /** The variables after it. */
  readonly variables?: (variables: JsonObject) => JsonObject;
  readonly change?: Partial<InstanceDoc>;
  readonly ended?: TaskEnd;
  readonly hold?: Hold;
}

export interface Stepped {
  readonly doc: InstanceDoc;
  readonly run: ProcessRun;
}

const MAX_TRIES = 20;

/**
 * Takes an instance one step on and stores where it is then, in one commit, before anything comes of it. Null: the instance has ended, or
 * the step was not wanted any more. Throws `Failure`, and stores nothing, if the process cannot go on like that.
 */
export async function takeStep(
  surroundings: WorkflowSurroundings,
  deployments: Deployments,
  id: string,
  step: Step,
): Promise<Stepped | null> {
  const { repository } = surroundings;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const stored = await readInstance(repository, id);
    if (stored === null) return null;
    const next = await nextOf(surroundings, deployments, stored, step);
    if (next === null) return null;
    const { units, ...stepped } = next;
    const fence = step.hold === undefined ? {} : { fence: step.hold.fence };
    if (await tryCommit(repository, { units, ...fence })) return stepped;
  }
  throw new Failure('conflict', `the process instance ${id} is changed by others all the time`, { retryable: true });
}

async function nextOf(
  surroundings: WorkflowSurroundings,
  deployments: Deployments,
  stored: StoredInstance,
  step: Step,
): Promise<(Stepped & { readonly units: ReturnType<typeof advanceUnits> }) | null> {
  const nowMs = surroundings.clock.nowMs();
  const { program } = await deployments.byId(stored.row.doc.processDefinitionId);
  let { variables } = stored.row.doc;
  const before = await resumeRun(program, engineState(stored), {
    nowMs: () => surroundings.clock.nowMs(),
    variables: () => variables,
  });
  const input = step.input(before, stored);
  if (input === null) return null;
  variables = step.variables?.(variables) ?? variables;
  const run = await before.apply(input);
  const doc = afterStep({ ...stored.row.doc, ...step.change }, run.waits, variables);
  const newTasks = tasksFor(run, doc, stored, program.definition.userTasks, surroundings);
  return { doc, run, units: advanceUnits(stored, run, doc, newTasks, step.ended ?? null, nowMs) };
}

/** Tasks for what waits for people and has none yet. */
export function tasksFor(
  run: ProcessRun,
  doc: InstanceDoc,
  stored: { readonly row: { readonly id: string }; readonly tasks: StoredInstance['tasks'] },
  definitions: Deployment['program']['definition']['userTasks'],
  { clock, newId }: Pick<WorkflowSurroundings, 'clock' | 'newId'>,
): readonly { readonly id: string; readonly doc: TaskDoc }[] {
  const known = new Set(stored.tasks.map((task) => task.doc.executionId));
  return run.waits
    .filter((wait) => wait.kind === 'user' && !known.has(wait.executionId))
    .map((wait) => ({
      id: newId(),
      doc: taskOf(definitions.get(wait.id)!, wait, doc, stored.row.id, clock.nowMs()),
    }));
}

type Deployment = Awaited<ReturnType<Deployments['byId']>>;

/** Variables with others over them. */
export function withVariables(variables: JsonObject, set: JsonObject, removed: readonly string[] = []): JsonObject {
  const all = Object.entries({ ...variables, ...set }).filter(([name]) => !removed.includes(name));
  return Object.fromEntries(all) as Record<string, Json>;
}
