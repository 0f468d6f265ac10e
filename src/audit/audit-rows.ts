import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { compileFilter, type Filter } from '../base/query-filter.ts';
import type { AuditTopic } from '../model/audit.ts';
import type { Repository } from '../model/repository.ts';
import { objectEntry, startEntry, summaryEntry, transactionOf, type ReconView } from './recon-entries.ts';
import { reconScope, type ReconScope } from './recon-scope.ts';
import { currentFilter, entryOf } from './vocabulary.ts';
import type { RunRecord } from '../model/run.ts';

/** An entry in both vocabularies, and where a walk goes on after it; `entry` null: something that does not match. */
export interface AuditRow {
  readonly entry: JsonObject | null;
  readonly cursor: AuditCursor;
}

/** A stored event by its number, or a place among the entries of a run. */
export type AuditCursor =
  | readonly ['event', number]
  | readonly ['run', startedMs: number, runId: string, position: number];

export interface AuditSource {
  readonly repository: Pick<Repository, 'audit' | 'runs'>;
  readonly recon: ReconView;
}

const PAGE = 500;
const RUNS = 50;
/** Places of a run's own entries, before those of its objects (1, 2, 3 …). */
const SUMMARY = -1;
const START = 0;

/** Entries of a topic that match, newest first (the objects of a run in their own order). */
export async function* auditRows(
  source: AuditSource,
  topic: AuditTopic,
  filter: Filter,
  after: AuditCursor | null,
): AsyncGenerator<AuditRow> {
  if (after === null || after[0] === 'event') yield* eventRows(source, topic, filter, after?.[1] ?? null);
  if (topic === 'recon') yield* runRows(source, filter, after?.[0] === 'run' ? after : null);
}

/** Refuses what is no cursor of such a walk. */
export function auditCursor(value: Json): AuditCursor {
  if (Array.isArray(value)) {
    const [kind, first, id, position] = value;
    if (kind === 'event' && isPlace(first) && value.length === 2) return ['event', first];
    if (kind === 'run' && isPlace(first) && typeof id === 'string' && isPlace(position))
      return ['run', first, id, position];
  }
  throw new Failure('bad-request', 'the _pagedResultsCookie is not one that this query gave');
}

function isPlace(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= SUMMARY;
}

async function* eventRows(
  { repository }: AuditSource,
  topic: AuditTopic,
  filter: Filter,
  from: number | null,
): AsyncGenerator<AuditRow> {
  const current = currentFilter(topic, filter);
  for (let after = from; ;) {
    const page = await repository.audit.page(topic, { filter: current, after, limit: PAGE, newestFirst: true });
    for (const event of page.rows) yield { entry: entryOf(event), cursor: ['event', event.seq] };
    if (page.next === null) return;
    after = page.next as number;
  }
}

async function* runRows(
  source: AuditSource,
  filter: Filter,
  after: Extract<AuditCursor, readonly ['run', ...unknown[]]> | null,
): AsyncGenerator<AuditRow> {
  const scope = reconScope(filter);
  const test = compileFilter(filter, { caseSensitive: true });
  for await (const record of runsIn(source, scope, after)) {
    if (scope.transactionId !== null && transactionOf(record) !== scope.transactionId) continue;
    const position = after !== null && after[2] === record.id ? after[3] : SUMMARY - 1;
    for await (const { entry, cursor } of entriesOfRun(source, scope, record, position))
      yield { entry: entry !== null && test(entry) ? entry : null, cursor };
  }
}

/** The run of the cursor is among them: it may not be done. */
async function* runsIn(
  { repository: { runs } }: AuditSource,
  { runId, mapping }: ReconScope,
  after: Extract<AuditCursor, readonly ['run', ...unknown[]]> | null,
): AsyncGenerator<RunRecord> {
  if (runId !== null) {
    const record = await runs.read(runId);
    if (record !== null) yield record;
    return;
  }
  const inMapping = mapping === null ? {} : { mapping };
  if (after !== null) {
    const record = await runs.read(after[2]);
    if (record !== null) yield record;
  }
  for (let last = after === null ? null : { startedMs: after[1], id: after[2] }; ;) {
    const page = await runs.list({ ...inMapping, limit: RUNS, ...(last === null ? {} : { after: last }) });
    yield* page;
    if (page.length < RUNS) return;
    last = page.at(-1)!;
  }
}

async function* entriesOfRun(
  { repository: { runs }, recon }: AuditSource,
  { hasRunEntries, hasObjectEntries }: ReconScope,
  record: RunRecord,
  after: number,
): AsyncGenerator<AuditRow> {
  const at = (position: number): AuditCursor => ['run', record.startedMs, record.id, position];
  if (hasRunEntries && after < SUMMARY) yield { entry: summaryEntry(record, recon), cursor: at(SUMMARY) };
  if (hasRunEntries && after < START) yield { entry: startEntry(record), cursor: at(START) };
  if (!hasObjectEntries) return;
  for (let afterSeq = Math.max(after, START); ;) {
    const page = await runs.entries(record.id, { afterSeq, limit: PAGE });
    for (const entry of page) yield { entry: objectEntry(record, entry, recon), cursor: at(entry.seq) };
    if (page.length < PAGE) return;
    afterSeq = page.at(-1)!.seq;
  }
}

/** One entry by its id: `<run>-start`, `<run>-summary`, `<run>-17`; null if there is none. */
export async function reconEntry({ repository, recon }: AuditSource, id: string): Promise<JsonObject | null> {
  const dash = id.lastIndexOf('-');
  const [runId, place] = [id.slice(0, dash), id.slice(dash + 1)];
  if (dash <= 0 || !/^(?:start|summary|[1-9]\d{0,14})$/.test(place)) return null;
  const record = await repository.runs.read(runId);
  if (record === null) return null;
  if (place === 'start') return startEntry(record);
  if (place === 'summary') return summaryEntry(record, recon);
  const seq = Number(place);
  const [entry] = await repository.runs.entries(runId, { afterSeq: seq - 1, limit: 1 });
  return entry?.seq === seq ? objectEntry(record, entry, recon) : null;
}
