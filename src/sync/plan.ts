import { formatPointer, parsePointer } from '../base/json-pointer.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { DEFAULT_ACTION, type Action } from '../model/action.ts';
import { isStorableId, unstorableId, type ObjectWrite } from '../model/object-set.ts';
import type { ChangeClass } from '../model/run.ts';
import type { Situation } from '../model/situation.ts';
import type { CompiledMapping } from '../mapping/compiled-mapping.ts';
import type { Hook } from '../mapping/program-payload.ts';
import type { DecideResult } from '../mapping/stages.ts';
import type { Evidence } from './evidence.ts';
import type { LinkIntent, Outcome, PlannedChange, ProposedChange } from './planned-change.ts';

interface Planning {
  readonly mapping: CompiledMapping;
  readonly evidence: Evidence;
  readonly situation: Situation;
  readonly decision: DecideResult;
}

/** What one action comes to, before it is put together with the rest. */
interface Steps {
  readonly outcome: Outcome;
  readonly changeClass?: ChangeClass;
  readonly write?: ObjectWrite | null;
  readonly link?: LinkIntent | null;
  readonly hooks?: readonly Hook[];
  readonly before?: JsonObject | null;
  readonly after?: Json;
  readonly message?: string;
  readonly detail?: JsonObject;
  readonly isReported?: boolean;
  readonly proposed?: ProposedChange;
}

/** The change that a decision amounts to: specification §4.5. Pure and total. */
export function plan(
  mapping: CompiledMapping,
  evidence: Evidence,
  situation: Situation,
  decision: DecideResult,
): PlannedChange {
  const planning: Planning = { mapping, evidence, situation, decision };
  const steps = ACTION_STEPS[decision.action](planning);
  return assemble(planning, steps);
}

/** An object whose own evaluation failed: a script threw, a query was refused. */
export function planFailure(
  evidence: Evidence,
  situation: Situation | null,
  message: string,
  detail: Json = null,
): PlannedChange {
  const action = situation === null ? 'EXCEPTION' : DEFAULT_ACTION[situation];
  const decision: DecideResult = { action, rule: 'none', policy: null, object: null, changed: [] };
  const steps: Steps = { outcome: 'failed', message, ...(isJsonObject(detail) ? { detail } : {}) };
  return assemble({ evidence, situation, decision }, steps);
}

const ACTION_STEPS: Readonly<Record<Action, (planning: Planning) => Steps>> = {
  CREATE: planCreate,
  UPDATE: planUpdate,
  LINK: planLink,
  DELETE: planDelete,
  UNLINK: planUnlink,
  EXCEPTION: ({ situation }) => ({ outcome: 'exceptions', message: `Situation ${situation} marked as EXCEPTION` }),
  REPORT: ({ situation }) => ({ outcome: 'ignored', detail: { wouldBe: DEFAULT_ACTION[situation] } }),
  NOREPORT: () => ({ outcome: 'ignored', isReported: false }),
  ASYNC: planAsync,
  IGNORE: () => ({ outcome: 'ignored' }),
};

function planCreate({ mapping, evidence, decision }: Planning): Steps {
  if (sourceObject(evidence) === null) return failed('no source object to create target from');
  if (evidence.target !== null) return failed('target object already exists');
  const { id, object } = withoutId(decision.object ?? {});
  if (id !== undefined && id !== null && typeof id !== 'string')
    return failed(`the mapping gave the target an "_id" that is no string: ${JSON.stringify(id)}`);
  if (typeof id === 'string' && !isStorableId(id)) return failed(unstorableId(id));
  const write: ObjectWrite = {
    kind: 'create',
    id: id === undefined || id === null || id === '' ? null : String(id),
    object,
  };
  const link = mapping.links.isEnabled ? linkTo(evidence, write.id) : null;
  const hooks: Hook[] = link?.kind === 'create' ? ['onLink'] : [];
  return { outcome: 'created', changeClass: 'create', write, link, hooks, after: object };
}

const UNCHANGED: Steps = { outcome: 'unchanged', changeClass: 'none', isReported: false };

/** The mapping made the object for this change: it is copied only if something has to be left out. */
function withoutId(mapped: JsonObject): { readonly id: Json | undefined; readonly object: JsonObject } {
  if (!Object.hasOwn(mapped, '_id')) return { id: undefined, object: mapped };
  const { _id: id, ...object } = mapped;
  return { id, object };
}

function planUpdate(planning: Planning): Steps {
  const { evidence, decision } = planning;
  const targetId = targetIdOf(evidence);
  if (targetId === null) return failed('no target object to link');
  if (isTaken(planning)) return failed(`target object ${targetId} is linked to another source object`);
  const linking = planLinking(planning, targetId);
  const { target } = evidence;
  if (target === null || decision.object === null) {
    if (linking.link === null) return UNCHANGED;
    return { ...linking, outcome: 'updated', changeClass: 'link', isReported: true };
  }
  const { _id, ...object } = decision.object;
  const { changed } = decision;
  const write: ObjectWrite = { kind: 'update', id: target.id, rev: target.rev, object, changed };
  const [before, after] = [pick(target.object, changed), patchOf(target.object, object, changed)];
  return { ...linking, outcome: 'updated', changeClass: 'update', write, before, after };
}

function planLink(planning: Planning): Steps {
  const targetId = targetIdOf(planning.evidence);
  if (targetId === null) return failed('no target object to link');
  if (isTaken(planning)) return failed(`target object ${targetId} is linked to another source object`);
  const linking = planLinking(planning, targetId);
  const isLinking = linking.link !== null;
  return { ...linking, outcome: isLinking ? 'updated' : 'unchanged', changeClass: isLinking ? 'link' : 'none' };
}

/** The link that is wanted would be refused: known before an external target is written. */
function isTaken({ mapping, evidence }: Planning): boolean {
  return (
    mapping.links.isEnabled &&
    evidence.kind === 'source' &&
    evidence.link === null &&
    evidence.correlation.isAlreadyLinked
  );
}

interface Linking {
  readonly link: LinkIntent | null;
  readonly hooks: readonly Hook[];
}

const NO_LINKING: Linking = { link: null, hooks: [] };

/** Steps 1 to 4 of UPDATE: no link yet → `onLink` and a link; a link that points elsewhere → it is moved. */
function planLinking({ mapping, evidence }: Planning, targetId: string): Linking {
  if (!mapping.links.isEnabled || evidence.link !== null) return NO_LINKING;
  const link = linkTo(evidence, targetId);
  return link === null ? NO_LINKING : { link, hooks: ['onLink'] };
}

function planDelete({ evidence, situation }: Planning): Steps {
  const link: LinkIntent | null = evidence.link === null ? null : { kind: 'delete', link: evidence.link };
  const unlinkHooks: Hook[] = link === null ? [] : ['onUnlink'];
  const { target } = evidence;
  if (evidence.kind === 'source' && evidence.correlation.isAlreadyLinked)
    return { outcome: 'ignored', message: `${target?.id} is linked to another source object and is not deleted` };
  if (target !== null) {
    const write: ObjectWrite = { kind: 'delete', id: target.id, rev: target.rev };
    return {
      outcome: 'deleted',
      changeClass: 'delete',
      write,
      link,
      hooks: ['onDelete', ...unlinkHooks],
      before: target.object,
    };
  }
  if (link !== null) return { outcome: 'updated', changeClass: 'unlink', link, hooks: unlinkHooks };
  const candidates = evidence.kind === 'source' ? evidence.correlation.targets : [];
  if (candidates.length === 0) return { outcome: 'unchanged', isReported: true };
  const message = `${situation}: ${candidates.length} candidates would be deleted: ${candidates.map((c) => c.id).join(', ')}`;
  const before = Object.fromEntries(candidates.map((candidate) => [candidate.id, candidate.object]));
  return { outcome: 'deleted', changeClass: 'ambiguousDelete', hooks: ['onDelete'], before, message };
}

function planUnlink({ evidence }: Planning): Steps {
  if (evidence.link === null) return { outcome: 'unchanged' };
  return {
    outcome: 'updated',
    changeClass: 'unlink',
    link: { kind: 'delete', link: evidence.link },
    hooks: ['onUnlink'],
  };
}

/** Another process takes over, or people are asked. Where nothing would be done nobody is asked. */
function planAsync({ mapping, evidence, situation, decision }: Planning): Steps {
  const { proposed, policy } = decision;
  const approval = policy === null ? undefined : mapping.payload.policies[policy]?.approval;
  if (proposed === undefined || approval === undefined) return { outcome: 'ignored', isReported: false };
  const { action, object } = proposed;
  const steps = ACTION_STEPS[action]({ mapping, evidence, situation, decision: { ...decision, ...proposed } });
  const { outcome, changeClass = 'none', before = null, write } = steps;
  if (outcome === 'failed' || outcome === 'unchanged' || outcome === 'ignored') return steps;
  return {
    outcome: 'ignored',
    before,
    after: write?.kind === 'update' && object !== null ? pick(object, write.changed) : (steps.after ?? null),
    message: `${action} waits for the approval of ${approval.approvers.join(', ')}`,
    detail: { approval: { action, changeClass } },
    proposed: { action, changeClass, approval },
  };
}

function failed(message: string): Steps {
  return { outcome: 'failed', message };
}

function linkTo(evidence: Evidence, targetId: string | null): LinkIntent | null {
  if (evidence.link !== null) return { kind: 'retarget', link: evidence.link, targetId };
  const sourceId = sourceIdOf(evidence);
  return sourceId === null ? null : { kind: 'create', sourceId, targetId };
}

/** RFC 6902 operations on top-level attributes; `remove` for what is gone. */
export function patchOf(before: JsonObject, after: JsonObject, changed: readonly string[]): Json {
  return changed.map((key): JsonObject => {
    const field = formatPointer([key]);
    if (!Object.hasOwn(after, key)) return { operation: 'remove', field };
    return { operation: Object.hasOwn(before, key) ? 'replace' : 'add', field, value: after[key]! };
  });
}

/** The attribute that an operation of `patchOf` is about. */
export function attributeOf(operation: JsonObject): string {
  return parsePointer(String(operation['field']))[0] ?? '';
}

export function pick(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(keys.filter((key) => Object.hasOwn(object, key)).map((key) => [key, object[key]!]));
}

export function sourceObject(evidence: Evidence): JsonObject | null {
  if (evidence.kind === 'source') return evidence.source;
  return evidence.source?.object ?? null;
}

export function sourceIdOf(evidence: Evidence): string | null {
  if (evidence.kind === 'source') return evidence.sourceId;
  return evidence.source?.id ?? null;
}

/** Of the target object, or the one that the link names although it is gone. */
export function targetIdOf(evidence: Evidence): string | null {
  return evidence.target?.id ?? (evidence.kind === 'source' ? evidence.linkedTargetId : null);
}

type Assembling = Omit<Planning, 'mapping' | 'situation'> & { readonly situation: Situation | null };

function assemble(planning: Assembling, steps: Steps): PlannedChange {
  const { evidence, situation, decision } = planning;
  const candidates = evidence.kind === 'source' ? evidence.correlation.targets : [];
  return {
    evidence,
    situation,
    action: decision.action,
    rule: decision.rule,
    policy: decision.policy,
    changeClass: steps.changeClass ?? 'none',
    outcome: steps.outcome,
    sourceId: evidence.kind === 'target' ? evidence.linkedSourceId : evidence.sourceId,
    targetId: steps.write?.kind === 'create' ? steps.write.id : targetIdOf(evidence),
    write: steps.write ?? null,
    ambiguousTargetIds: candidates.length > 1 ? candidates.map((candidate) => candidate.id) : null,
    link: steps.link ?? null,
    hooks: steps.hooks ?? NO_LINKING.hooks,
    before: steps.before ?? null,
    after: steps.after ?? null,
    message: steps.message ?? null,
    detail: steps.detail ?? null,
    isReported: steps.isReported ?? steps.outcome !== 'unchanged',
    trace: decision.trace ?? null,
    ...(steps.proposed === undefined ? {} : { proposed: steps.proposed }),
  };
}
