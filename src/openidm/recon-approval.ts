import { Failure } from '../base/failure.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { approve, reject, type HeldRun } from '../app/held.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { ChangeClass } from '../model/run.ts';
import { fromJson } from '../recon/progress.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ActionRequest } from '../resource/request.ts';

const CLASSES: readonly ChangeClass[] = ['delete', 'unlink', 'ambiguousDelete'];

/**
 * `recon/<id>?_action=approve`: carries out what the guard held, all of it or only one class (`class` as a parameter or in
 * the body). What has changed since is left alone. Answers `{_id, action, status, done, skipped, failed, held}`, where
 * `held` is what still waits. Rejects with `conflict` if nothing of that is held (any more), with `locked` while somebody else
 * approves or rejects, or the mapping is being run.
 */
export async function approveHeld(lockstep: Lockstep, request: ActionRequest, runId: string): Promise<JsonObject> {
  const named = optionOf(request, 'class');
  const only = CLASSES.find((one) => one === named) ?? null;
  if (named !== null && only === null)
    throw new Failure('bad-request', `'class' must be one of ${CLASSES.join(', ')}, not ${JSON.stringify(named)}`);
  const carried = await approve(lockstep, await heldRun(lockstep, runId), only);
  if (carried.length === 0) throw holdsNothing(runId, only);
  const count = (status: string): number => carried.filter((one) => one.status === status).length;
  const held = await lockstep.repository.runs.countEntries(runId, 'held');
  const [done, skipped, failed] = [count('done'), count('skipped'), count('failed')];
  return { _id: runId, action: 'approve', status: 'SUCCESS', done, skipped, failed, held };
}

/** `recon/<id>?_action=reject`: turns down what the guard held. Answers `{_id, action, status, rejected}`; rejects as `approve`. */
export async function rejectHeldChanges(
  lockstep: Lockstep,
  request: ActionRequest,
  runId: string,
  { caller }: RequestContext,
): Promise<JsonObject> {
  const reason = optionOf(request, 'reason') ?? `rejected by ${caller.id}`;
  const rejected = await reject(lockstep, await heldRun(lockstep, runId), reason);
  if (rejected === 0) throw holdsNothing(runId, null);
  return { _id: runId, action: 'reject', status: 'SUCCESS', rejected };
}

function optionOf({ parameters, content }: ActionRequest, name: string): string | null {
  const value = parameters[name] ?? (isJsonObject(content) ? content[name] : undefined) ?? null;
  if (value === null || typeof value === 'string') return value === '' ? null : value;
  throw new Failure('bad-request', `'${name}' must be a text`);
}

async function heldRun({ repository }: Lockstep, runId: string): Promise<HeldRun> {
  const record = await repository.runs.read(runId);
  if (record === null) throw new Failure('not-found', `Reconciliation with id ${runId} not found.`);
  const count = await repository.runs.countEntries(runId, 'held');
  if (record.state === 'ACTIVE' || count === 0) throw holdsNothing(runId, null);
  return { record, count, classes: fromJson(record.progress).held };
}

function holdsNothing(runId: string, only: ChangeClass | null): Failure {
  return new Failure('conflict', `run ${runId} holds ${only === null ? 'nothing' : `no changes of class ${only}`}`);
}
