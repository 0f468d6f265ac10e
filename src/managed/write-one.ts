import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../base/failure.ts';
import { isStorableId } from '../model/object-set.ts';
import type { ObjectRow } from '../model/repository.ts';
import type { RequestContext } from '../resource/context.ts';
import { commitWrites } from './commit-writes.ts';
import type { ManagedType } from './managed-type.ts';
import { prepareWrites, type WantedWrite } from './prepare-writes.ts';

export interface WriteOptions {
  /** What activity entries call it. */
  readonly operation: 'create' | 'update' | 'patch' | 'delete' | 'action';
  readonly policyMessage?: string;
}

/** One write from beginning to end. The row afterwards; for a delete the row that is gone. */
export async function writeOne(
  type: ManagedType,
  wanted: WantedWrite,
  { operation, policyMessage }: WriteOptions,
  context: RequestContext,
): Promise<ObjectRow> {
  const [prepared] = await prepareWrites(type, [wanted], context, policyMessage);
  if (!prepared!.ok) throw prepared!.failure;
  const [committed] = await commitWrites(type, [prepared!.write], operation, context);
  if (!committed!.ok) throw committed!.failure;
  return wanted.kind === 'delete' ? committed!.row : present(type, committed!.row);
}

/** What it has become by now: passing it on may have changed it again. */
async function present(type: ManagedType, row: ObjectRow): Promise<ObjectRow> {
  if (type.changes?.listensTo(type.name) !== true) return row;
  return (await type.repository.objects.readMany(type.name, [row.id]))[0] ?? row;
}

/** Longer than this nobody waits for an answer. */
const PATIENCE_MS = 30_000;
const MAX_PAUSE_MS = 100;

/** Which object is written, and on behalf of whom. */
export interface Writing {
  readonly id: string;
  /** The revision that the caller means; null: whatever is there. */
  readonly rev: string | null;
  readonly context: RequestContext;
}

/**
 * Tries again when somebody else wrote the object between reading and committing, unless the caller named the revision that it
 * means. `attempt` reads anew each time. Writers of one object in this process take turns, so that each gets its own; a write
 * that a script asks for does not wait, because it may be that of a hook of the very write whose turn it is.
 */
export async function writeUntilSettled(
  type: ManagedType,
  { id, rev, context }: Writing,
  attempt: () => Promise<ObjectRow>,
): Promise<ObjectRow> {
  if (rev !== null) return inTurn(type, { id, context }, attempt);
  const untilMs = performance.now() + PATIENCE_MS;
  const persist = async (): Promise<ObjectRow> => {
    for (let tries = 1; ; tries++) {
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof Failure) || error.code !== 'revision' || performance.now() > untilMs) throw error;
        await sleep(Math.random() * Math.min(MAX_PAUSE_MS, 2 ** tries));
      }
    }
  };
  return inTurn(type, { id, context }, persist);
}

/**
 * Lets a request have the object to itself until it is answered: until its change is passed on, and taken back where that is
 * asked for. What a script or a push writes does not wait, because it may be part of the very request whose turn it is.
 */
export function inTurn<T>(
  type: ManagedType,
  { id, context }: Pick<Writing, 'id' | 'context'>,
  work: () => Promise<T>,
): Promise<T> {
  return context.cause === 'script' || context.chain !== undefined ? work() : type.turns.take(id, work);
}

/** The row of an object, or `not-found`. */
export async function readRow({ path, name, repository }: ManagedType, id: string): Promise<ObjectRow> {
  if (id === '') throw new Failure('bad-request', `${path} is a collection: name an object, or query it`);
  const row = isStorableId(id) ? (await repository.objects.readMany(name, [id]))[0] : undefined;
  if (row === undefined) throw new Failure('not-found', `Object ${id} not found on ${path}`);
  return row;
}

/** Throws `revision` unless the stored object has the revision that the caller named. */
export function refusedRevision({ path }: ManagedType, { id, rev }: ObjectRow, wanted: string | null): void {
  if (wanted === null || wanted === String(rev)) return;
  const message = `${path}/${id} has the revision ${rev}, not ${wanted}: read it again`;
  throw new Failure('revision', message);
}
