import type { Link } from '../model/link.ts';
import { applyChanges } from '../sync/apply.ts';
import { decide } from '../sync/decide.ts';
import { NO_CORRELATION, type SourceEvidence } from '../sync/evidence.ts';
import { completeSources, prepareSources, type Gathered } from '../sync/gather-source.ts';
import { DEFAULT_QUALIFIER } from '../model/link.ts';
import { linksOfSources } from '../sync/link-view.ts';
import type { RunContext } from './run-context.ts';

/**
 * Reconciles the objects that were asked for, and nothing else: no scan, no target phase. An id that does not exist is
 * treated as a deleted source object (specification §4.3).
 */
export async function reconcileIds(
  run: RunContext,
  isDone: (sourceId: string, linkQualifier: string) => boolean,
): Promise<{ readonly isEmpty: false }> {
  const ids = [...new Set(run.request.ids)];
  run.ledger.update({ source: { processed: ids.length, total: ids.length } });
  for (const id of ids) {
    run.signal.throwIfAborted();
    // One after the other: what one object gets, the next must see.
    const gathered = (await gatherIds(run, [id])).filter(
      ({ evidence }) => !isDone(evidence.sourceId, evidence.linkQualifier),
    );
    run.seenSources.add(run.view.sourceKey(id));
    await applyChanges(run.world, await decide(run.world, gathered), run.ledger);
  }
  return { isEmpty: false };
}

export async function gatherIds(
  run: Pick<RunContext, 'world' | 'view'>,
  ids: readonly string[],
): Promise<readonly Gathered[]> {
  const found = await run.world.source.readMany(ids);
  const present = await completeSources(run.world, await prepareSources(run.world, [...found.values()]));
  const gone = await gatherGone(
    run,
    ids.filter((id) => !found.has(id)),
  );
  return [...present, ...gone];
}

async function gatherGone(
  { world, view }: Pick<RunContext, 'world' | 'view'>,
  ids: readonly string[],
): Promise<readonly Gathered[]> {
  if (ids.length === 0) return [];
  const found = await linksOfSources(world.repository.links, view, ids);
  const targets = await world.readTargets(found.map((link) => view.targetIdOf(link)));
  const items = found.map((link) => ({
    target: targets.get(view.targetIdOf(link))?.object ?? {},
    linkQualifier: link.linkQualifier,
  }));
  const validity = await world.mapping.run('validTarget', items, world.mode);
  const linked = found.map((link, i): Gathered => {
    const result = validity[i]!;
    const target = targets.get(view.targetIdOf(link)) ?? null;
    const isValid = target === null || (result.ok && result.value);
    return {
      evidence: goneEvidence(view.sourceIdOf(link), link, view.targetIdOf(link), target, isValid),
      fault: target !== null && !result.ok ? result : null,
    };
  });
  const linkedKeys = new Set(found.map((link) => view.sourceIdOf(link)));
  const unlinked = ids
    .filter((id) => !linkedKeys.has(view.sourceKey(id)))
    .map((id): Gathered => ({ evidence: goneEvidence(id, null, null, null, true), fault: null }));
  return [...linked, ...unlinked];
}

function goneEvidence(
  sourceId: string,
  link: Link | null,
  linkedTargetId: string | null,
  target: SourceEvidence['target'],
  isValid: boolean,
): SourceEvidence {
  const linkQualifier = link?.linkQualifier ?? DEFAULT_QUALIFIER;
  return {
    kind: 'source',
    sourceId,
    source: null,
    linkQualifier,
    isValid,
    link,
    linkedTargetId,
    target,
    correlation: NO_CORRELATION,
  };
}
