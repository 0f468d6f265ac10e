import { Failure } from '../../base/failure.ts';
import { linkRules } from '../../mapping/compile-mapping.ts';
import type { Link } from '../../model/link.ts';
import type { CommitBatch, CommitUnit, LinkWrite, RowWrite } from '../../model/repository.ts';
import { linkView, type LinkView } from '../../sync/link-view.ts';
import type { Lockstep } from '../lockstep.ts';

export interface Renamed {
  readonly id: string;
  readonly previousId: string;
}

/**
 * Lets the links of renamed objects follow them, under every mapping that has the collection on one of its sides. A link stays where it
 * is if the new id has one of its own; the next reconciliation decides about it. One commit for all of them: none is left behind.
 */
export async function moveLinks(
  lockstep: Lockstep,
  collection: string,
  renamed: readonly Renamed[],
  { also, fence }: MovedWith,
): Promise<void> {
  const { repository, log } = lockstep;
  const units = [...also.map((object): CommitUnit => ({ object })), ...(await movesOf(lockstep, collection, renamed))];
  if (units.length === 0) return;
  const held = fence === undefined ? {} : { fence };
  const result = await repository.commit({ units, ...held });
  if (result.ok) return;
  for (const { message } of result.conflicts)
    log.write('warn', `${collection}: a link of a renamed object stays: ${message}`);
  const refused = new Set(result.conflicts.map(({ unit }) => unit));
  const rest = await repository.commit({ units: units.filter((_, i) => !refused.has(i)), ...held });
  if (!rest.ok) throw new Failure('conflict', `links of renamed objects cannot follow: ${rest.conflicts[0]!.message}`);
}

export interface MovedWith {
  /** Written in the same commit. */
  readonly also: readonly RowWrite[];
  readonly fence?: CommitBatch['fence'];
}

async function movesOf(
  lockstep: Lockstep,
  collection: string,
  renamed: readonly Renamed[],
): Promise<readonly CommitUnit[]> {
  const moves: CommitUnit[] = [];
  if (renamed.length === 0) return moves;
  for (const { view, end } of endsOf(lockstep, collection)) {
    const key = end === view.sourceEnd ? view.sourceKey : view.targetKey;
    const nexts = new Map(renamed.map(({ id, previousId }) => [key(previousId), key(id)]));
    const { linkType } = view.rules;
    const ids = [...nexts.keys()];
    const { links: reads } = lockstep.repository;
    const links = await (end === 'first' ? reads.findByFirst(linkType, ids) : reads.findBySecond(linkType, ids));
    for (const link of links) {
      const next = nexts.get(end === 'first' ? link.firstId : link.secondId)!;
      const isSame = next === (end === 'first' ? link.firstId : link.secondId);
      if (!isSame) moves.push({ links: [moved(link, end, next)] });
    }
  }
  return moves;
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
