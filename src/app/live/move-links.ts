import { linkRules } from '../../mapping/compile-mapping.ts';
import type { Link } from '../../model/link.ts';
import type { LinkWrite } from '../../model/repository.ts';
import { linkView, type LinkView } from '../../sync/link-view.ts';
import type { Lockstep } from '../lockstep.ts';

export interface Renamed {
  readonly id: string;
  readonly previousId: string;
}

/**
 * Lets the links of renamed objects follow them, under every mapping that has the collection on one of its sides. A link stays where it
 * is if the new id has one of its own; the next reconciliation decides about it.
 */
export async function moveLinks(lockstep: Lockstep, collection: string, renamed: readonly Renamed[]): Promise<void> {
  if (renamed.length === 0) return;
  const { repository, log } = lockstep;
  for (const { view, end } of endsOf(lockstep, collection)) {
    const key = end === view.sourceEnd ? view.sourceKey : view.targetKey;
    const moves = new Map(renamed.map(({ id, previousId }) => [key(previousId), key(id)]));
    const { linkType } = view.rules;
    const ids = [...moves.keys()];
    const { links: reads } = repository;
    const links = await (end === 'first' ? reads.findByFirst(linkType, ids) : reads.findBySecond(linkType, ids));
    const units = links.flatMap((link) => {
      const next = moves.get(end === 'first' ? link.firstId : link.secondId)!;
      const isSame = next === (end === 'first' ? link.firstId : link.secondId);
      return isSame ? [] : [{ links: [moved(link, end, next)] }];
    });
    if (units.length === 0) continue;
    const result = await repository.commit({ units });
    if (result.ok) continue;
    for (const { message } of result.conflicts)
      log.write('warn', `${collection}: a link of a renamed object stays: ${message}`);
    const refused = new Set(result.conflicts.map(({ unit }) => unit));
    await repository.commit({ units: units.filter((_, i) => !refused.has(i)) });
  }
}

function moved({ id, rev, firstId, secondId }: Link, end: 'first' | 'second', next: string): LinkWrite {
  return end === 'first'
    ? { kind: 'update', id, rev, firstId: next, secondId }
    : { kind: 'update', id, rev, firstId, secondId: next };
}

interface End {
  readonly view: LinkView;
  readonly end: 'first' | 'second';
}

/** The ends of link types at which objects of the collection stand, each once. */
function endsOf({ config }: Lockstep, collection: string): readonly End[] {
  const ends = new Map<string, End>();
  for (const mapping of config.mappings) {
    const view = linkView(linkRules(mapping, config.mappings));
    const sides: ('first' | 'second')[] = [];
    if (mapping.source === collection) sides.push(view.sourceEnd);
    if (mapping.target === collection) sides.push(view.targetEnd);
    if (view.rules.isEnabled) for (const end of sides) ends.set(`${view.rules.linkType}\u0000${end}`, { view, end });
  }
  return [...ends.values()];
}
