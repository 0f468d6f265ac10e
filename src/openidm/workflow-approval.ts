import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { ApprovalFacts } from '../app/approvals.ts';
import type { Lockstep } from '../app/lockstep.ts';
import { performAction, type ActionRequest } from '../app/push/perform-action.ts';
import { isAction } from '../model/action.ts';
import type { Situation } from '../model/situation.ts';
import type { RequestContext } from '../resource/context.ts';
import { createUnit, pastTaskUnits, tryCommit } from '../workflow/instance-store.ts';
import { docOf, PAST_TASK_TYPE, TASK_TYPE, type Row, type TaskDoc } from '../workflow/records.ts';
import { actorOf, isCandidate, seesEverything } from './workflow-access.ts';

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
  if (!isApprover(task.doc, context))
    throw new Failure('denied', `the task ${task.id} is answered by its approvers only: it may be given back to them`);
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
  await end(lockstep, decided, decision, action, context);
}

/** To be assigned makes nobody an approver. */
function isApprover(task: TaskDoc, { caller }: RequestContext): boolean {
  return seesEverything(caller) || isCandidate(task, caller);
}

/** The task is over, and the audit tells who has answered what, in one commit. */
async function end(
  lockstep: Lockstep,
  task: Row<TaskDoc>,
  decision: 'accept' | 'reject',
  action: string | null,
  context: RequestContext,
): Promise<void> {
  const { repository, clock, newId, audit } = lockstep;
  const ended = { taskId: task.id, completedBy: actorOf(context).authenticationId };
  const done = action === null ? 'nothing is done' : `${action} is done`;
  const event = audit.events.activity(context, {
    objectId: `workflow/taskinstance/${task.id}`,
    operation: 'ACTION',
    before: null,
    after: { decision, completedBy: ended.completedBy },
    revision: String(task.rev),
    message: `${ended.completedBy} has ${VERBS[decision]} "${task.doc.name ?? task.id}": ${done}`,
  });
  const events = audit.accepts('activity', 'ACTION', context.cause) ? audit.cleaned([event]) : [];
  // the same may be asked again under the same id: the last answer stays under it, the one before gets an id of its own
  const [past = null] = await repository.objects.readMany(PAST_TASK_TYPE, [task.id]);
  const kept = past === null ? [] : [createUnit(PAST_TASK_TYPE, newId(), past.doc)];
  const units = [...kept, ...pastTaskUnits(task, ended, null, clock.nowMs(), past)];
  if (!(await tryCommit(repository, { units, audit: events }))) throw changed(task);
}

const VERBS = { accept: 'accepted', reject: 'turned down' } as const;

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

/**
 * As the system, for the approver; in the situation that he was shown. What no run has asked for, or one that is not known any more,
 * is told in `audit/sync`.
 */
async function perform(
  lockstep: Lockstep,
  facts: ApprovalFacts,
  action: string,
  context: RequestContext,
): Promise<void> {
  if (!isAction(action)) throw new Failure('conflict', `there is no action ${action}`);
  const { mapping, sourceId, targetId, linkQualifier, phase } = facts;
  const run = facts.reconId === null ? null : await lockstep.repository.runs.read(facts.reconId);
  const request: ActionRequest = {
    mapping,
    action,
    sourceId: phase === 'target' ? null : sourceId,
    targetId: phase === 'target' ? targetId : null,
    situation: facts.situation as Situation,
    reconId: run === null ? null : facts.reconId,
    linkQualifier,
    ignorePostAction: false,
  };
  const inner: RequestContext = { ...context, caller: { ...context.caller, isExternal: false }, cause: 'script' };
  await performAction(lockstep, request, inner, { isAudited: run === null });
}
