import { Failure, messageOf } from '../../base/failure.ts';
import { sourceChange } from '../../live/change-record.ts';
import { deadLetterOf, deadLetterType } from '../../live/dead-letter.ts';
import type { ObjectRow } from '../../model/repository.ts';
import type { RequestContext } from '../../resource/context.ts';
import { pushChanges } from './live-push.ts';
import { liveSource, type LiveSource } from './live-source.ts';
import { liveLease } from './live-sync.ts';
import type { Lockstep } from '../lockstep.ts';
import { openShadowStore, type StoredShadow } from './shadow-store.ts';

export interface Replayed {
  /** Ids of dead letters whose objects have arrived; they are removed. */
  readonly replayed: readonly string[];
  readonly failed: readonly { readonly _id: string; readonly message: string }[];
}

interface Replaying {
  readonly context: RequestContext;
  readonly signal: AbortSignal;
}

/**
 * Pushes the present state of the objects that dead letters are about: what happened to them later is not undone. Rejects with
 * `not-found` for an unknown id, with `locked` while changes of the collection are read.
 */
export async function replayLetters(
  lockstep: Lockstep,
  system: string,
  id: string | null,
  replaying: Replaying,
): Promise<Replayed> {
  lockstep.connector(system);
  const replayed: string[] = [];
  const failed: { _id: string; message: string }[] = [];
  for (const row of await lettersOf(lockstep, system, id)) {
    if (replaying.signal.aborted) break;
    const message = await replayLetter(lockstep, system, row, replaying).catch((error: unknown) => {
      if (error instanceof Failure && error.code === 'locked') throw error;
      return messageOf(error);
    });
    if (message === null) replayed.push(row.id);
    else failed.push({ _id: row.id, message });
  }
  return { replayed, failed };
}

const MAX_LETTERS = 10_000;

async function lettersOf({ repository }: Lockstep, system: string, id: string | null): Promise<readonly ObjectRow[]> {
  const type = deadLetterType(system);
  await repository.objects.declareTypes([{ name: type, searchable: [] }]);
  if (id === null) return (await repository.objects.page(type, { limit: MAX_LETTERS })).rows;
  const rows = await repository.objects.readMany(type, [id]);
  if (rows.length === 0) throw new Failure('not-found', `there is no dead letter ${type}/${id}`);
  return rows;
}

/** Null: it arrived; else why not. */
async function replayLetter(
  lockstep: Lockstep,
  system: string,
  { id, rev, doc }: ObjectRow,
  { context, signal }: Replaying,
): Promise<string | null> {
  const letter = deadLetterOf(doc);
  if (letter === null) return 'it does not say which object it is about (objectType, uid)';
  const source = liveSource(lockstep, `system/${system}/${letter.objectType}`);
  const lease = await liveLease(lockstep, source.path);
  const pin = lockstep.pin();
  try {
    const store = await openShadowStore(lockstep, source.path);
    const inner: RequestContext = { ...context, cause: 'liveSync' };
    const run = { lockstep, source, pin, context: inner, signal, shadows: () => store, fence: lease.fence };
    const change = await changeNow(lockstep, source, letter, signal);
    const { faults, shadows, objects } = await pushChanges(run, [change], { isStrict: false });
    const fault = faults.get(letter.uid) ?? null;
    if (fault !== null) return fault;
    const known: StoredShadow | null = shadows.get(letter.uid) ?? null;
    const now = objects.get(letter.uid) ?? null;
    const shadow = store.write(letter.uid, known, now === null ? null : store.of(now));
    const units = [
      { object: { kind: 'delete', type: deadLetterType(system), id, rev } as const },
      ...(shadow === null ? [] : [{ object: shadow }]),
    ];
    const result = await lockstep.repository.commit({ units, fence: lease.fence });
    return result.ok ? null : result.conflicts[0]!.message;
  } finally {
    await pin.release();
    await lease.release();
  }
}

async function changeNow(
  lockstep: Lockstep,
  source: LiveSource,
  { uid: id }: { readonly uid: string },
  signal: AbortSignal,
): Promise<ReturnType<typeof sourceChange>> {
  const set = lockstep.objectSet(source.path, lockstep.repository);
  const object = (await set.readMany([id], signal)).get(id)?.object ?? null;
  const kind = object === null ? 'delete' : 'createOrUpdate';
  const change = { kind, id, previousId: null, object, token: null } as const;
  return sourceChange(source.path, change, { isResumable: false, shadow: null });
}
