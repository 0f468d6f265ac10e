import type { Link } from '../model/link.ts';
import type { LinkReads } from '../model/repository.ts';
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

/** The links of these source objects, under every qualifier. */
export function linksOfSources(
  links: LinkReads,
  view: LinkView,
  sourceIds: readonly string[],
): Promise<readonly Link[]> {
  return linksAt(links, view, view.sourceEnd, sourceIds.map(view.sourceKey));
}

/** The links of these target objects, under every qualifier. */
export function linksOfTargets(
  links: LinkReads,
  view: LinkView,
  targetIds: readonly string[],
): Promise<readonly Link[]> {
  return linksAt(links, view, view.targetEnd, targetIds.map(view.targetKey));
}

async function linksAt(
  links: LinkReads,
  { rules }: LinkView,
  end: 'first' | 'second',
  ids: readonly string[],
): Promise<readonly Link[]> {
  if (!rules.isEnabled || ids.length === 0) return [];
  return end === 'first' ? links.findByFirst(rules.linkType, ids) : links.findBySecond(rules.linkType, ids);
}

const identity = (id: string): string => id;
const lower = (id: string): string => id.toLowerCase();
