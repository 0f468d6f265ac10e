import type { Json } from '../base/json.ts';
import type { Link } from '../model/link.ts';
import type { CommitUnit, Page } from '../model/repository.ts';
import type { RunEntry } from '../model/run.ts';
import { readable } from '../model/unreadable-objects.ts';
import type { RunContext } from './run-context.ts';
import { storedEntries } from './stored-entries.ts';

const PAGE = 1000;

/**
 * Plans the removal of links whose source and target are both gone (stage ACTIVE_LINK_CLEANUP). Only after an unfiltered
 * scan of the source that was read to its end; whether a target is gone is asked of the target itself.
 */
export async function planLinkCleanup(run: RunContext): Promise<void> {
  const { repository, mapping } = run.world;
  const { linkType, isEnabled } = mapping.compiled.links;
  if (!isEnabled || !run.request.isSourceWhole || run.request.kind === 'reconById') return;
  const planned = await plannedLinks(run);
  const read = (after: Json): Promise<Page<Link>> => repository.links.page(linkType, after, PAGE);
  for (let next: Promise<Page<Link>> | null = read(null); next !== null;) {
    run.signal.throwIfAborted();
    const page: Page<Link> = await next;
    next = page.next === null ? null : read(page.next);
    next?.catch(() => {});
    const orphans = page.rows.filter((link) => !planned.has(link.id) && !isThere(run, run.view.sourceIdOf(link)));
    const gone = orphans.length === 0 ? [] : await withoutTarget(run, orphans);
    if (gone.length > 0) {
      const { progress } = run.ledger;
      const units = gone.map((link): CommitUnit => ({ entry: { kind: 'insert', entry: toEntry(run, link) } }));
      const unlink = (progress.planned.unlink ?? 0) + gone.length;
      const entries = progress.entries + gone.length;
      await run.ledger.commitProgress(units, {
        planned: { ...progress.planned, unlink },
        entries,
        success: progress.success + gone.length,
      });
    }
  }
}

function isThere(run: RunContext, sourceId: string): boolean {
  return run.seenSources.has(sourceId) || run.faultySources.has(sourceId);
}

async function withoutTarget(run: RunContext, links: readonly Link[]): Promise<readonly Link[]> {
  const reading = run.world.readTargets(links.map((link) => run.view.targetIdOf(link)));
  const { found, unreadable } = await readable(reading);
  const isThere = (id: string): boolean => found.has(id) || unreadable.has(id);
  return links.filter((link) => !isThere(run.view.targetIdOf(link)));
}

/** Links that this run is going to remove anyway. */
async function plannedLinks(run: RunContext): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for await (const entry of storedEntries(run.world.repository.runs, run.ledger.record.id, { status: 'planned' })) {
    const link = entry.detail?.['link'];
    if (typeof link === 'object' && link !== null && !Array.isArray(link)) ids.add(String(link['id']));
  }
  return ids;
}

function toEntry(run: RunContext, link: Link): RunEntry {
  return {
    runId: run.ledger.record.id,
    seq: run.ledger.takeSeq(),
    timestampMs: run.world.clock.nowMs(),
    phase: 'cleanup',
    situation: null,
    action: 'UNLINK',
    changeClass: 'unlink',
    status: 'planned',
    linkQualifier: link.linkQualifier,
    sourceId: run.view.sourceIdOf(link),
    targetId: run.view.targetIdOf(link),
    ambiguousTargetIds: null,
    before: null,
    after: null,
    message: 'source and target are both gone',
    detail: { link: { id: link.id, rev: link.rev } },
  };
}
