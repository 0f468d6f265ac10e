import type { AuditEvent } from '../model/audit.ts';
import type { IdentifiedWrite, WritePreparation } from '../model/managed-set.ts';
import type { RowWrite } from '../model/repository.ts';
import type { RunEntry } from '../model/run.ts';
import type { World } from '../sync/world.ts';
import type { Carried } from './apply-planned.ts';

/** Deletes that went through the hooks of their managed type. */
export interface PreparedDeletes {
  /** Entries of which a hook refused a delete. */
  readonly refused: ReadonlyMap<RunEntry, Carried>;
  readonly auditOf: (entry: RunEntry) => readonly AuditEvent[];
  readonly announcedOf: (entry: RunEntry) => readonly RowWrite[];
  /** The hooks after the deletes of these entries; what those that threw have to say. */
  committed(entries: readonly RunEntry[]): Promise<readonly { readonly id: string; readonly message: string }[]>;
  release(): void;
}

/** Runs `onDelete` for everything that these entries delete. An entry one of whose deletes is refused fails as a whole. */
export async function prepareDeletes(
  world: World,
  preparation: WritePreparation,
  entries: readonly RunEntry[],
  deletesOf: (entry: RunEntry) => readonly IdentifiedWrite[],
): Promise<PreparedDeletes> {
  const deletes = entries.flatMap((entry) => deletesOf(entry).map((write) => ({ entry, write })));
  const batch = await preparation.prepare(
    deletes.map(({ write }) => write),
    { mode: world.mode, transactionId: world.runId },
  );
  const refused = new Map<RunEntry, Carried>();
  const audit = new Map<number, AuditEvent[]>();
  const announced = new Map<number, RowWrite[]>();
  // An object that is gone already leaves no trace.
  for (const [k, result] of batch.results.entries()) {
    const { entry } = deletes[k]!;
    if (!result.ok) refused.set(entry, { entry, status: 'failed', message: result.message });
    else if (result.before !== null) {
      audit.set(entry.seq, [...(audit.get(entry.seq) ?? []), ...result.audit]);
      announced.set(entry.seq, [...(announced.get(entry.seq) ?? []), ...result.announced]);
    }
  }
  return {
    refused,
    auditOf: ({ before, seq }) => (before === null ? [] : (audit.get(seq) ?? [])),
    announcedOf: ({ before, seq }) => (before === null ? [] : (announced.get(seq) ?? [])),
    committed: async (done) => {
      const wanted = new Set(done.map((entry) => entry.seq));
      const positions = [...deletes.entries()].flatMap(([k, { entry }]) => (wanted.has(entry.seq) ? [k] : []));
      const failures = await batch.committed(positions);
      return [...failures].map(([k, message]) => ({ id: deletes[k]!.write.id, message }));
    },
    release: () => batch.release(),
  };
}
