import { deepEqual, isJsonObject, type Json } from '../../base/json.ts';
import { DEFAULT_ACTION, type Action } from '../../model/action.ts';
import type { MappingConfig, PolicyConfig } from '../../mapping/mapping-config.ts';
import type { AnalyzedProject } from './analyzed-project.ts';
import type { Finding } from './finding.ts';
import { whyImpossible } from './possible-situations.ts';

/** Policies that are never used. One behind another without a condition is told by the reader (`check-policies.ts`). */
export function unreachablePolicies({ config }: AnalyzedProject): readonly Finding[] {
  return config.mappings.flatMap((mapping) => [...impossible(mapping), ...repeated(mapping)]);
}

/**
 * A policy that asks for something else than would be done without it is missed by somebody: a warning. Many mappings list every
 * situation with its default action; of those there is one note per reason.
 */
function impossible(mapping: MappingConfig): readonly Finding[] {
  const all = mapping.policies.flatMap((policy) => {
    const why = whyImpossible(mapping, policy.situation);
    return why === null ? [] : [{ policy, ...why }];
  });
  const missed = all.filter(({ policy }) => !saysNothingNew(policy));
  const idle = Map.groupBy(
    all.filter(({ policy }) => saysNothingNew(policy)),
    ({ because }) => because,
  );
  const warnings = missed.map(({ policy, because, hint }) =>
    finding(mapping, 'warning', policy.pointer, `the policy for ${policy.situation} is never used: ${because}`, hint),
  );
  const notes = [...idle.values()].map((group) => {
    const { policy, because, hint } = group[0]!;
    const names = [...new Set(group.map((one) => one.policy.situation))].join(', ');
    const message = `the situations ${names} never occur: ${because}`;
    return finding(
      mapping,
      'note',
      policy.pointer,
      message,
      `${hint} Their policies ask for what would be done anyway.`,
    );
  });
  return [...warnings, ...notes];
}

const QUIET: ReadonlySet<Action> = new Set(['IGNORE', 'REPORT', 'NOREPORT', 'EXCEPTION']);

function saysNothingNew({ situation, action, postAction }: PolicyConfig): boolean {
  if (action.kind !== 'fixed' || postAction !== null) return false;
  return action.action === DEFAULT_ACTION[situation] || QUIET.has(action.action);
}

/** The same situation under the same condition: the first one is always used. Without a condition the reader has told it. */
function repeated(mapping: MappingConfig): readonly Finding[] {
  return mapping.policies.flatMap((policy, i) => {
    const condition = conditionOf(mapping, i);
    if (policy.condition === null || condition === null) return [];
    const first = mapping.policies.findIndex(
      (other, k) => k < i && other.situation === policy.situation && deepEqual(conditionOf(mapping, k), condition),
    );
    if (first < 0) return [];
    const message = `this policy for ${policy.situation} is never used: policies/${first} has the same condition`;
    return [
      finding(mapping, 'warning', policy.pointer, message, 'Remove one of the two, or give them different conditions.'),
    ];
  });
}

/** As written. */
function conditionOf({ raw }: MappingConfig, index: number): Json {
  const policies = raw['policies'];
  const policy = Array.isArray(policies) ? policies[index] : null;
  return isJsonObject(policy ?? null) ? ((policy as { condition?: Json }).condition ?? null) : null;
}

function finding(
  { file }: MappingConfig,
  severity: Finding['severity'],
  pointer: string,
  message: string,
  hint: string,
): Finding {
  return { code: 'unreachable-policy', severity, file, pointer, message, hint };
}
