import type { Link } from '../../model/link.ts';
import type { StoredObject } from '../../model/object-set.ts';
import type { RunEntry } from '../../model/run.ts';
import { keyOf } from '../../sync/gather-source.ts';
import { linksOfSources, linksOfTargets, type LinkView } from '../../sync/link-view.ts';
import type { World } from '../../sync/world.ts';
import type { Lockstep } from '../lockstep.ts';
import type { UndoFacts } from './undo-changes.ts';

/** Finds out what taking these entries back depends on: the target objects and the links as they are now. */
export async function gatherFacts(
  world: World,
  view: LinkView,
  entries: readonly RunEntry[],
  expectedRev: (entry: RunEntry) => string | null,
  unreadable: ReadonlySet<string>,
): Promise<readonly UndoFacts[]> {
  const ids = [...new Set(entries.flatMap(targetIdsOf))];
  const targets = ids.length === 0 ? new Map<string, StoredObject>() : await readTargets(world, view, ids);
  const { links } = world.repository;
  const byTarget = keyed(await linksOfTargets(links, view, ids), (link) => view.targetIdOf(link));
  const sourceIds = [...new Set(entries.flatMap((entry) => entry.sourceId ?? []))];
  const bySource = keyed(await linksOfSources(links, view, sourceIds), (link) => view.sourceIdOf(link));
  return entries.map((entry): UndoFacts => {
    const { sourceId, targetId, linkQualifier } = entry;
    const sourceLink = sourceId === null ? null : bySource.get(keyOf(view.sourceKey(sourceId), linkQualifier));
    const targetLink = targetId === null ? null : byTarget.get(keyOf(view.targetKey(targetId), linkQualifier));
    return {
      targets,
      sourceLink: sourceLink ?? null,
      targetLink: targetLink ?? null,
      isOwnLink: sourceLink != null && sourceLink.id === targetLink?.id,
      expectedRev: expectedRev(entry),
      acceptsIds: world.target.traits.acceptsIds,
      unreadable,
    };
  });
}

function targetIdsOf({ changeClass, targetId, before }: RunEntry): readonly string[] {
  if (changeClass === 'ambiguousDelete') return Object.keys(before ?? {});
  return targetId === null ? [] : [targetId];
}

/** By the ids that the entries have, which may be in the letter case of links. */
async function readTargets(
  world: World,
  view: LinkView,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredObject>> {
  const found = new Map(await world.target.readMany(ids));
  const missing = view.rules.areTargetIdsCaseSensitive ? [] : ids.filter((id) => !found.has(id));
  if (missing.length === 0) return found;
  const spelled = await world.readTargets(missing.map((id) => view.targetKey(id)));
  for (const id of missing) {
    const stored = spelled.get(view.targetKey(id));
    if (stored !== undefined) found.set(id, stored);
  }
  return found;
}

function keyed(links: readonly Link[], endOf: (link: Link) => string): ReadonlyMap<string, Link> {
  return new Map(links.map((link) => [keyOf(endOf(link), link.linkQualifier), link]));
}

/** Attributes of an external type that can be written, but that reads do not give back. */
export function unreadableAttributes({ config }: Lockstep, collection: string): ReadonlySet<string> {
  const [kind, name, type = ''] = collection.split('/');
  const connector = kind === 'system' ? config.connectors.find((one) => one.name === name) : undefined;
  const types = connector?.objectTypes ?? {};
  const properties = Object.hasOwn(types, type) ? types[type]!.properties : {};
  const isHidden = (flags: readonly string[]): boolean =>
    flags.includes('NOT_READABLE') || flags.includes('NOT_RETURNED_BY_DEFAULT');
  return new Set(Object.keys(properties).filter((key) => isHidden(properties[key]!.flags)));
}
