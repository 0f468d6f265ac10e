import { messageOf } from '../../base/failure.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { changeRecord, type SourceChange } from '../../live/change-record.ts';
import { deadLetterDoc, deadLetterType, letterId, type SyncFailure } from '../../live/dead-letter.ts';
import { verdictOf } from '../../live/retry-rule.ts';
import type { StageException } from '../../live/stage.ts';
import type { CommitUnit } from '../../model/repository.ts';
import { typeOf } from './live-source.ts';
import type { LiveRun } from './live-run.ts';
import type { Lockstep } from '../lockstep.ts';

/** What becomes of a change that failed. */
export type Settlement =
  /** The call stops before it; the next one tries again. */
  | { readonly kind: 'stop'; readonly failures: number; readonly exception: StageException }
  /** It counts as handled; `units` have to be stored with that. */
  | { readonly kind: 'given-up'; readonly units: readonly CommitUnit[] };

/** `failures`: how often the change failed before. `before`: what the object was. */
export async function settleFailure(
  run: LiveRun,
  change: SourceChange,
  {
    message,
    before,
    failures,
  }: { readonly message: string; readonly before: JsonObject | null; readonly failures: number },
): Promise<Settlement> {
  const { source, lockstep } = run;
  const { maxRetries, postRetryAction } = source.provisioner.syncFailureHandler;
  const record = changeRecord(change, before);
  const verdict = verdictOf(maxRetries, failures + 1);
  const exception = { throwable: message, syncDelta: record };
  const level = verdict.next === 'retry' ? 'info' : 'warn';
  lockstep.log.write(level, `${source.system}:${change.id} ${verdict.line}: ${message}`);
  if (verdict.next === 'retry') return { kind: 'stop', failures: failures + 1, exception };
  const failure: SyncFailure = {
    token: change.token,
    systemIdentifier: source.system,
    objectType: typeOf(change.collection),
    uid: change.id,
    failedRecord: record,
  };
  try {
    return { kind: 'given-up', units: await giveUp(run, failure, message, postRetryAction) };
  } catch (error) {
    const throwable = `the action after the last retry failed: ${messageOf(error)} (the change itself: ${message})`;
    lockstep.log.write('error', `${source.system}:${change.id} ${throwable}`);
    return { kind: 'stop', failures: failures + 1, exception: { throwable, syncDelta: record } };
  }
}

type PostAction = LiveRun['source']['provisioner']['syncFailureHandler']['postRetryAction'];

async function giveUp(
  { lockstep, ports, context, letters }: LiveRun,
  failure: SyncFailure,
  cause: string,
  action: PostAction,
): Promise<readonly CommitUnit[]> {
  const { systemIdentifier, objectType, uid } = failure;
  if (action.kind === 'script') {
    await ports.runFailureScript(action.script, failure, { message: cause }, context);
    return [];
  }
  if (action.kind === 'dead-letter-queue') {
    const unit = await deadLetter(lockstep, failure, cause, letters);
    lockstep.log.write('info', `${uid} saved to dead letter queue`);
    return [unit];
  }
  lockstep.log.write('warn', `the change of system/${systemIdentifier}/${objectType}/${uid} is ignored: ${cause}`);
  return [];
}

/** A row of its own for each failure, also where several have the same token. `taken`: ids that are about to be stored. */
async function deadLetter(
  lockstep: Lockstep,
  failure: SyncFailure,
  cause: string,
  taken: Set<string>,
): Promise<CommitUnit> {
  const type = deadLetterType(failure.systemIdentifier);
  await lockstep.repository.objects.declareTypes([{ name: type, searchable: [] }]);
  const id = await freeId(lockstep, type, failure.token, taken);
  taken.add(id);
  return { object: { kind: 'create', type, id, doc: deadLetterDoc(failure, cause) } };
}

async function freeId(
  { repository, newId }: Lockstep,
  type: string,
  token: Json,
  taken: ReadonlySet<string>,
): Promise<string> {
  const plain = letterId(token);
  if (plain === null) return newId();
  const isFree = !taken.has(plain) && (await repository.objects.readMany(type, [plain])).length === 0;
  return isFree ? plain : `${plain}-${newId()}`;
}
