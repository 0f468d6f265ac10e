import type { DecideItem, DecideResult } from '../mapping/stages.ts';
import type { Action } from '../model/action.ts';
import { isManagedSet } from '../model/managed-set.ts';
import { assess } from './assess.ts';
import type { Evidence } from './evidence.ts';
import type { Fault } from './gather-source.ts';
import { pick, plan, planFailure, sourceIdOf, sourceObject, targetIdOf } from './plan.ts';
import type { PlannedChange } from './planned-change.ts';
import { oldSourceOf, type World } from './world.ts';

/** From evidence to planned changes, a batch at a time: assess, look up the policy, map, plan. Nothing is written. */
export async function decide(
  world: World,
  gathered: readonly { readonly evidence: Evidence; readonly fault: Fault | null }[],
  action?: Action,
): Promise<readonly PlannedChange[]> {
  const items: DecideItem[] = [];
  for (const { evidence, fault } of gathered) if (fault === null) items.push(decideItem(world, evidence, action));
  const results = await world.mapping.run('decide', items, world.mode);
  let next = 0;
  return gathered.map(({ evidence, fault }) => {
    if (fault !== null) return planFailure(evidence, null, fault.message, fault.detail);
    const { situation } = items[next]!;
    const result = results[next++]!;
    if (!result.ok) return planFailure(evidence, situation, result.message, result.detail);
    return plan(world.mapping.compiled, evidence, situation, really(world, evidence, result.value));
  });
}

/** A mapping cannot compare a plain value with a hash of it: what is equal after all is no change. */
function really({ target }: World, evidence: Evidence, decision: DecideResult): DecideResult {
  const { object, changed } = decision;
  if (object === null || evidence.target === null || !isManagedSet(target) || target.preparation === null)
    return decision;
  const stored = evidence.target.object;
  const differing = target.preparation.changed(stored, object, changed);
  if (differing.length === changed.length) return decision;
  if (differing.length === 0) return { ...decision, object: null, changed: [] };
  const same = changed.filter((name) => !differing.includes(name));
  return { ...decision, object: { ...object, ...pick(stored, same) }, changed: differing };
}

function decideItem(world: World, evidence: Evidence, action: Action | undefined): DecideItem {
  const candidates = evidence.kind === 'source' ? evidence.correlation.targets : [];
  const item: DecideItem = {
    phase: evidence.kind,
    situation: assess(evidence),
    source: sourceObject(evidence),
    target: evidence.target?.object ?? null,
    oldSource: oldSourceOf(world, sourceIdOf(evidence)),
    linkQualifier: evidence.linkQualifier,
    sourceId: sourceIdOf(evidence),
    targetId: targetIdOf(evidence),
    ambiguousTargetIds: candidates.length > 1 ? candidates.map((candidate) => candidate.id) : null,
    reconId: world.reconId,
  };
  if (!world.isTracing && action === undefined) return item;
  return { ...item, ...(world.isTracing ? { trace: true } : {}), ...(action === undefined ? {} : { action }) };
}
