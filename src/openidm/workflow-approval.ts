import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { ApprovalFacts } from '../app/approvals.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { RequestContext } from '../resource/context.ts';
import { pastTaskUnits, tryCommit } from '../workflow/instance-store.ts';
import { docOf, TASK_TYPE, type Row, type TaskDoc } from '../workflow/records.ts';
import { actorOf } from './workflow-access.ts';

/**
 * Answers an approval: `{"decision": "accept"}` takes the action that is proposed, `reject` the one for that case, if there is one. The answer is
 * stored first, so that nobody else can give another; if the action fails, the task is open again and the reason is told.
 */
export async function completeApproval(
  lockstep: Lockstep,
  task: Row<TaskDoc>,
  { decision }: JsonObject,
  context: RequestContext,
): Promise<void> {
  if (decision !== 'accept' && decision !== 'reject')
    throw new Failure('bad-request', 'the content needs "decision": "accept" or "reject"');
  const { repository, clock, newId } = lockstep;
  const facts = task.doc.approval as unknown as ApprovalFacts;
  const decided = await write(lockstep, task, { ...facts, decision });
  const action = decision === 'accept' ? facts.action : facts.onReject;
  try {
    if (action !== null) await perform(lockstep, facts, action, context);
  } catch (error) {
    const { decision: _, ...open } = decided.doc.approval as unknown as ApprovalFacts;
    await write(lockstep, decided, open);
    throw error;
  }
  const ended = { taskId: task.id, completedBy: actorOf(context).authenticationId };
  const units = pastTaskUnits(decided, ended, null, clock.nowMs(), newId());
  if (!(await tryCommit(repository, { units }))) throw changed(task);
}

async function write({ repository }: Lockstep, task: Row<TaskDoc>, approval: ApprovalFacts): Promise<Row<TaskDoc>> {
  const { id, rev } = task;
  const doc: TaskDoc = { ...task.doc, approval: { ...approval } };
  const object = { kind: 'update', type: TASK_TYPE, id, rev, doc: docOf(doc) } as const;
  if (!(await tryCommit(repository, { units: [{ object }] }))) throw changed(task);
  return { id, rev: rev + 1, doc };
}

function changed({ id }: Row<TaskDoc>): Failure {
  return new Failure('conflict', `the task ${id} has been answered or changed meanwhile`);
}

/** As the system, for the approver; in the situation that he was shown. */
async function perform(
  { router }: Lockstep,
  facts: ApprovalFacts,
  action: string,
  context: RequestContext,
): Promise<void> {
  const { mapping, situation, sourceId, targetId, linkQualifier, reconId, phase } = facts;
  const parameters: Record<string, string> = {
    mapping,
    action,
    situation,
    linkQualifier,
    ...(reconId === null ? {} : { reconId }),
    ...(phase === 'target' ? { target: 'true', targetId: targetId ?? '' } : { sourceId: sourceId ?? '' }),
  };
  const inner: RequestContext = { ...context, caller: { ...context.caller, isExternal: false }, cause: 'script' };
  await router.handle(
    { verb: 'action', path: 'sync', action: 'performAction', parameters, content: null, fields: null },
    inner,
  );
}
