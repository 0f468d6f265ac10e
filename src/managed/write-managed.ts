import { Failure } from '../base/failure.ts';
import type { ObjectWrite, WriteOutcome } from '../model/object-set.ts';
import type { RequestContext } from '../resource/context.ts';
import { commitWrites } from './commit-writes.ts';
import type { ManagedType } from './managed-type.ts';
import { prepareWrites, type PreparedWrite, type WantedWrite } from './prepare-writes.ts';
import { ownRequest } from './script-request.ts';

/** A batch of writes with all that belongs to them; one that is refused is refused alone. Outcome `i` belongs to write `i`. */
export async function writeManaged(
  type: ManagedType,
  writes: readonly ObjectWrite[],
  context: RequestContext,
): Promise<readonly WriteOutcome[]> {
  const ids = writes.flatMap((write) => (write.kind === 'create' ? [] : [write.id]));
  const rows = ids.length === 0 ? [] : await type.repository.objects.readMany(type.name, ids);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const outcomes: WriteOutcome[] = [];
  const open: { readonly at: number; readonly wanted: WantedWrite }[] = [];
  for (const [at, write] of writes.entries()) {
    const before = write.kind === 'create' ? null : (byId.get(write.id) ?? null);
    const refusal = write.kind === 'create' ? null : refusalOf(type, write, before);
    if (refusal !== null) outcomes[at] = refusal;
    else open.push({ at, wanted: wantedOf(type, write, before) });
  }
  const prepared = await prepareWrites(
    type,
    open.map(({ wanted }) => wanted),
    context,
  );
  const ready: { readonly at: number; readonly write: PreparedWrite }[] = [];
  for (const [k, result] of prepared.entries()) {
    const { at } = open[k]!;
    if (result.ok) ready.push({ at, write: result.write });
    else outcomes[at] = asOutcome(result.failure);
  }
  const committed = await commitWrites(
    type,
    ready.map(({ write }) => write),
    null,
    context,
  );
  for (const [k, one] of committed.entries())
    outcomes[ready[k]!.at] = one.ok ? { ok: true, id: one.row.id, rev: String(one.row.rev) } : asOutcome(one.failure);
  return outcomes;
}

type Before = Extract<WantedWrite, { kind: 'update' }>['before'];

function refusalOf(
  { path }: ManagedType,
  write: Exclude<ObjectWrite, { kind: 'create' }>,
  before: Before | null,
): WriteOutcome | null {
  const { id, rev } = write;
  if (before === null) return { ok: false, code: 'not-found', message: `${path}/${id} does not exist` };
  if (rev === null || rev === String(before.rev)) return null;
  return { ok: false, code: 'revision', message: `${path}/${id} was changed meanwhile (expected revision ${rev})` };
}

function wantedOf({ path, newId }: ManagedType, write: ObjectWrite, before: Before | null): WantedWrite {
  if (write.kind === 'create')
    return {
      kind: 'create',
      id: write.id ?? newId(),
      object: write.object,
      request: ownRequest('create', path, write.object),
    };
  const { id } = write;
  const request = ownRequest(write.kind, `${path}/${id}`, write.kind === 'delete' ? null : write.object);
  if (write.kind === 'delete') return { kind: 'delete', id, before: before!, request };
  return { kind: 'update', id, object: write.object, before: before!, request };
}

function asOutcome({ code, message }: Failure): WriteOutcome {
  return { ok: false, code, message };
}
