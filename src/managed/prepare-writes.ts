import { Failure } from '../base/failure.ts';
import { deepEqual, isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { ObjectRow, RowWrite } from '../model/repository.ts';
import type { RequestContext } from '../resource/context.ts';
import { contextFor } from '../resource/script-context.ts';
import { refuseForeignEnvelopes } from './foreign-envelopes.ts';
import type { ManagedType } from './managed-type.ts';
import type { ManagedItem, ManagedStage } from './managed-stages.ts';
import { internalConflicts } from './policies/internal-conflicts.ts';
import { validationResult, type FailedProperty } from './policies/policy.ts';
import { validateObject } from './policies/validate-object.ts';

/** A write that somebody wants. `object` has neither `_id` nor `_rev`; protected values may be plain or closed. */
export type WantedWrite = {
  readonly id: string;
  /** What scripts see as `request`. */
  readonly request: JsonObject;
} & (
  | { readonly kind: 'create'; readonly object: JsonObject }
  /** `isForced`: written even if nothing differs. */
  | { readonly kind: 'update'; readonly object: JsonObject; readonly before: ObjectRow; readonly isForced?: boolean }
  | { readonly kind: 'delete'; readonly before: ObjectRow }
);

/** A write that may be committed as it is. */
export interface PreparedWrite {
  readonly wanted: WantedWrite;
  /** Null: the stored object is what is wanted; nothing is to be done. */
  readonly row: RowWrite | null;
  /** Stored form, without `_id` and `_rev`; null after a delete. */
  readonly after: JsonObject | null;
}

export type Prepared =
  | { readonly ok: true; readonly write: PreparedWrite }
  | { readonly ok: false; readonly failure: Failure };

/** A write on its way. The steps change it in place: a run prepares hundreds at once. */
interface Draft {
  readonly wanted: WantedWrite;
  /** Open form; null for a delete. */
  object: JsonObject | null;
  oldObject: JsonObject | null;
  isUnchanged: boolean;
  failure: Failure | null;
}

/** What a client is told when policies refuse its object; a PATCH says it in another order (specification §1.10). */
export const POLICY_MESSAGE = 'Policy validation failed';
export const PATCH_POLICY_MESSAGE = 'Failed policy validation';

/**
 * Everything that comes before the commit (specification §2.4–2.6): opened, compared, checked against the policies, given to
 * the hooks, closed again. A whole batch crosses into the script host once per step; a write that is refused fails alone.
 */
export async function prepareWrites(
  type: ManagedType,
  writes: readonly WantedWrite[],
  context: RequestContext,
  policyMessage = POLICY_MESSAGE,
): Promise<readonly Prepared[]> {
  const drafts = writes.map((wanted) => draftOf(type, wanted, context.caller.isExternal));
  if (type.enforcesPolicies) await checkPolicies(type, drafts, policyMessage);
  for (const kind of ['create', 'update', 'delete'] as const) await runHooks(type, drafts, kind, context);
  for (const draft of open(drafts))
    if (draft.object !== null) draft.object = type.protection.close(draft.object, docBefore(draft.wanted));
  await runStage(
    type,
    'store',
    open(drafts).filter((draft) => draft.object !== null),
    context,
  );
  return drafts.map((draft) => toPrepared(type, draft));
}

function open(drafts: readonly Draft[]): readonly Draft[] {
  return drafts.filter((draft) => draft.failure === null && !draft.isUnchanged);
}

/** Those that nothing is wrong with so far, but for deletes. */
function written(drafts: readonly Draft[]): readonly (Draft & { readonly object: JsonObject })[] {
  return open(drafts).filter((draft): draft is Draft & { object: JsonObject } => draft.object !== null);
}

function docBefore(wanted: WantedWrite): JsonObject | null {
  return wanted.kind === 'create' ? null : wanted.before.doc;
}

function draftOf(type: ManagedType, wanted: WantedWrite, isForeign: boolean): Draft {
  const { protection } = type;
  const draft: Draft = { wanted, object: null, oldObject: null, isUnchanged: false, failure: null };
  try {
    if (wanted.kind !== 'create') draft.oldObject = named(protection.openIfPossible(wanted.before.doc), wanted.before);
    if (wanted.kind === 'delete') return draft;
    if (isForeign) {
      const present = wanted.kind === 'create' ? [] : [wanted.before.doc, draft.oldObject ?? {}];
      refuseForeignEnvelopes(type.path, wanted.object, present);
    }
    draft.object = { _id: wanted.id, ...openGiven(protection, wanted) };
    draft.isUnchanged = wanted.kind === 'update' && wanted.isForced !== true && isUnchanged(type, wanted);
  } catch (error) {
    draft.failure = asFailure(error);
  }
  return draft;
}

/** An envelope that cannot be opened is the fault of whoever sent it. */
function openGiven(
  protection: ManagedType['protection'],
  wanted: Exclude<WantedWrite, { kind: 'delete' }>,
): JsonObject {
  try {
    return protection.open(wanted.object, wanted.kind === 'update' ? wanted.before.doc : {});
  } catch (error) {
    throw new Failure('bad-request', asFailure(error).message, { cause: error });
  }
}

function named(object: JsonObject, { id, rev }: ObjectRow): JsonObject {
  return { _id: id, _rev: String(rev), ...object };
}

function withoutNames(object: JsonObject): JsonObject {
  if (!Object.hasOwn(object, '_id') && !Object.hasOwn(object, '_rev')) return object;
  const { _id, _rev, ...rest } = object;
  return rest;
}

/** A virtual property that is not sent is computed again: its absence is no difference. */
function isUnchanged(
  { protection, compiled }: ManagedType,
  { object, before }: WantedWrite & { kind: 'update' },
): boolean {
  const { doc } = before;
  const isSame = (key: string): boolean => Object.hasOwn(doc, key) && protection.isSame(key, object[key], doc[key]);
  const isMissed = (key: string): boolean =>
    !Object.hasOwn(object, key) && !compiled.config.properties.some(({ name, isVirtual }) => name === key && isVirtual);
  return Object.keys(object).every(isSame) && !Object.keys(doc).some(isMissed) && !protection.isOutdated(doc);
}

function asFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  throw error;
}

async function checkPolicies(type: ManagedType, drafts: readonly Draft[], message: string): Promise<void> {
  const { policies } = type.compiled;
  const { objects } = type.repository;
  if (policies.properties.length === 0) return;
  for (const draft of written(drafts)) {
    const failed = validateObject(policies, draft.object, (value) => type.protection.isClosed(value));
    if (failed.length > 0) draft.failure = policyFailure(failed, message);
  }
  const checked = written(drafts);
  const clashes = await internalConflicts(
    objects,
    policies.notInternal,
    checked.map(({ object }) => object),
  );
  for (const [i, failed] of clashes.entries())
    if (failed.length > 0) checked[i]!.failure = policyFailure(failed, message);
  const rest = written(drafts);
  const taken = await type.unique.taken(
    objects,
    rest.map(({ wanted, object }) => ({ id: wanted.id, object })),
  );
  for (const [i, properties] of taken.entries())
    if (properties.length > 0) rest[i]!.failure = policyFailure(notUnique(properties), message);
}

export function notUnique(properties: readonly string[]): readonly FailedProperty[] {
  return properties.map((property) => ({ property, policyRequirements: [{ policyRequirement: 'UNIQUE' }] }));
}

export function policyFailure(failed: readonly FailedProperty[], message = POLICY_MESSAGE): Failure {
  return new Failure('denied', message, { detail: validationResult(failed) });
}

async function runHooks(
  type: ManagedType,
  drafts: readonly Draft[],
  kind: WantedWrite['kind'],
  context: RequestContext,
): Promise<void> {
  const concerned = open(drafts).filter((draft) => draft.wanted.kind === kind);
  await runStage(type, kind, concerned, context);
}

/** Runs one stage for these drafts; what the scripts left of the object is the object from then on. */
async function runStage(
  type: ManagedType,
  stage: ManagedStage,
  drafts: readonly Draft[],
  context: RequestContext,
): Promise<void> {
  const { scripts } = type;
  if (scripts === null || drafts.length === 0 || !scripts.has(stage)) return;
  const seen = contextFor(context);
  const items = drafts.map(({ wanted, object, oldObject }): ManagedItem => {
    const { id, request } = wanted;
    return { object: object ?? oldObject, oldObject, request, resourceName: `${type.path}/${id}`, context: seen };
  });
  const results = await scripts.run(stage, items, context);
  for (const [i, result] of results.entries()) {
    const draft = drafts[i]!;
    if (result instanceof Failure) draft.failure = result;
    else if (draft.object !== null) draft.object = settled(draft, result);
  }
}

/** Hooks may change everything but the id. */
function settled({ wanted, object }: Draft, result: Json): JsonObject {
  if (!isJsonObject(result)) return object!;
  return deepEqual(result['_id'], wanted.id) ? result : { ...result, _id: wanted.id };
}

function toPrepared({ name }: ManagedType, { wanted, object, isUnchanged, failure }: Draft): Prepared {
  if (failure !== null) return { ok: false, failure };
  const { id } = wanted;
  if (wanted.kind === 'delete')
    return {
      ok: true,
      write: { wanted, row: { kind: 'delete', type: name, id, rev: wanted.before.rev }, after: null },
    };
  if (isUnchanged && wanted.kind === 'update')
    return { ok: true, write: { wanted, row: null, after: wanted.before.doc } };
  const doc = withoutNames(object!);
  const row: RowWrite =
    wanted.kind === 'create'
      ? { kind: 'create', type: name, id, doc }
      : { kind: 'update', type: name, id, rev: wanted.before.rev, doc };
  return { ok: true, write: { wanted, row, after: doc } };
}
