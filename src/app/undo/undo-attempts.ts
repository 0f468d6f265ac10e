import type { RunReads } from '../../model/repository.ts';
import type { EntryStatus, RunEntry } from '../../model/run.ts';
import { storedEntries } from '../../recon/stored-entries.ts';

/**
 * What earlier attempts of an undo dealt with: by number of the undone entry, the changes that were made or are planned, and
 * what was told about objects that were left alone.
 */
export type DealtWith = ReadonlyMap<number, { readonly made: ReadonlySet<string>; readonly told: ReadonlySet<string> }>;

const SETTLED: ReadonlySet<EntryStatus> = new Set<EntryStatus>(['done', 'held', 'planned']);

export async function changesDealtWith(runs: RunReads, undoId: string): Promise<DealtWith> {
  const found = new Map<number, { readonly made: Set<string>; readonly told: Set<string> }>();
  for await (const entry of storedEntries(runs, undoId)) {
    const seq = entry.detail?.['undoes'];
    if (typeof seq !== 'number') continue;
    const { made, told } = found.get(seq) ?? { made: new Set(), told: new Set() };
    if (SETTLED.has(entry.status)) made.add(stepKey(entry));
    else if (entry.changeClass === 'none') told.add(toldKey(entry));
    found.set(seq, { made, told });
  }
  return found;
}

/** Whether an undo decided on changes that no attempt made: turned down, failed, or left alone when they were approved. */
export async function hasLeftovers(runs: RunReads, undoId: string): Promise<boolean> {
  const open = new Set<string>();
  for await (const entry of storedEntries(runs, undoId)) {
    if (entry.changeClass === 'none') continue;
    const key = `${String(entry.detail?.['undoes'])} ${stepKey(entry)}`;
    if (SETTLED.has(entry.status)) open.delete(key);
    else open.add(key);
  }
  return open.size > 0;
}

/** A restored object may get a new id, so it is known by the one that it had. */
export function stepKey({ changeClass, detail }: Pick<RunEntry, 'changeClass' | 'detail'>): string {
  return `${changeClass} ${String(detail?.['restores'] ?? '')}`;
}

export function toldKey({ targetId, message }: Pick<RunEntry, 'targetId' | 'message'>): string {
  return JSON.stringify([targetId, message]);
}
