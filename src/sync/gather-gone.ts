import { DEFAULT_QUALIFIER, type Link } from '../model/link.ts';
import { readable } from '../model/unreadable-objects.ts';
import { NO_CORRELATION, type SourceEvidence } from './evidence.ts';
import { completeSources, keyOf, prepareSources, unreadableFault, type Gathered } from './gather-source.ts';
import { linksOfSources, linkView, type LinkView } from './link-view.ts';
import { oldSourceOf, type World } from './world.ts';

/**
 * Evidence about source objects that are gone (specification §4.3). One with a link is judged by its target; one without is
 * correlated by what it was before, where that is known (`World.oldSources`).
 */
export async function gatherGone(world: World, ids: readonly string[]): Promise<readonly Gathered[]> {
  if (ids.length === 0) return [];
  const view = linkView(world.mapping.compiled.links);
  const links = await linksOfSources(world.repository.links, view, ids);
  const linked = await gatherLinked(world, view, links);
  const keys = new Set(links.map((link) => keyOf(view.sourceIdOf(link), link.linkQualifier)));
  const named = new Set(links.map((link) => view.sourceIdOf(link)));
  const known = ids.filter((id) => oldSourceOf(world, id) !== null);
  const remembered = await gatherRemembered(world, known);
  const isFree = ({ evidence }: Gathered): boolean =>
    !keys.has(keyOf(view.sourceKey(evidence.sourceId), evidence.linkQualifier));
  const unknown = ids
    .filter((id) => oldSourceOf(world, id) === null && !named.has(view.sourceKey(id)))
    .map((id): Gathered => ({ evidence: goneEvidence(id), fault: null }));
  return [...linked, ...remembered.filter(isFree), ...unknown];
}

async function gatherLinked(world: World, view: LinkView, links: readonly Link[]): Promise<readonly Gathered[]> {
  const read = await readable(world.readTargets(links.map((link) => view.targetIdOf(link))));
  const targets = read.found;
  const items = links.map((link) => ({
    target: targets.get(view.targetIdOf(link))?.object ?? {},
    linkQualifier: link.linkQualifier,
  }));
  const validity = await world.mapping.run('validTarget', items, world.mode);
  return links.map((link, i): Gathered => {
    const result = validity[i]!;
    const target = targets.get(view.targetIdOf(link)) ?? null;
    const isValid = target === null || (result.ok && result.value);
    const { linkQualifier } = link;
    const evidence: SourceEvidence = {
      ...goneEvidence(view.sourceIdOf(link)),
      linkQualifier,
      isValid,
      link,
      linkedTargetId: view.targetIdOf(link),
      target,
    };
    if (target === null) return { evidence, fault: unreadableFault(read, view.targetIdOf(link)) };
    return { evidence, fault: result.ok ? null : result };
  });
}

/** As if they were still there, but for the object itself. */
async function gatherRemembered(world: World, ids: readonly string[]): Promise<readonly Gathered[]> {
  const objects = ids.map((id) => ({ id, rev: null, object: oldSourceOf(world, id)! }));
  const gathered = await completeSources(world, await prepareSources(world, objects));
  return gathered.map(({ evidence, fault }) => ({ evidence: { ...evidence, source: null }, fault }));
}

/** Of a source object that is not there, or not to be read. */
export function goneEvidence(sourceId: string): SourceEvidence {
  return {
    kind: 'source',
    sourceId,
    source: null,
    linkQualifier: DEFAULT_QUALIFIER,
    isValid: true,
    link: null,
    linkedTargetId: null,
    target: null,
    correlation: NO_CORRELATION,
  };
}
