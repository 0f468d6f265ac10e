import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type {
  IdentifiedWrite,
  PreparedBatch,
  PreparedRow,
  WritePreparation,
  WritePurpose,
} from '../model/managed-set.ts';
import { SYSTEM_CALLER, type RequestContext } from '../resource/context.ts';
import { afterWrites, announce, auditOf, holdUnique } from './commit-writes.ts';
import type { ManagedType } from './managed-type.ts';
import { policyFailure, prepareWrites, type PreparedWrite, type WantedWrite } from './prepare-writes.ts';
import { validateObject } from './policies/validate-object.ts';
import { rowWrite } from './row-write.ts';
import { ownRequest } from './script-request.ts';

/**
 * What a run needs to write objects of a type with hooks, policies or marked properties. `cause`: why it writes, where that is
 * not simply the run.
 */
export function writePreparation(type: ManagedType, cause?: RequestContext): WritePreparation {
  const { protection } = type;
  const isChecked = onlyChecks(type);
  const isReady = (write: IdentifiedWrite): boolean => write.kind === 'create' || write.rev !== null;
  return {
    hasScripts: type.scripts !== null,
    prepare: async (writes, purpose) =>
      isChecked && writes.every(isReady) ? check(type, writes) : prepare(type, writes, contextOf(purpose, cause)),
    close: (object) => protection.close(object, null),
    changed: (stored, object, changed) =>
      protection.isNeeded ? changed.filter((name) => !protection.isSame(name, object[name], stored[name])) : changed,
  };
}

/** Policies look at each object by itself, and nothing else has to happen: what is stored is what was written. */
function onlyChecks({ name, compiled, protection, scripts, activity, changes }: ManagedType): boolean {
  const { unique, notInternal } = compiled.policies;
  const isQuiet = scripts === null && activity === null && changes?.listensTo(name) !== true;
  return isQuiet && !protection.isNeeded && unique.length === 0 && notInternal.length === 0;
}

function check(type: ManagedType, writes: readonly IdentifiedWrite[]): PreparedBatch {
  const results = writes.map((write): PreparedRow => {
    const failed =
      write.kind === 'delete' || !type.enforcesPolicies
        ? []
        : validateObject(type.compiled.policies, write.object, (value) => type.protection.isClosed(value));
    if (failed.length > 0) return refusal(policyFailure(failed));
    return { ok: true, row: rowWrite(type.name, write), before: null, after: null, audit: [], announced: [] };
  });
  return { results, committed: async () => new Map(), release: () => {} };
}

/** A write that cannot go through the preparation: the commit will find out what is wrong with it. */
interface Unprepared {
  readonly write: IdentifiedWrite;
}

async function prepare(
  type: ManagedType,
  writes: readonly IdentifiedWrite[],
  context: RequestContext,
): Promise<PreparedBatch> {
  const wanted = await wantedWrites(type, writes);
  const known = wanted.filter((one): one is WantedWrite => 'request' in one);
  const prepared = await prepareWrites(type, known, context);
  const written = new Map(known.map((one, i) => [one, prepared[i]!]));
  const open = wanted.flatMap((one, i): { i: number; write: PreparedWrite }[] => {
    const result = 'request' in one ? written.get(one)! : null;
    return result?.ok === true ? [{ i, write: result.write }] : [];
  });
  const held = await holdUnique(
    type,
    open.map(({ write }) => write),
  );
  const refused = new Map([...held.refused].map(([k, failure]) => [open[k]!.i, failure]));
  const results = wanted.map((one, i): PreparedRow => {
    const failure = refused.get(i);
    if (failure !== undefined) return refusal(failure);
    if (!('request' in one)) return unprepared(type, one);
    const result = written.get(one)!;
    return result.ok ? preparedRow(type, result.write, context) : refusal(result.failure);
  });
  return {
    results,
    committed: (positions) => committed(type, open, positions, context, held.release),
    release: held.release,
  };
}

function contextOf({ mode, transactionId }: WritePurpose, cause: RequestContext | undefined): RequestContext {
  if (cause !== undefined) return { ...cause, mode };
  return { caller: SYSTEM_CALLER, transactionId, parentActionId: null, cause: 'recon', mode };
}

/** Objects that are not there any more, or not as they were, are left to the commit. */
async function wantedWrites(
  type: ManagedType,
  writes: readonly IdentifiedWrite[],
): Promise<readonly (WantedWrite | Unprepared)[]> {
  const ids = writes.flatMap((write) => (write.kind === 'create' ? [] : [write.id]));
  const rows = ids.length === 0 ? [] : await type.repository.objects.readMany(type.name, ids);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return writes.map((write) => {
    const { id, kind } = write;
    const content = kind === 'delete' ? null : write.object;
    const request = ownRequest(kind, kind === 'create' ? type.path : `${type.path}/${id}`, content);
    if (write.kind === 'create') return { kind: 'create', id, object: write.object, request };
    const before = byId.get(id);
    if (before === undefined || (write.rev !== null && String(before.rev) !== write.rev)) return { write };
    return write.kind === 'delete'
      ? { kind: 'delete', id, before, request }
      : { kind: 'update', id, object: write.object, before, request, isForced: true };
  });
}

function unprepared({ name, protection }: ManagedType, { write }: Unprepared): PreparedRow {
  const { id } = write;
  const rev = write.kind === 'create' || write.rev === null ? -1 : Number(write.rev);
  if (write.kind !== 'update')
    return {
      ok: true,
      row: { kind: 'delete', type: name, id, rev },
      before: null,
      after: null,
      audit: [],
      announced: [],
    };
  const doc = protection.close(write.object, null);
  return {
    ok: true,
    row: { kind: 'update', type: name, id, rev, doc },
    before: null,
    after: doc,
    audit: [],
    announced: [],
  };
}

function preparedRow(type: ManagedType, write: PreparedWrite, context: RequestContext): PreparedRow {
  const { wanted, row, after } = write;
  const before: JsonObject | null = wanted.kind === 'create' ? null : wanted.before.doc;
  const audit = context.mode === 'plan' ? [] : auditOf(type, write, wanted.kind, context);
  const announced = context.mode === 'plan' ? [] : announce(type, [write], context);
  return { ok: true, row: row!, before, after, audit, announced };
}

function refusal({ code, message, detail }: Failure): PreparedRow {
  return { ok: false, code, message: `${message}${failedIn(detail)}`, detail: detail ?? null };
}

/** `: mail (VALID_EMAIL_ADDRESS_FORMAT)`: whoever reads an entry wants to know what the policies refused. */
function failedIn(detail: Json | undefined): string {
  const failed = isJsonObject(detail) ? detail['failedPolicyRequirements'] : undefined;
  if (!Array.isArray(failed)) return '';
  const words = failed.filter(isJsonObject).map(({ property, policyRequirements }) => {
    const names = Array.isArray(policyRequirements) ? policyRequirements.filter(isJsonObject) : [];
    return `${String(property)} (${names.map((one) => String(one['policyRequirement'])).join(', ')})`;
  });
  return words.length === 0 ? '' : `: ${words.join(', ')}`;
}

async function committed(
  type: ManagedType,
  open: readonly { readonly i: number; readonly write: PreparedWrite }[],
  positions: readonly number[],
  context: RequestContext,
  release: () => void,
): Promise<ReadonlyMap<number, string>> {
  release();
  if (context.mode === 'plan') return new Map();
  const wanted = new Set(positions);
  const done = open.filter(({ i }) => wanted.has(i));
  const failures = await afterWrites(
    type,
    done.map(({ write }) => write),
    context,
  );
  return new Map([...failures].map(([k, failure]) => [done[k]!.i, failure.message]));
}
