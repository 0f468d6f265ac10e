import type { RunReads } from '../model/repository.ts';
import type { EntryStatus, RunEntry } from '../model/run.ts';

const PAGE = 1000;

/** The stored entries of a run in `seq` order, a page at a time. Entries must not change status meanwhile. */
export async function* storedEntries(
  runs: RunReads,
  runId: string,
  request: { readonly status?: EntryStatus; readonly afterSeq?: number } = {},
): AsyncIterable<RunEntry> {
  let afterSeq = request.afterSeq ?? 0;
  for (;;) {
    const entries = await runs.entries(runId, { ...request, afterSeq, limit: PAGE });
    yield* entries;
    if (entries.length < PAGE) return;
    afterSeq = entries[entries.length - 1]!.seq;
  }
}
