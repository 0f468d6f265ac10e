import { Failure, messageOf } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { AuditEvent } from '../model/audit.ts';
import type { ManagedChange } from '../model/managed-change.ts';
import type { CommitUnit, ObjectRow, RowWrite } from '../model/repository.ts';
import type { RequestContext } from '../resource/context.ts';
import { contextFor } from '../resource/script-context.ts';
import { activityEvent } from './activity.ts';
import type { ManagedType } from './managed-type.ts';
import type { ManagedItem, ManagedStage } from './managed-stages.ts';
import { notUnique, policyFailure, type PreparedWrite } from './prepare-writes.ts';

/** What came of a write: the row as it is now (for a delete: as it was), or why it was refused. */
export type Committed =
  | { readonly ok: true; readonly row: ObjectRow }
  | { readonly ok: false; readonly failure: Failure };

/**
 * Commits prepared writes together with their activity entries, in one transaction; those that the repository refuses are
 * taken out and the others committed. Then the hooks after the write run, and whoever listens is told. A hook that throws
 * fails its write in the eyes of the caller, although it is stored. `operation` null: each is called what it is.
 */
export async function commitWrites(
  type: ManagedType,
  writes: readonly PreparedWrite[],
  operation: string | null,
  context: RequestContext,
): Promise<readonly Committed[]> {
  const outcomes = writes.map((write): Committed => ({ ok: true, row: rowAfter(write) }));
  const held = await holdUnique(type, writes);
  try {
    for (const [i, failure] of held.refused) outcomes[i] = { ok: false, failure };
    if (context.mode === 'live') await commitAll(type, writes, outcomes, operation, context);
  } finally {
    held.release();
  }
  if (context.mode === 'plan') return outcomes;
  const done = [...writes.entries()].filter(([i, write]) => outcomes[i]!.ok && write.row !== null);
  const failures = await afterWrites(
    type,
    done.map(([, write]) => write),
    context,
  );
  for (const [k, failure] of failures) outcomes[done[k]![0]] = { ok: false, failure };
  return outcomes;
}

async function commitAll(
  type: ManagedType,
  writes: readonly PreparedWrite[],
  outcomes: Committed[],
  operation: string | null,
  context: RequestContext,
): Promise<void> {
  for (;;) {
    const owners = [...writes.entries()].flatMap(([i, write]) => (outcomes[i]!.ok && write.row !== null ? [i] : []));
    if (owners.length === 0) return;
    const units = owners.map((i): CommitUnit => ({ object: writes[i]!.row! }));
    const audit = owners.flatMap((i) => auditOf(type, writes[i]!, operation, context));
    const announced = announce(
      type,
      owners.map((i) => writes[i]!),
      context,
    );
    for (const object of announced) units.push({ object });
    const result = await type.repository.commit(audit.length === 0 ? { units } : { units, audit });
    if (result.ok) return;
    for (const { unit, code, message } of result.conflicts)
      outcomes[owners[unit]!] = { ok: false, failure: new Failure(code, message) };
  }
}

/** Reserves the values that must be unique and looks once more whether they are free. `release` must be called. */
export async function holdUnique(
  { unique, repository, enforcesPolicies }: ManagedType,
  writes: readonly PreparedWrite[],
): Promise<{ readonly refused: ReadonlyMap<number, Failure>; readonly release: () => void }> {
  const refused = new Map<number, Failure>();
  const concerned = [...writes.entries()].filter(([, write]) => write.row !== null && write.after !== null);
  if (!enforcesPolicies || !unique.isNeeded || concerned.length === 0) return { refused, release: () => {} };
  const objects = concerned.map(([, { wanted, after }]) => ({ id: wanted.id, object: after! }));
  const release = await unique.reserve(objects.map(({ object }) => object));
  try {
    const taken = await unique.taken(repository.objects, objects);
    for (const [k, properties] of taken.entries())
      if (properties.length > 0) refused.set(concerned[k]![0], policyFailure(notUnique(properties)));
    return { refused, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** What is committed with these writes so that they are passed on for certain. */
export function announce(
  type: ManagedType,
  writes: readonly PreparedWrite[],
  context: RequestContext,
): readonly RowWrite[] {
  if (type.changes?.listensTo(type.name) !== true) return [];
  return type.changes.announce(
    writes.map((write) => changeOf(type, write)),
    context,
  );
}

export function auditOf(
  type: ManagedType,
  write: PreparedWrite,
  operation: string | null,
  context: RequestContext,
): readonly AuditEvent[] {
  const event = activityEvent(type, changeOf(type, write), operation ?? write.wanted.kind, context);
  return event === null ? [] : [event];
}

/** The row that the write leaves; for a delete the one that it takes away. */
export function rowAfter({ wanted, row, after }: PreparedWrite): ObjectRow {
  if (wanted.kind === 'create') return { id: wanted.id, rev: 0, doc: after! };
  if (wanted.kind === 'delete' || row === null) return wanted.before;
  return { id: wanted.id, rev: wanted.before.rev + 1, doc: after! };
}

export function namedObject({ id, rev, doc }: ObjectRow): JsonObject {
  return { _id: id, _rev: String(rev), ...doc };
}

export function changeOf({ name }: ManagedType, write: PreparedWrite): ManagedChange {
  const { wanted } = write;
  return {
    kind: wanted.kind,
    type: name,
    id: wanted.id,
    before: wanted.kind === 'create' ? null : namedObject(wanted.before),
    after: wanted.kind === 'delete' ? null : namedObject(rowAfter(write)),
    request: wanted.request,
  };
}

const POST_STAGES: Readonly<Record<ManagedChange['kind'], ManagedStage>> = {
  create: 'postCreate',
  update: 'postUpdate',
  delete: 'postDelete',
};

/** After the commit: `postCreate`, `postUpdate`, `postDelete`, then who listens. Failures by position. */
export async function afterWrites(
  type: ManagedType,
  writes: readonly PreparedWrite[],
  context: RequestContext,
): Promise<ReadonlyMap<number, Failure>> {
  const failures = new Map<number, Failure>();
  for (const kind of ['create', 'update', 'delete'] as const) {
    const stage = POST_STAGES[kind];
    if (type.scripts === null || !type.scripts.has(stage)) continue;
    const concerned = [...writes.entries()].filter(([, write]) => write.wanted.kind === kind);
    const items = concerned.map(([, write]) => postItem(type, write, context));
    for (const [k, result] of (await type.scripts.run(stage, items, context)).entries())
      if (result instanceof Failure) failures.set(concerned[k]![0], result);
  }
  for (const [i, failure] of await pass(type, writes, context)) if (!failures.has(i)) failures.set(i, failure);
  return failures;
}

/** The old object in open form, the new one as it is stored. */
function postItem(type: ManagedType, write: PreparedWrite, context: RequestContext): ManagedItem {
  const { wanted } = write;
  const before = wanted.kind === 'create' ? null : wanted.before;
  return {
    object: wanted.kind === 'delete' ? null : namedObject(rowAfter(write)),
    oldObject: before === null ? null : namedObject({ ...before, doc: type.protection.openIfPossible(before.doc) }),
    request: wanted.request,
    resourceName: `${type.path}/${wanted.id}`,
    context: contextFor(context),
  };
}

/** Nothing but what `onSync` throws reaches the caller: the change is stored, and will be passed on later if not now. */
async function pass(
  type: ManagedType,
  writes: readonly PreparedWrite[],
  context: RequestContext,
): Promise<ReadonlyMap<number, Failure>> {
  if (writes.length === 0 || type.changes?.listensTo(type.name) !== true) return new Map();
  try {
    return await type.changes.pass(
      writes.map((write) => changeOf(type, write)),
      context,
    );
  } catch (error) {
    type.log.write('warn', `${type.path}: the change is stored, but not passed on yet: ${messageOf(error)}`);
    return new Map();
  }
}
