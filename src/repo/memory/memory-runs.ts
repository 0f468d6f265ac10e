import type { EntryWrite, RunReads, RunRemoval } from '../../model/repository.ts';
import type { EntryStatus, RunEntry, RunRecord } from '../../model/run.ts';
import { entryChanged, entryExists, entryMissing, runMissing, type UnitConflict } from '../conflict.ts';
import type { UndoLog } from './undo-log.ts';

interface StoredRun {
  record: RunRecord;
  /** In `seq` order. */
  readonly entries: RunEntry[];
  readonly counts: Map<EntryStatus, number>;
}

export class MemoryRuns implements RunReads {
  readonly #runs = new Map<string, StoredRun>();

  async read(runId: string): Promise<RunRecord | null> {
    return this.#runs.get(runId)?.record ?? null;
  }

  async list(request: Parameters<RunReads['list']>[0]): Promise<readonly RunRecord[]> {
    const { mapping, state, after, limit } = request;
    return this.#newestFirst()
      .map((run) => run.record)
      .filter((r) => (mapping === undefined || r.mapping === mapping) && (state === undefined || r.state === state))
      .filter((r) => after === undefined || newer(after, r) < 0)
      .slice(0, limit);
  }

  async entries(runId: string, request: Parameters<RunReads['entries']>[1]): Promise<readonly RunEntry[]> {
    const entries = this.#runs.get(runId)?.entries ?? [];
    const found: RunEntry[] = [];
    for (let i = indexOf(entries, (request.afterSeq ?? 0) + 1); i < entries.length; i++) {
      if (found.length >= request.limit) break;
      if (request.status === undefined || entries[i]!.status === request.status) found.push(entries[i]!);
    }
    return found;
  }

  async countEntries(runId: string, status: EntryStatus): Promise<number> {
    return this.#runs.get(runId)?.counts.get(status) ?? 0;
  }

  async withEntries(
    status: EntryStatus,
  ): Promise<readonly { readonly runId: string; readonly mapping: string; readonly count: number }[]> {
    return this.#newestFirst()
      .map(({ record, counts }) => ({ runId: record.id, mapping: record.mapping, count: counts.get(status) ?? 0 }))
      .filter(({ count }) => count > 0);
  }

  async remove(runIds: readonly string[]): Promise<RunRemoval> {
    const removed: string[] = [];
    const kept: RunRemoval['kept'][number][] = [];
    for (const runId of new Set(runIds)) {
      const run = this.#runs.get(runId);
      if (run === undefined) continue;
      const reason = reasonToKeep(run);
      if (reason !== null) kept.push({ runId, reason });
      else if (this.#runs.delete(runId)) removed.push(runId);
    }
    return { removed, kept };
  }

  put(record: RunRecord, undo: UndoLog): void {
    const stored = this.#runs.get(record.id);
    if (!stored) {
      this.#runs.set(record.id, { record, entries: [], counts: new Map() });
      undo.push(() => this.#runs.delete(record.id));
      return;
    }
    const before = stored.record;
    stored.record = record;
    undo.push(() => void (stored.record = before));
  }

  write(write: EntryWrite, undo: UndoLog): UnitConflict | null {
    return write.kind === 'insert' ? this.#insert(write.entry, undo) : this.#settle(write, undo);
  }

  #insert(entry: RunEntry, undo: UndoLog): UnitConflict | null {
    const run = this.#runs.get(entry.runId);
    if (!run) return runMissing(entry.runId);
    const { entries } = run;
    const index = indexOf(entries, entry.seq);
    if (entries[index]?.seq === entry.seq) return entryExists(entry.runId, entry.seq);
    entries.splice(index, 0, entry);
    count(run, entry.status, 1);
    undo.push(() => {
      entries.splice(indexOf(entries, entry.seq), 1);
      count(run, entry.status, -1);
    });
    return null;
  }

  #settle(write: Extract<EntryWrite, { kind: 'settle' }>, undo: UndoLog): UnitConflict | null {
    const run = this.#runs.get(write.runId);
    if (!run) return entryMissing(write.runId, write.seq);
    const index = indexOf(run.entries, write.seq);
    const before = run.entries[index];
    if (before?.seq !== write.seq) return entryMissing(write.runId, write.seq);
    if (before.status !== write.from) return entryChanged(write.runId, write.seq, write.from);
    const after: RunEntry = {
      ...before,
      status: write.status,
      timestampMs: write.timestampMs,
      message: write.message === undefined ? before.message : write.message,
      targetId: write.targetId ?? before.targetId,
    };
    exchange(run, before, after);
    undo.push(() => exchange(run, after, before));
    return null;
  }

  #newestFirst(): StoredRun[] {
    return [...this.#runs.values()].sort(({ record: a }, { record: b }) => newer(a, b));
  }
}

type RunPlace = Pick<RunRecord, 'id' | 'startedMs'>;

/** Negative: `a` comes first in a list, newest first. */
function newer(a: RunPlace, b: RunPlace): number {
  return b.startedMs - a.startedMs || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

function reasonToKeep({ record, counts }: StoredRun): RunRemoval['kept'][number]['reason'] | null {
  if (record.state === 'ACTIVE') return 'active';
  if ((counts.get('held') ?? 0) > 0) return 'held';
  return (counts.get('applying') ?? 0) > 0 ? 'applying' : null;
}

function exchange(run: StoredRun, old: RunEntry, next: RunEntry): void {
  run.entries[indexOf(run.entries, old.seq)] = next;
  count(run, old.status, -1);
  count(run, next.status, 1);
}

function count(run: StoredRun, status: EntryStatus, change: number): void {
  run.counts.set(status, (run.counts.get(status) ?? 0) + change);
}

/** Where the entry with this number is, or would be. */
function indexOf(entries: readonly RunEntry[], seq: number): number {
  let low = 0;
  let high = entries.length;
  if (high === 0 || entries[high - 1]!.seq < seq) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (entries[middle]!.seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
