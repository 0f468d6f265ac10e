import { PRUNE_EVENT, type AuditReads, type AuditTopic, type PruneRecord } from '../model/audit.ts';
import type { RunReads, RunRemoval } from '../model/repository.ts';
import type { RunRecord } from '../model/run.ts';

/** How long things are kept; null: for ever. A run goes as soon as one of its limits says so. */
export interface Retention {
  /** Audit events, by topic; `days` is for topics that are not named. */
  readonly days: number | null;
  readonly topicDays: Readonly<Partial<Record<AuditTopic, number | null>>>;
  /** Runs with their entries: how long after their end, and how many of each mapping. */
  readonly runDays: number | null;
  readonly runsPerMapping: number | null;
}

export const KEEP_EVERYTHING: Retention = { days: null, topicDays: {}, runDays: null, runsPerMapping: null };

export interface PurgeResult {
  readonly events: number;
  readonly runs: number;
  /** Runs that would have gone, but are active or hold changes. */
  readonly keptRuns: RunRemoval['kept'];
}

export interface PurgeOptions {
  readonly repository: { readonly audit: AuditReads; readonly runs: RunReads };
  readonly retention: Retention;
  readonly topics: readonly AuditTopic[];
  readonly nowMs: number;
  readonly newId: () => string;
  readonly userId: string;
  readonly signal?: AbortSignal;
}

const DAY_MS = 86_400_000;
const RUNS_AT_ONCE = 20;

/** Removes what is older than its retention. May be called as often as one likes, also by several at once. */
export async function purge(options: PurgeOptions): Promise<PurgeResult> {
  const { repository, retention, nowMs, signal } = options;
  const events = await purgeEvents(options);
  const removal = await purgeRuns(repository.runs, {
    endedBeforeMs: retention.runDays === null ? null : nowMs - retention.runDays * DAY_MS,
    keepPerMapping: retention.runsPerMapping,
    isMeant: () => true,
    ...(signal === undefined ? {} : { signal }),
  });
  return { events, runs: removal.removed.length, keptRuns: removal.kept };
}

/** Topics with the same limit are pruned together; nothing is recorded where nothing is old enough. */
async function purgeEvents({ repository, retention, topics, nowMs, newId, userId }: PurgeOptions): Promise<number> {
  const limits = Map.groupBy(topics, (topic) => {
    const days = retention.topicDays[topic];
    return days === undefined ? retention.days : days;
  });
  const transactionId = newId();
  let count = 0;
  for (const [days, group] of limits) {
    if (days === null) continue;
    const beforeMs = nowMs - days * DAY_MS;
    if (!(await isAnythingOlder(repository.audit, group, beforeMs))) continue;
    const record: PruneRecord = { id: newId(), timestampMs: nowMs, transactionId, userId };
    count += await repository.audit.prune({ beforeMs, topics: group, record });
  }
  return count;
}

async function isAnythingOlder(audit: AuditReads, topics: readonly AuditTopic[], beforeMs: number): Promise<boolean> {
  for (const topic of topics) {
    const { rows } = await audit.page(topic, { filter: NO_RECORD, limit: 1 });
    if (rows.some(({ timestampMs }) => timestampMs < beforeMs)) return true;
  }
  return false;
}

const NO_RECORD = {
  kind: 'not',
  part: { kind: 'compare', operator: 'eq', pointer: ['eventName'], value: PRUNE_EVENT },
} as const;

export interface RunPurge {
  /** Null: age does not matter. */
  readonly endedBeforeMs: number | null;
  /** Null: number does not matter. */
  readonly keepPerMapping: number | null;
  readonly isMeant: (record: RunRecord) => boolean;
  readonly signal?: AbortSignal;
}

/** Removes runs by age or number, oldest reasons included; active ones and those with held changes stay. */
export async function purgeRuns(runs: RunReads, request: RunPurge): Promise<RunRemoval> {
  if (request.endedBeforeMs === null && request.keepPerMapping === null) return { removed: [], kept: [] };
  const counts = new Map<string, number>();
  const removed: string[] = [];
  const kept: RunRemoval['kept'][number][] = [];
  for (let after: RunRecord | null = null; ;) {
    request.signal?.throwIfAborted();
    const page: readonly RunRecord[] = await runs.list({ limit: RUNS_AT_ONCE, ...(after === null ? {} : { after }) });
    const doomed = page.filter((record) => request.isMeant(record) && isDoomed(record, request, counts));
    const removal = await runs.remove(doomed.map(({ id }) => id));
    removed.push(...removal.removed);
    kept.push(...removal.kept);
    if (page.length < RUNS_AT_ONCE) return { removed, kept };
    after = page.at(-1)!;
  }
}

function isDoomed(
  { mapping, startedMs, endedMs, state }: RunRecord,
  { endedBeforeMs, keepPerMapping }: RunPurge,
  counts: Map<string, number>,
): boolean {
  if (state === 'ACTIVE') return false;
  const newer = counts.get(mapping) ?? 0;
  counts.set(mapping, newer + 1);
  const isOld = endedBeforeMs !== null && (endedMs ?? startedMs) < endedBeforeMs;
  return isOld || (keepPerMapping !== null && newer >= keepPerMapping);
}
