import { isoTime } from '../base/clock.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { RunRecord, RunStage } from '../model/run.ts';
import { SITUATIONS, type Situation } from '../model/situation.ts';
import { fromJson, type Progress, type Tally } from '../recon/progress.ts';

/** Specification §5.3, word for word. */
const STAGE_DESCRIPTIONS: Readonly<Record<RunStage, string>> = {
  ACTIVE_INITIALIZED: 'initialized',
  ACTIVE_QUERY_ENTRIES: 'querying sets of entries to reconcile',
  ACTIVE_RECONCILING_SOURCE: 'reconciling source entries',
  ACTIVE_RECONCILING_TARGET: 'reconciling target entries',
  ACTIVE_LINK_CLEANUP: 'link clean-up',
  ACTIVE_PROCESSING_RESULTS: 'processing reconciling results',
  ACTIVE_CANCELING: 'aborting reconciling',
  COMPLETED_SUCCESS: 'reconciliation completed.',
  COMPLETED_CANCELED: 'reconciliation aborted.',
  COMPLETED_FAILED: 'reconciliation failed',
};

/** Situations that cannot occur in a run of OpenIDM: a summary does not list them. */
const UNLISTED: ReadonlySet<Situation> = new Set<Situation>(['LINK_ONLY', 'ALL_GONE']);
const LISTED = SITUATIONS.filter((situation) => !UNLISTED.has(situation));

/**
 * A run as `GET recon/<id>` and the summary entry of the audit show it (specification §5.2). Totals are texts, `"?"` while
 * unknown; times are UTC with milliseconds, `ended` is empty while the run goes on. After the members of OpenIDM come
 * ours: `kind`, `counts`, `held`, `warnings`, `error`, and for an undo `undoes`. `progress`: what is newer than what the
 * record holds. `nowMs`: for the duration of a run that goes on.
 */
export function runSummary(
  record: RunRecord,
  progress: Progress = fromJson(record.progress),
  nowMs: number = Date.now(),
): JsonObject {
  const { startedMs, endedMs } = record;
  return {
    _id: record.id,
    mapping: record.mapping,
    state: record.state,
    stage: record.stage,
    stageDescription: STAGE_DESCRIPTIONS[record.stage],
    progress: progressJson(record, progress),
    situationSummary: Object.fromEntries(LISTED.map((situation) => [situation, progress.situations[situation]])),
    statusSummary: { FAILURE: progress.failure, SUCCESS: progress.success },
    durationSummary: {},
    parameters: parametersJson(record),
    started: isoTime(startedMs),
    ended: endedMs === null ? '' : isoTime(endedMs),
    duration: Math.max(0, (endedMs ?? nowMs) - startedMs),
    ...ownMembers(record, progress),
  };
}

function progressJson(record: RunRecord, progress: Progress): JsonObject {
  const isOver = record.state === 'SUCCESS';
  const hasSeenTargets = isOver && record.kind === 'recon' && progress.target.processed > 0;
  return {
    source: { existing: tallyJson(progress.source, isOver) },
    target: { existing: tallyJson(progress.target, hasSeenTargets), created: progress.targetsCreated },
    links: { existing: tallyJson(progress.links, false), created: progress.linksCreated },
  };
}

function tallyJson({ processed, total }: Tally, isWhole: boolean): JsonObject {
  return { processed, total: total !== null ? String(total) : isWhole ? String(processed) : '?' };
}

function parametersJson({ kind, request }: RunRecord): JsonObject {
  const { overrides } = request;
  const ids = isJsonObject(overrides) ? overrides['ids'] : undefined;
  const targetQuery = queryJson(request['target'], request['targetQuery']);
  if (kind === 'reconById') return { sourceIds: ids ?? [], targetQuery };
  return { sourceQuery: queryJson(request['source'], request['sourceQuery']), targetQuery };
}

/** Where the query goes and what it asks, under the names without underscore. */
function queryJson(collection: Json | undefined, query: Json | undefined): JsonObject {
  const asked = isJsonObject(query) ? query : { queryId: 'query-all-ids' };
  const named = Object.entries(asked).map(([key, value]) => [key.replace(/^_(?=query)/, ''), value] as const);
  return { resourceName: collection ?? null, ...Object.fromEntries(named) };
}

function ownMembers({ kind, request }: RunRecord, progress: Progress): JsonObject {
  const { undoes, initiatedBy } = request;
  return {
    kind,
    counts: { ...progress.counts },
    held: progress.counts.held === 0 ? [] : progress.held.map((held) => ({ ...held })),
    warnings: [...progress.warnings],
    error: progress.error,
    ...(undoes === undefined ? {} : { undoes }),
    ...(initiatedBy === undefined ? {} : { initiatedBy }),
  };
}
