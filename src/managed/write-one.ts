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
  return committed!.row;
}

/** Of as many writers of one object at once, the last one succeeds. */
const MAX_ATTEMPTS = 50;

/**
 * Tries again when somebody else wrote the object between reading and committing, unless the caller named the revision that it
 * means. `attempt` reads anew each time.
 */
export async function writeUntilSettled(rev: string | null, attempt: () => Promise<ObjectRow>): Promise<ObjectRow> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const isOvertaken = error instanceof Failure && error.code === 'revision' && rev === null;
      if (!isOvertaken || tries >= MAX_ATTEMPTS) throw error;
    }
  }
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
