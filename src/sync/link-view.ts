import type { Link } from '../model/link.ts';
import type { LinkRules } from '../mapping/compiled-mapping.ts';

/** A link type as one mapping sees it: direction and letter case taken care of (specification §8). */
export interface LinkView {
  readonly rules: LinkRules;
  sourceIdOf(link: Link): string;
  targetIdOf(link: Link): string;
  /** The form in which ids are compared and stored in links. */
  sourceKey(id: string): string;
  targetKey(id: string): string;
  /** Which end of the stored links the mapping's source ids are. */
  readonly sourceEnd: 'first' | 'second';
  readonly targetEnd: 'first' | 'second';
  ends(sourceId: string, targetId: string): { readonly firstId: string; readonly secondId: string };
}

export function linkView(rules: LinkRules): LinkView {
  const { isReversed } = rules;
  const sourceKey = rules.areSourceIdsCaseSensitive ? identity : lower;
  const targetKey = rules.areTargetIdsCaseSensitive ? identity : lower;
  return {
    rules,
    sourceIdOf: (link) => (isReversed ? link.secondId : link.firstId),
    targetIdOf: (link) => (isReversed ? link.firstId : link.secondId),
    sourceKey,
    targetKey,
    sourceEnd: isReversed ? 'second' : 'first',
    targetEnd: isReversed ? 'first' : 'second',
    ends: (sourceId, targetId) => {
      const [source, target] = [sourceKey(sourceId), targetKey(targetId)];
      return isReversed ? { firstId: target, secondId: source } : { firstId: source, secondId: target };
    },
  };
}

const identity = (id: string): string => id;
const lower = (id: string): string => id.toLowerCase();
