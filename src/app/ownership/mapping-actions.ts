import { DEFAULT_ACTION, type Action } from '../../model/action.ts';
import type { Situation } from '../../model/situation.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';

/** What a mapping may do in a situation. A script may say anything. */
export function mayDo(mapping: MappingConfig, situation: Situation, actions: readonly Action[]): boolean {
  for (const policy of mapping.policies) {
    if (policy.situation !== situation) continue;
    if (policy.action.kind !== 'fixed' || actions.includes(policy.action.action)) return true;
    if (policy.condition === null) return false;
  }
  return actions.includes(DEFAULT_ACTION[situation]);
}

/** The mapping puts its hands on objects that it did not make. */
export function attaches(mapping: MappingConfig): boolean {
  return mapping.correlation.length > 0 && mayDo(mapping, 'FOUND', ['UPDATE', 'LINK']);
}

/** The name of the mapping that owns its links, and whether it reads them from the other end. */
export function linkTypeOf(
  mapping: MappingConfig,
  mappings: readonly MappingConfig[],
): { name: string; isReversed: boolean } {
  const owner = mappings.find(({ name }) => name === mapping.links) ?? mapping;
  const isReversed = owner !== mapping && owner.source === mapping.target && owner.target === mapping.source;
  return { name: owner.name, isReversed };
}

export function hasValidity({ sourceCondition, scripts }: MappingConfig): boolean {
  return sourceCondition !== null || scripts.validSource !== undefined;
}
