import { Failure } from '../base/failure.ts';
import type { Json } from '../base/json.ts';
import { entryJson } from '../app/entry-json.ts';
import type { RunSnapshot } from '../app/run-job.ts';
import type { RunManager } from '../app/run-manager.ts';
import type { RunReads } from '../model/repository.ts';
import type { ChangeClass } from '../model/run.ts';
import { runSummary } from '../app/recon-summary.ts';

export interface RunEvent {
  /** What a client that comes back sends as `Last-Event-ID`. */
  readonly id: string;
  /** `progress`: the run summary. `entry`: one entry. `end`: the summary of the run when it is over; nothing follows. */
  readonly event: 'progress' | 'entry' | 'end';
  readonly data: Json;
}

/** Entries of these classes are told when they are planned, and again when it is known what came of them. */
const LATE: ReadonlySet<ChangeClass> = new Set<ChangeClass>(['delete', 'unlink', 'ambiguousDelete']);
const PAGE = 200;

/** How far a client has come: entries up to `seq` in the first telling (`e`), or in the one of late outcomes (`o`). */
interface Position {
  readonly telling: 'e' | 'o';
  readonly seq: number;
}

/**
 * The events of a run from the beginning, or after `lastEventId`, until it is over or the signal is aborted; of a run that is
 * over, all of them at once. Entries are read from the repository when the consumer takes them, so a slow one costs no
 * memory; progress that it did not take is passed over. Rejects with `not-found` for an unknown run, with `bad-request` for
 * an id that no event had.
 */
export async function* runEvents(
  runs: RunManager,
  stored: Pick<RunReads, 'entries'>,
  runId: string,
  lastEventId: string | null,
  signal: AbortSignal,
): AsyncIterable<RunEvent> {
  let position = parsePosition(lastEventId);
  let wasActive = lastEventId !== null;
  while (!signal.aborted) {
    const waiting = new AbortController();
    const changed = runs.nextChange(runId, AbortSignal.any([signal, waiting.signal]));
    const snapshot = await snapshotOf(runs, runId);
    const isOver = snapshot.record.state !== 'ACTIVE';
    wasActive ||= !isOver;
    const stage = { isOver, tellsOutcomes: isOver && wasActive };
    for await (const event of entryEvents(stored, runId, position, stage, signal)) {
      position = event.position;
      yield event.event;
    }
    const data = runSummary(snapshot.record, snapshot.progress);
    if (isOver && !signal.aborted) yield { id: formatPosition(position), event: 'end', data };
    if (isOver || signal.aborted) return waiting.abort();
    yield { id: formatPosition(position), event: 'progress', data };
    await changed;
  }
}

async function snapshotOf(runs: RunManager, runId: string): Promise<RunSnapshot> {
  const snapshot = await runs.read(runId);
  if (snapshot === null) throw new Failure('not-found', `Reconciliation with id ${runId} not found.`);
  return snapshot;
}

interface Positioned {
  readonly position: Position;
  readonly event: RunEvent;
}

async function* entryEvents(
  stored: Pick<RunReads, 'entries'>,
  runId: string,
  from: Position,
  { isOver, tellsOutcomes }: { readonly isOver: boolean; readonly tellsOutcomes: boolean },
  signal: AbortSignal,
): AsyncIterable<Positioned> {
  if (from.telling === 'e') yield* telling(stored, runId, from, isOver, signal);
  if (!tellsOutcomes || signal.aborted) return;
  yield* telling(stored, runId, from.telling === 'o' ? from : { telling: 'o', seq: 0 }, isOver, signal);
}

async function* telling(
  stored: Pick<RunReads, 'entries'>,
  runId: string,
  { telling: kind, seq: start }: Position,
  isOver: boolean,
  signal: AbortSignal,
): AsyncIterable<Positioned> {
  let afterSeq = start;
  while (!signal.aborted) {
    const entries = await stored.entries(runId, { afterSeq, limit: PAGE });
    for (const entry of entries) {
      // What an external target is being asked to do is told when it has answered.
      if (entry.status === 'applying' && !isOver) return;
      afterSeq = entry.seq;
      if (kind === 'o' && !LATE.has(entry.changeClass)) continue;
      const position = { telling: kind, seq: entry.seq };
      yield { position, event: { id: formatPosition(position), event: 'entry', data: entryJson(entry) } };
    }
    if (entries.length < PAGE) return;
  }
}

function formatPosition({ telling: kind, seq }: Position): string {
  return `${kind}${seq}`;
}

function parsePosition(text: string | null): Position {
  if (text === null || text === '') return { telling: 'e', seq: 0 };
  const match = /^([eo])(\d{1,15})$/.exec(text);
  if (match === null)
    throw new Failure('bad-request', `Last-Event-ID ${JSON.stringify(text.slice(0, 40))} is not one of ours`);
  return { telling: match[1] === 'o' ? 'o' : 'e', seq: Number(match[2]) };
}
