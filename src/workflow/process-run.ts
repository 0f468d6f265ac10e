import type { BpmnEngineExecutionState, Engine, Execution } from 'bpmn-engine';
import { Failure, messageOf } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import { dueTime, NOW_SERVICE } from './far-timers.ts';
import { expressionsOver, localsOf } from './run-expressions.ts';
import type { EventDefinition } from './process-definition.ts';
import type { ActivityContent, ProcessProgram, WorkDone } from './process-program.ts';

/** One execution of a process, in memory, at rest: everything in it waits for something. */
export interface ProcessRun {
  readonly waits: readonly Wait[];
  readonly isOver: boolean;
  /**
   * Goes on with one thing that was waited for, to the next rest, which is a run of its own. Throws `Failure` if the process
   * cannot go on like that. Only the newest run may be gone on with.
   */
  apply(input: RunInput): Promise<ProcessRun>;
  /** What `resumeRun` goes on from. */
  state(): JsonObject;
}

/** What a process waits for. `id` names the activity, `executionId` this one time that it is carried out. */
export type Wait = {
  readonly id: string;
  readonly executionId: string;
  /** Variables of this activity alone: the element of a loop, and its number. */
  readonly locals: JsonObject;
} & (
  | { readonly kind: 'work' | 'user' }
  /** A message or signal from outside. */
  | ({ readonly kind: 'event' } & EventDefinition)
  | { readonly kind: 'timer'; readonly dueMs: number }
);

export type RunInput =
  | { readonly kind: 'done'; readonly executionId: string }
  | { readonly kind: 'error'; readonly executionId: string; readonly code: string | null; readonly message: string };

export interface RunSurroundings {
  readonly nowMs: () => number;
  /** The variables of the process as they are now; expressions see them. */
  readonly variables: () => JsonObject;
}

/** Begins a process and goes to its first rest. Throws `Failure` if it fails before. */
export function startRun(program: ProcessProgram, surroundings: RunSurroundings): Promise<ProcessRun> {
  return openRun(program, surroundings, async (engine) => engine.execute());
}

/** Goes on from a state that a run of the same program gave. */
export function resumeRun(
  program: ProcessProgram,
  state: JsonObject,
  surroundings: RunSurroundings,
): Promise<ProcessRun> {
  const { definitions, ...rest } = structuredClone(state) as unknown as BpmnEngineExecutionState;
  const { id } = program.source;
  return openRun(program, surroundings, async (engine) => {
    engine.recover({ ...rest, definitions: definitions.map((one) => ({ ...one, id })) });
    return engine.resume();
  });
}

interface Waiting {
  readonly wait: Wait;
  readonly go: (input: RunInput) => void;
}

interface Gathering {
  readonly program: ProcessProgram;
  readonly surroundings: RunSurroundings;
  readonly waiting: Map<string, Waiting>;
  /** How often each activity was begun since the last rest, by its id and the scope around it. */
  readonly begun: Map<string, number>;
  error: Error | null;
  isOver: boolean;
}

async function openRun(
  program: ProcessProgram,
  surroundings: RunSurroundings,
  begin: (engine: Engine) => Promise<Execution>,
): Promise<ProcessRun> {
  const gathering: Gathering = {
    program,
    surroundings,
    waiting: new Map(),
    begun: new Map(),
    error: null,
    isOver: false,
  };
  const engine = await newEngine(gathering);
  return runOf(gathering, await carefully(gathering, () => begin(engine)));
}

function runOf(gathering: Gathering, execution: Execution): ProcessRun {
  const { program, surroundings, isOver } = gathering;
  return {
    waits: isOver ? [] : [...gathering.waiting.values()].map(({ wait }) => wait),
    isOver,
    apply: async (input) => {
      apply(gathering, input);
      if (gathering.isOver || program.definition.isPlain) return runOf(gathering, execution);
      return resumeRun(program, stateOf(execution), surroundings);
    },
    state: () => stateOf(execution),
  };
}

/** Loaded when the first process runs: most projects have none, and it takes its time. */
async function newEngine(gathering: Gathering): Promise<Engine> {
  const { Engine } = await import('bpmn-engine');
  const { program, surroundings } = gathering;
  const work = (content: ActivityContent, done: WorkDone): void => addWork(gathering, content, done);
  const script = {
    execute: ({ content }: { readonly content: ActivityContent }, done: WorkDone) => work(content, done),
  };
  const engine = new Engine({
    name: program.definition.key,
    sourceContext: program.source as never,
    Logger: () => SILENT,
    scripts: {
      register: () => undefined,
      getScript: (_: string, { type }: { readonly type?: string }) => (type === 'bpmn:ScriptTask' ? script : undefined),
    } as never,
    expressions: expressionsOver(program.definition, surroundings.variables) as never,
    timers: timersFor(gathering) as never,
    services: { work, [NOW_SERVICE]: surroundings.nowMs } as never,
    settings: { batchSize: 1000 },
    listener: { emit: (name: string, api: unknown) => hear(gathering, name, api) },
  });
  engine.on('error', (error: unknown) => {
    gathering.error ??= error instanceof Error ? error : new Error(messageOf(error));
  });
  engine.on('end', () => {
    gathering.isOver = true;
  });
  return engine;
}

const nothing = (): void => {};
const SILENT = { debug: nothing, error: nothing, warn: nothing };

function addWork(gathering: Gathering, content: ActivityContent, done: WorkDone): void {
  add(gathering, { kind: 'work', ...identity(gathering, content) }, (input) => {
    if (input.kind === 'done') return done(null);
    const error = Object.assign(new Error(input.message), { code: input.code });
    done(error);
  });
}

function identity(
  { program, surroundings }: Gathering,
  content: ActivityContent,
): Pick<Wait, 'id' | 'executionId' | 'locals'> {
  const { id, executionId } = content;
  return { id, executionId, locals: localsOf(program.definition, content, surroundings.variables()) };
}

function add({ waiting }: Gathering, wait: Wait, go: Waiting['go']): void {
  waiting.set(wait.executionId, { wait, go });
}

interface ActivityApi {
  readonly content: ActivityContent;
  signal(message?: unknown): void;
}

const USER_WAITS = new Set(['bpmn:UserTask', 'bpmn:SignalTask']);

/**
 * The engine goes on within one call, in which no variable changes: what comes round to the same place again and again would go on
 * until the stack is used up. Several tokens may come by one after the other.
 */
const MAX_BEGUN = 100;

function countBegun({ begun }: Gathering, { id, parent }: ActivityContent): void {
  const key = `${parent?.executionId ?? ''} ${id}`;
  const times = (begun.get(key) ?? 0) + 1;
  begun.set(key, times);
  if (times > MAX_BEGUN)
    throw new Error(
      `it came to "${id}" ${MAX_BEGUN} times without waiting for anything: does it go round in a circle?`,
    );
}

function hear(gathering: Gathering, name: string, api: unknown): void {
  const { content } = api as ActivityApi;
  if (name === 'activity.enter') countBegun(gathering, content);
  if (name !== 'activity.wait') return;
  const go = (): void => (api as ActivityApi).signal();
  const base = identity(gathering, content);
  if (USER_WAITS.has(content.type)) return add(gathering, { kind: 'user', ...base }, go);
  // what is done by hand elsewhere does not stop the process
  if (content.type === 'bpmn:ManualTask') return add(gathering, { kind: 'work', ...base }, go);
  const event = gathering.program.definition.events.get(content.id);
  if (event !== undefined) add(gathering, { kind: 'event', ...base, ...event }, go);
}

/** Timers are not set: they are gathered, and the workflow says when they are due. */
function timersFor(gathering: Gathering): object {
  const { waiting } = gathering;
  const register = (content: ActivityContent) => ({
    setTimeout: (expired: () => void) => {
      const dueMs = dueTime(content['expireAt']);
      add(gathering, { kind: 'timer', dueMs, ...identity(gathering, content) }, expired);
      return content.executionId;
    },
    clearTimeout,
  });
  const clearTimeout = (executionId: string): void => void waiting.delete(executionId);
  return { register, setTimeout: nothing, clearTimeout, executing: [] };
}

function apply(gathering: Gathering, input: RunInput): void {
  const found = gathering.waiting.get(input.executionId);
  if (found === undefined)
    throw new Failure('not-found', `the process no longer waits for ${JSON.stringify(input.executionId)}`);
  gathering.waiting.delete(input.executionId);
  gathering.begun.clear();
  try {
    found.go(input);
  } catch (error) {
    gathering.error ??= error as Error;
  }
  if (gathering.error !== null) throw brokenOff(gathering, gathering.error);
}

async function carefully<T>(gathering: Gathering, work: () => Promise<T>): Promise<T> {
  try {
    const value = await work();
    if (gathering.error === null) return value;
  } catch (error) {
    gathering.error ??= error as Error;
  }
  throw brokenOff(gathering, gathering.error!);
}

function brokenOff({ program }: Gathering, error: Error): Failure {
  if (error instanceof Failure) return error;
  const inner = (error as { inner?: unknown }).inner;
  const text = inner instanceof Error ? inner.message : error.message;
  return new Failure('conflict', `the process "${program.definition.key}" cannot go on: ${text}`, { cause: error });
}

/** Without the flow itself, which is the same for all. */
function stateOf(execution: Execution): JsonObject {
  const { definitions, ...rest } = execution.getState();
  const bare = definitions.map((one) => ({ ...one, source: undefined }));
  return JSON.parse(JSON.stringify({ ...rest, definitions: bare })) as JsonObject;
}
