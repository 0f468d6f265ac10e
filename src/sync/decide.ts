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
  const sound = gathered.filter((one) => one.fault === null);
  const items = sound.map(({ evidence }) => decideItem(world, evidence, action));
  const results = await world.mapping.run('decide', items, world.mode);
  const changes = new Map(
    sound.map(({ evidence }, i): [Evidence, PlannedChange] => {
      const result = results[i]!;
      const { situation } = items[i]!;
      if (!result.ok) return [evidence, planFailure(evidence, situation, result.message, result.detail)];
      return [evidence, plan(world.mapping.compiled, evidence, situation, really(world, evidence, result.value))];
    }),
  );
  return gathered.map(({ evidence, fault }) =>
    fault === null ? changes.get(evidence)! : planFailure(evidence, null, fault.message, fault.detail),
  );
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
  return {
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
    ...(world.isTracing ? { trace: true } : {}),
    ...(action === undefined ? {} : { action }),
  };
}
