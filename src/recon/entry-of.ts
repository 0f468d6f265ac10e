import type { JsonObject } from '../base/json.ts';
import type { EntryStatus, RunEntry } from '../model/run.ts';
import type { PlannedChange } from '../sync/planned-change.ts';
import type { Settled } from '../sync/run-log.ts';

/** What came of a change, as an entry of a run. */
export function entryOf(
  { change, status, targetId, message, seq }: Settled,
  runId: string,
  timestampMs: number,
): RunEntry {
  return {
    runId,
    seq: seq ?? 0,
    timestampMs,
    phase: change.evidence.kind,
    situation: change.situation,
    action: change.action,
    changeClass: change.changeClass,
    status,
    linkQualifier: change.evidence.linkQualifier,
    sourceId: change.sourceId,
    targetId,
    ambiguousTargetIds: change.ambiguousTargetIds,
    before: change.before,
    after: change.after,
    message,
    detail: entryDetail(change, status),
  };
}

/**
 * What applying the change later needs, and what taking it back needs: the rule, the revision that was read, the link.
 * A target that was created was linked too, unless a link was moved to it: that goes without saying.
 */
function entryDetail(change: PlannedChange, status: EntryStatus): JsonObject | null {
  const detail: JsonObject = { ...change.detail };
  if (change.rule !== 'default' && change.rule !== 'none') detail['rule'] = change.rule;
  if (change.policy !== null && change.write?.kind === 'delete') detail['policy'] = change.policy;
  if (change.write !== null && change.write.kind !== 'create' && change.write.rev !== null)
    detail['rev'] = change.write.rev;
  const isPlainCreate = status === 'done' && change.write?.kind === 'create';
  if (change.link?.kind === 'create') {
    if (!isPlainCreate) detail['linking'] = true;
  } else if (change.link !== null) detail['link'] = { id: change.link.link.id, rev: change.link.link.rev };
  return Object.keys(detail).length === 0 ? null : detail;
}
