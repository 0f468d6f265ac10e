import { Failure, messageOf } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { Deployments } from './deployments.ts';
import { marksOf, readInstance, tryCommit, waitsOf } from './instance-store.ts';
import { takeStep, withVariables } from './instance-steps.ts';
import type { ProcessRun, RunInput } from './process-run.ts';
import { docOf, INSTANCE_TYPE, type InstanceDoc } from './records.ts';
import type { Hold, WorkflowSurroundings, WorkRequest, WorkResult } from './workflow-port.ts';

/** Does the work that an instance waits for, one piece after the other, until it waits for something else. */
export interface Driver {
  /**
   * Resolves when the instance is at rest, or when another drive of this process does the work. A piece of work that fails
   * leaves the instance `failed`. Rejects with `Failure('locked')` while another process does the work.
   */
  drive(id: string, hold?: Hold): Promise<void>;
  /** Ends what is under way after the present piece of work. */
  close(): Promise<void>;
}

/** A process that works on and on without ever waiting is stopped. */
const MAX_PIECES = 1000;

interface Drive {
  /** There may be more to do than it saw when it looked last. */
  isNeeded: boolean;
  /** It looks no more; only its hold is not given back yet. */
  isEnding: boolean;
  done: Promise<void>;
}

export function openDriver(surroundings: WorkflowSurroundings, deployments: Deployments): Driver {
  const drives = new Map<string, Drive>();
  const stop = new AbortController();
  return {
    drive: async (id, hold) => {
      for (let present = drives.get(id); present !== undefined; present = drives.get(id)) {
        present.isNeeded = true;
        if (!present.isEnding) return hold?.release();
        await present.done;
      }
      const drive: Drive = { isNeeded: true, isEnding: false, done: Promise.resolve() };
      drives.set(id, drive);
      const work = driveHeld(surroundings, deployments, id, drive, hold, stop.signal).finally(() => drives.delete(id));
      drive.done = work.catch(() => {});
      return work;
    },
    close: async () => {
      stop.abort();
      await Promise.all([...drives.values()].map(({ done }) => done));
    },
  };
}

async function driveHeld(
  surroundings: WorkflowSurroundings,
  deployments: Deployments,
  id: string,
  drive: Drive,
  given: Hold | undefined,
  signal: AbortSignal,
): Promise<void> {
  const hold = given ?? (await surroundings.hold(`workflow/${id}`));
  try {
    for (let pieces = 0; drive.isNeeded && !signal.aborted; pieces++) {
      drive.isNeeded = false;
      const piece = await nextPiece(surroundings, deployments, id);
      if (piece === null) continue;
      drive.isNeeded = true;
      if (pieces >= MAX_PIECES) {
        const message = `it did ${MAX_PIECES} pieces of work without waiting for anything: does it go round in a circle?`;
        noteFailed(surroundings, piece, message);
        return await markFailed(surroundings, id, piece.executionId, message, piece);
      }
      if (!(await doPiece(surroundings, deployments, piece, hold, signal))) return;
    }
  } finally {
    drive.isEnding = true;
    await hold.release();
  }
}

interface Piece extends Omit<WorkRequest, 'signal'> {
  readonly id: string;
  readonly executionId: string;
  readonly isGuarded: boolean;
}

/** Null: nothing is to be done now. */
async function nextPiece(
  { repository }: WorkflowSurroundings,
  deployments: Deployments,
  id: string,
): Promise<Piece | null> {
  const stored = await readInstance(repository, id);
  if (stored === null || !stored.row.doc.marks.includes('work')) return null;
  const { doc } = stored.row;
  const { program } = await deployments.byId(doc.processDefinitionId);
  const { definition } = program;
  const wait = waitsOf(stored).find(({ kind }) => kind === 'work');
  if (wait === undefined) return null;
  // what is done by hand elsewhere has no definition: nothing is to be done
  const nothing = {
    id: wait.id,
    name: null,
    resultVariable: null,
    kind: 'script',
    language: '',
    code: '',
    line: 0,
  } as const;
  const work = definition.works.get(wait.id) ?? nothing;
  const { executionId, locals } = wait;
  return {
    id,
    executionId,
    work,
    isGuarded: definition.guarded.has(wait.id),
    variables: { ...doc.variables, ...locals },
    actor: doc.actor,
    execution: {
      id: executionId,
      processInstanceId: id,
      processDefinitionId: doc.processDefinitionId,
      processDefinitionKey: doc.processDefinitionKey,
      processBusinessKey: doc.businessKey,
      currentActivityId: work.id,
      currentActivityName: work.name,
    },
  };
}

/** False: it failed, or the instance is gone. */
async function doPiece(
  surroundings: WorkflowSurroundings,
  deployments: Deployments,
  { isGuarded, ...piece }: Piece,
  hold: Hold,
  signal: AbortSignal,
): Promise<boolean> {
  const { id, executionId } = piece;
  try {
    const outcome = await perform(surroundings, piece, isGuarded, signal);
    const stepped = await takeStep(surroundings, deployments, id, {
      hold,
      input: (run) => (isWaitedFor(run, executionId) ? outcome.input : null),
      variables: (variables) => withVariables(variables, outcome.set, outcome.removed),
    });
    return stepped !== null;
  } catch (error) {
    if (signal.aborted) return false;
    noteFailed(surroundings, piece, messageOf(error));
    await markFailed(surroundings, id, executionId, messageOf(error), piece);
    return false;
  }
}

function noteFailed({ log }: WorkflowSurroundings, { id, execution }: Omit<Piece, 'isGuarded'>, message: string): void {
  log.write('warn', `process instance ${id} (${execution.processDefinitionKey}) failed: ${message}`);
}

function isWaitedFor(run: ProcessRun, executionId: string): boolean {
  return run.waits.some((wait) => wait.executionId === executionId);
}

interface Performed {
  readonly input: RunInput;
  readonly set: JsonObject;
  readonly removed: readonly string[];
}

/** An error is handed to the process where it catches errors; otherwise it is thrown on. */
async function perform(
  surroundings: WorkflowSurroundings,
  piece: Omit<Piece, 'isGuarded'>,
  isGuarded: boolean,
  signal: AbortSignal,
): Promise<Performed> {
  const { executionId, work } = piece;
  try {
    const { set, removed, value }: WorkResult = await surroundings.perform({ ...piece, signal });
    const result = work.resultVariable === null ? {} : { [work.resultVariable]: value };
    return { input: { kind: 'done', executionId }, set: { ...set, ...result }, removed };
  } catch (error) {
    if (!isGuarded || signal.aborted) throw error;
    const code = error instanceof Failure ? String(error.status) : null;
    return { input: { kind: 'error', executionId, code, message: messageOf(error) }, set: {}, removed: [] };
  }
}

/** The instance stays where it is, and says why. */
export async function markFailed(
  { repository, clock }: WorkflowSurroundings,
  id: string,
  executionId: string | null,
  message: string,
  activity?: Pick<WorkRequest, 'work'>,
): Promise<void> {
  for (;;) {
    const stored = await readInstance(repository, id);
    if (stored === null) return;
    const { rev, doc } = stored.row;
    const failure = {
      activityId: activity?.work.id ?? executionId,
      activityName: activity?.work.name ?? null,
      message,
      atMs: clock.nowMs(),
    };
    const failed: InstanceDoc = { ...doc, status: 'failed', failure, ...marksOf('failed', []) };
    const object = { kind: 'update', type: INSTANCE_TYPE, id, rev, doc: docOf(failed) } as const;
    if (await tryCommit(repository, { units: [{ object }] })) return;
  }
}
