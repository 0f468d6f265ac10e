import type { CommitUnit } from '../model/repository.ts';
import type { Hook } from '../mapping/program-payload.ts';
import type { HookItem, PostActionItem } from '../mapping/stages.ts';
import { planFailure, sourceObject } from './plan.ts';
import type { PlannedChange } from './planned-change.ts';
import type { RunLog, Settled } from './run-log.ts';
import { oldSourceOf, type World } from './world.ts';

/** `onLink`, `onUnlink`, `onDelete` of the changes that are about to be made; a hook that fails fails its change. */
export async function runHooksBefore(
  world: World,
  changes: readonly PlannedChange[],
): Promise<readonly PlannedChange[]> {
  const calls: { readonly index: number; readonly item: HookItem }[] = [];
  for (const [index, change] of changes.entries()) {
    const { changeClass, hooks } = change;
    if (hooks.length === 0 || changeClass === 'delete' || changeClass === 'unlink' || changeClass === 'ambiguousDelete')
      continue;
    for (const hook of wanted(world, hooks))
      calls.push({ index, item: hookItem(world, hook, change, change.targetId) });
  }
  if (calls.length === 0) return changes;
  const results = await world.mapping.run(
    'hook',
    calls.map((call) => call.item),
    world.mode,
  );
  const out = [...changes];
  for (const [i, result] of results.entries()) {
    const { index } = calls[i]!;
    const change = changes[index]!;
    if (!result.ok) out[index] = planFailure(change.evidence, change.situation, result.message, result.detail);
  }
  return out;
}

/** Hooks that this mapping has a script for. */
export function wanted(world: World, hooks: readonly Hook[]): readonly Hook[] {
  return hooks.filter((hook) => world.mapping.compiled.payload.hooks[hook] !== null);
}

function hookItem(world: World, hook: Hook, change: PlannedChange, targetId: string | null): HookItem {
  return {
    hook,
    source: sourceObject(change.evidence),
    sourceId: change.sourceId,
    target:
      change.write === null || change.write.kind === 'delete'
        ? (change.evidence.target?.object ?? null)
        : { ...change.write.object, _id: targetId },
    targetId,
    oldSource: oldSourceOf(world, change.sourceId),
    situation: change.situation,
    linkQualifier: change.evidence.linkQualifier,
  };
}

/** `postMapping` after CREATE, UPDATE and LINK, and the policy's `postAction`. One that fails turns the entry to failed. */
export async function runHooksAfter(world: World, settled: readonly Settled[], log: RunLog): Promise<void> {
  const { payload } = world.mapping.compiled;
  if (payload.hooks.postMapping === null && payload.policies.every(({ postAction }) => postAction === null)) return;
  const over = settled.filter((one) => one.outcome !== null && one.outcome !== 'failed');
  const mapped =
    payload.hooks.postMapping === null
      ? []
      : over.filter(({ change }) => ['CREATE', 'UPDATE', 'LINK'].includes(change.action));
  const after = await world.mapping.run(
    'hook',
    mapped.map((one) => hookItem(world, 'postMapping', one.change, one.targetId)),
    world.mode,
  );
  const acted = over.filter(({ change }) => hasPostAction(world, change));
  const acts = await world.mapping.run(
    'postAction',
    acted.map((one) => postActionItem(world, one)),
    world.mode,
  );
  const failures = new Map<Settled, string>();
  for (const [i, result] of after.entries()) if (!result.ok) failures.set(mapped[i]!, result.message);
  for (const [i, result] of acts.entries()) if (!result.ok) failures.set(acted[i]!, result.message);
  for (const [one, message] of failures) await markFailed(one, message, log);
}

function hasPostAction(world: World, change: PlannedChange): boolean {
  if (change.policy === null || change.action === 'IGNORE' || change.action === 'ASYNC') return false;
  return world.mapping.compiled.payload.policies[change.policy]?.postAction != null;
}

function postActionItem(world: World, { change, targetId }: Settled): PostActionItem {
  const { evidence } = change;
  const target =
    change.write === null || change.write.kind === 'delete'
      ? (evidence.target?.object ?? null)
      : { ...change.write.object, _id: targetId };
  return {
    policy: change.policy!,
    source: sourceObject(evidence),
    target,
    action: change.action,
    situation: change.situation,
    sourceAction: evidence.kind === 'source',
    linkQualifier: evidence.linkQualifier,
    reconId: world.reconId,
  };
}

/** Turns what counts as done to failed: a hook after the write threw. */
export async function markFailed(one: Settled, message: string, log: RunLog): Promise<void> {
  const failed: Settled = { ...one, outcome: 'failed', status: 'failed', message, seq: one.seq ?? log.takeSeq() };
  const entry = log.toEntry(failed);
  const { runId, seq, timestampMs } = entry;
  const unit: CommitUnit =
    one.seq === null
      ? { entry: { kind: 'insert', entry } }
      : { entry: { kind: 'settle', runId, seq, from: 'done', status: 'failed', message, timestampMs } };
  await log.correct([unit], one.outcome!, 'failed', 1);
}
