import { applyChanges } from '../sync/apply.ts';
import { decide } from '../sync/decide.ts';
import { readable } from '../model/unreadable-objects.ts';
import { gatherGone, goneEvidence } from '../sync/gather-gone.ts';
import { completeSources, prepareSources, unreadableFault, type Gathered } from '../sync/gather-source.ts';
import type { World } from '../sync/world.ts';
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
    const gathered = (await gatherIds(run.world, [id])).filter(
      ({ evidence }) => !isDone(evidence.sourceId, evidence.linkQualifier),
    );
    run.seenSources.add(run.view.sourceKey(id));
    await applyChanges(run.world, await decide(run.world, gathered), run.ledger);
  }
  return { isEmpty: false };
}

/** Evidence about source objects by their ids, there or gone; of one that cannot be read only that. */
export async function gatherIds(world: World, ids: readonly string[]): Promise<readonly Gathered[]> {
  const read = await readable(world.source.readMany(ids));
  const { found, unreadable } = read;
  const present = await completeSources(world, await prepareSources(world, [...found.values()]));
  const gone = await gatherGone(
    world,
    ids.filter((id) => !found.has(id) && !unreadable.has(id)),
  );
  const broken = [...unreadable.keys()].map((id): Gathered => ({
    evidence: goneEvidence(id),
    fault: unreadableFault(read, id),
  }));
  return [...present, ...gone, ...broken];
}
