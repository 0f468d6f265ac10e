import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { changedAttributes } from '../mapping/map-object.ts';
import type { AuditEvent } from '../model/audit.ts';
import type { IdentifiedWrite, PreparedRow, WritePreparation } from '../model/managed-set.ts';
import type { ObjectWrite } from '../model/object-set.ts';
import type { RowWrite } from '../model/repository.ts';
import { markFailed } from './hooks.ts';
import { patchOf, pick } from './plan.ts';
import type { PlannedChange } from './planned-change.ts';
import { refused, type RunLog, type Settled } from './run-log.ts';
import type { World } from './world.ts';

type Accepted = Extract<PreparedRow, { ok: true }>;

export interface PreparedChanges {
  /** By position in `settled`. */
  readonly rows: ReadonlyMap<number, Accepted>;
  /** Events of these positions, for the same commit. */
  readonly auditOf: (owners: readonly number[]) => readonly AuditEvent[];
  /** Rows that make sure that these positions are passed on, for the same commit. */
  readonly announcedOf: (owners: readonly number[]) => readonly RowWrite[];
  /** After the commit: hooks of what was written. One that throws turns its entry to failed. */
  finish(): Promise<void>;
  release(): void;
}

/**
 * Gives the writes of a batch to the hooks, policies and encryption of their managed type. Changes `settled` in place: a write
 * that is refused fails with the reason, and what entries show of an object is what is stored of it.
 */
export async function prepareChanges(
  world: World,
  preparation: WritePreparation,
  settled: Settled[],
  log: RunLog,
): Promise<PreparedChanges> {
  const writing = settled.flatMap((one, i) => (one.status === 'done' && one.change.write !== null ? [i] : []));
  const writes = writing.map((i) => ({ ...settled[i]!.change.write!, id: settled[i]!.targetId! }) as IdentifiedWrite);
  const batch = await preparation.prepare(writes, { mode: world.mode, transactionId: world.runId });
  const rows = new Map<number, Accepted>();
  for (const [k, result] of batch.results.entries()) {
    const i = writing[k]!;
    if (result.ok) rows.set(i, result);
    else settled[i] = refused(withDetail(settled[i]!, result.detail), result.message, log);
  }
  for (const [i, one] of settled.entries()) {
    const change = shown(preparation, one.change, rows.get(i) ?? null);
    if (change !== one.change) settled[i] = { ...one, change };
  }
  return {
    rows,
    auditOf: (owners) => owners.flatMap((i) => (settled[i]!.outcome === 'failed' ? [] : (rows.get(i)?.audit ?? []))),
    announcedOf: (owners) =>
      owners.flatMap((i) => (settled[i]!.outcome === 'failed' ? [] : (rows.get(i)?.announced ?? []))),
    finish: async () => {
      const done = [...writing.entries()].filter(([, i]) => settled[i]!.outcome !== 'failed');
      const failures = await batch.committed(done.map(([k]) => k));
      for (const [k, message] of failures) {
        const i = writing[k]!;
        await markFailed(settled[i]!, message, log);
        settled[i] = refused(settled[i]!, message, log);
      }
    },
    release: () => batch.release(),
  };
}

function withDetail(settled: Settled, detail: Json): Settled {
  if (!isJsonObject(detail)) return settled;
  const { change } = settled;
  return { ...settled, change: { ...change, detail: { ...change.detail, ...detail } } };
}

/** The change as its entry tells it: with the values that are stored, hooks included. */
function shown(preparation: WritePreparation, change: PlannedChange, row: Accepted | null): PlannedChange {
  if (row?.after != null && row.before !== null) {
    const { before, after } = row;
    const changed = changedAttributes(before, after);
    return { ...change, before: pick(before, changed), after: patchOf(before, after, changed) };
  }
  if (row?.after != null) return { ...change, after: row.after };
  const before = change.before === null ? null : closeAll(preparation, change);
  if (change.proposed !== undefined && isJsonObject(change.after))
    return { ...change, before, after: preparation.close(change.after) };
  const { write } = change;
  const after = write === null || write.kind === 'delete' ? change.after : closePlanned(preparation, write, change);
  return before === change.before && after === change.after ? change : { ...change, before, after };
}

/** Several candidates lie under their ids. */
function closeAll(preparation: WritePreparation, { before, changeClass }: PlannedChange): JsonObject {
  if (changeClass !== 'ambiguousDelete') return preparation.close(before!);
  return Object.fromEntries(
    Object.entries(before!).map(([id, object]) => [id, preparation.close(object as JsonObject)]),
  );
}

/** Of a write that was refused: what it would have written. */
function closePlanned(
  preparation: WritePreparation,
  write: Exclude<ObjectWrite, { kind: 'delete' }>,
  { before, after }: PlannedChange,
): PlannedChange['after'] {
  const closed = preparation.close(write.object);
  if (write.kind === 'create') return closed;
  return closed === write.object ? after : patchOf(before ?? {}, closed, write.changed);
}
