import { deepEqual, isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { Failure } from '../base/failure.ts';
import { getAt, putAt, removeAt } from '../base/json-pointer.ts';
import { DEFAULT_ACTION, isAction, type Action } from '../model/action.ts';
import { compileCondition, type Condition } from './condition.ts';
import { compileAsk } from './ask-ahead.ts';
import { compileDiff } from './diff-object.ts';
import { compileTree } from './correlation-tree.ts';
import { changedAttributes, compileProperties, hasNestedTargets, type MapObject } from './map-object.ts';
import type { PolicyStep, ProgramPayload, Slot } from './program-payload.ts';
import type { CreateProgram, ProgramRuntime } from './script-host.ts';
import type {
  AttributeTrace,
  DecideItem,
  DecideResult,
  HookItem,
  PostActionItem,
  QualifiersItem,
  ResultItem,
  SourceItem,
  SourceResult,
  StageName,
  ValidTargetItem,
} from './stages.ts';

/**
 * What happens to one object at each stage of a mapping. The same code runs in the engine's own process, when no script
 * takes part in a stage, and inside the script host, when one does.
 */
export const createProgram: CreateProgram = (json, runtime) => {
  const stages = compileStages(json as unknown as ProgramPayload, runtime);
  return { run: (stage, item) => stages[stage as StageName](item as never) as Json };
};

type StageTable = { readonly [S in StageName]: (item: never) => unknown };

function compileStages(payload: ProgramPayload, runtime: ProgramRuntime): StageTable {
  return {
    qualifiers: compileQualifiers(payload, runtime),
    source: compileSource(payload, runtime),
    ask: compileAsk(payload.asks ?? [], runtime),
    validTarget: (item: ValidTargetItem) =>
      payload.validTarget === null ||
      truth(
        runtime.call(payload.validTarget, { target: item.target, linkQualifier: item.linkQualifier }),
        'validTarget',
      ),
    decide: compileDecide(payload, runtime),
    hook: (item: HookItem) => callHook(payload, runtime, item),
    postAction: (item: PostActionItem) => callPostAction(payload, runtime, item),
    onRecon: () => callIf(payload.onRecon, runtime, { mappingConfig: payload.mappingConfig }),
    result: (item: ResultItem) => callIf(payload.result, runtime, { ...item }),
  };
}

function truth(value: Json, place: string): boolean {
  if (typeof value !== 'boolean')
    throw new Failure('script', `Expecting boolean value from ${place}, but it gave ${JSON.stringify(value)}`);
  return value;
}

function callIf(slot: Slot | null, runtime: ProgramRuntime, variables: Readonly<Record<string, unknown>>): null {
  if (slot !== null) runtime.call(slot, variables);
  return null;
}

function compileQualifiers(
  payload: ProgramPayload,
  runtime: ProgramRuntime,
): (item: QualifiersItem) => readonly string[] {
  const { qualifiers } = payload;
  if ('list' in qualifiers) return () => qualifiers.list;
  return (item) => {
    const value = runtime.call(qualifiers.slot, { mapping: payload.mapping, ...item });
    if (!Array.isArray(value) || !value.every((name) => typeof name === 'string'))
      throw new Failure('script', `linkQualifiers must give a list of strings, but it gave ${JSON.stringify(value)}`);
    return [...new Set(value as string[])];
  };
}

function compileSource(payload: ProgramPayload, runtime: ProgramRuntime): (item: SourceItem) => SourceResult {
  const passes = compileCondition(payload.sourceCondition, runtime, 'source');
  const correlate = compileCorrelation(payload, runtime);
  return (item) => {
    const scope = { source: item.source, linkQualifier: item.linkQualifier };
    const isValid =
      (payload.validSource === null || truth(runtime.call(payload.validSource, scope), 'validSource')) &&
      (item.skipsCondition === true || passes(scope));
    return item.wantsCorrelation ? { isValid, ...correlate(item) } : { isValid };
  };
}

type Correlate = (item: SourceItem) => Omit<SourceResult, 'isValid'>;

function compileCorrelation(payload: ProgramPayload, runtime: ProgramRuntime): Correlate {
  const byQualifier = new Map(
    Object.entries(payload.correlation).map(([qualifier, ref]): [string, Correlate] => {
      if (ref.kind === 'tree') {
        const tree = compileTree(ref.tree, ref.properties, runtime);
        return [qualifier, (item) => ({ query: tree(item.source, item.linkQualifier) })];
      }
      const run = (item: SourceItem): Json =>
        runtime.call(ref.slot, { source: item.source, linkQualifier: item.linkQualifier });
      if (ref.kind === 'ids') return [qualifier, (item) => ({ ids: resultIds(run(item)) })];
      return [qualifier, (item) => ({ query: queryMap(run(item)) })];
    }),
  );
  const forAll = byQualifier.get('*');
  return (item) => (byQualifier.get(item.linkQualifier) ?? forAll)?.(item) ?? {};
}

function queryMap(value: Json): JsonObject {
  if (!isJsonObject(value))
    throw new Failure('script', `correlationQuery must give a map with a query, but it gave ${JSON.stringify(value)}`);
  return value;
}

function resultIds(value: Json): string[] {
  if (!Array.isArray(value))
    throw new Failure('script', `correlationScript must give a list of results, but it gave ${JSON.stringify(value)}`);
  return value.map((result) => {
    const id = isJsonObject(result) ? result['_id'] : result;
    if (typeof id !== 'string') throw new Failure('script', 'correlationScript gave a result without "_id"');
    return id;
  });
}

interface Policy {
  readonly index: number;
  /** As decisions name it. */
  readonly rule: string;
  readonly step: PolicyStep;
  readonly passes: Condition;
}

function compileDecide(payload: ProgramPayload, runtime: ProgramRuntime): (item: DecideItem) => DecideResult {
  const policies = payload.policies.map((step, index): Policy => {
    return { index, rule: `policies[${index}]`, step, passes: compileCondition(step.condition, runtime, 'object') };
  });
  const bySituation = Map.groupBy(policies, (policy) => policy.step.situation);
  const mapper = compileMapper(payload, runtime);
  const propose = compileProposal(payload, runtime);
  return (item) => {
    const policy = firstPassing(bySituation.get(item.situation), item);
    const action = item.action ?? chooseAction(policy, item, payload, runtime);
    const rule = policy === null ? 'default' : policy.rule;
    const trace: AttributeTrace[] | null = item.trace === true ? [] : null;
    const approval = item.action === undefined ? policy?.step.approval : undefined;
    const { object, changed } = approval === undefined ? mapper(action, item, trace) : NOTHING;
    const asked = approval === undefined ? {} : { proposed: propose(item, approval.action, trace) };
    const result: DecideResult = {
      action,
      rule,
      policy: policy === null ? null : policy.index,
      object,
      changed,
      ...asked,
    };
    return trace === null ? result : { ...result, trace };
  };
}

function firstPassing(candidates: readonly Policy[] | undefined, item: DecideItem): Policy | null {
  if (candidates === undefined) return null;
  const scope = { object: item.source, linkQualifier: item.linkQualifier };
  return candidates.find((candidate) => candidate.passes(scope)) ?? null;
}

function chooseAction(
  policy: Policy | null,
  item: DecideItem,
  payload: ProgramPayload,
  runtime: ProgramRuntime,
): Action {
  if (policy === null) return DEFAULT_ACTION[item.situation];
  if (typeof policy.step.action === 'string') return policy.step.action;
  const value = runtime.call(policy.step.action.slot, {
    source: item.source,
    target: item.target,
    linkQualifier: item.linkQualifier,
    sourceAction: item.phase === 'source',
    recon: { actionParam: actionParam(item, payload.mapping) },
  });
  if (value === null) throw new Failure('script', 'action script returned null value');
  if (typeof value !== 'string' || !isAction(value))
    throw new Failure('script', `action script returned invalid action: ${JSON.stringify(value)}`);
  return value;
}

/** Specification §3.4: what a deferred action needs to be taken up again with `performAction`. */
function actionParam(item: DecideItem, mapping: string): JsonObject {
  const common: JsonObject = {
    reconId: item.reconId,
    mapping,
    situation: item.situation,
    action: DEFAULT_ACTION[item.situation],
    linkQualifier: item.linkQualifier,
    _action: 'performAction',
  };
  if (item.targetId !== null) common['targetId'] = item.targetId;
  if (item.phase === 'target') return { ...common, target: 'true', oldSource: item.oldSource };
  return { ...common, sourceId: item.sourceId, ambiguousTargetIds: item.ambiguousTargetIds as string[] | null };
}

/** What would be done if people allow it: as the mapping has it, without what its hooks do besides. */
function compileProposal(
  payload: ProgramPayload,
  runtime: ProgramRuntime,
): (item: DecideItem, named: Action | null, trace: AttributeTrace[] | null) => NonNullable<DecideResult['proposed']> {
  const isAsked = payload.policies.some(({ approval }) => approval !== undefined);
  const hooks = { ...payload.hooks, onCreate: null, onUpdate: null };
  const mapper = isAsked ? compileMapper({ ...payload, hooks }, runtime) : () => NOTHING;
  return (item, named, trace) => {
    const action = named ?? DEFAULT_ACTION[item.situation];
    return { action, ...mapper(action, item, trace) };
  };
}

type Mapped = Pick<DecideResult, 'object' | 'changed'>;
type Mapper = (action: Action, item: DecideItem, trace: AttributeTrace[] | null) => Mapped;
const NOTHING: Mapped = { object: null, changed: [] };

/** CREATE maps onto an empty object, UPDATE onto a copy of the target (specification §4.5). */
function compileMapper(payload: ProgramPayload, runtime: ProgramRuntime): Mapper {
  const map = compileProperties(payload.properties, runtime);
  const diff = compileDiff(payload, runtime);
  const isDeep =
    hasNestedTargets(payload.properties) ||
    (payload.notOwned ?? []).some((tokens) => tokens.length > 1) ||
    payload.defaultMapping !== null ||
    payload.hooks.onUpdate !== null;
  return (action, item, trace) => {
    const { source, target: existing } = item;
    if (source === null) return NOTHING;
    if (action === 'CREATE') return create(payload, runtime, map, item, trace);
    if (action !== 'UPDATE' || existing === null) return NOTHING;
    if (diff !== null && trace === null) return diff(source, existing) ?? NOTHING;
    const target = isDeep ? runtime.clone(existing) : { ...existing };
    fill(payload, runtime, map, item, existing, target, trace);
    if (payload.hooks.onUpdate !== null) callHookWith(payload, runtime, 'onUpdate', item, target, existing, trace);
    keepNotOwned(payload, runtime, existing, target);
    checkId(existing, target, payload);
    const changed = changedAttributes(existing, target);
    if (changed.length === 0) return NOTHING;
    delete target['_rev'];
    return { object: target, changed };
  };
}

/** What belongs to another mapping stays, even if a script or an entry for the object around it says otherwise. */
function keepNotOwned(
  { notOwned = [] }: ProgramPayload,
  runtime: ProgramRuntime,
  existing: JsonObject,
  target: JsonObject,
): void {
  for (const tokens of notOwned) {
    const [was, is] = [getAt(existing, tokens) ?? null, getAt(target, tokens) ?? null];
    if (deepEqual(was, is)) continue;
    if (was === null) removeAt(target, tokens);
    else putAt(target, tokens, runtime.clone(was));
  }
}

function create(
  payload: ProgramPayload,
  runtime: ProgramRuntime,
  map: MapObject,
  item: DecideItem,
  trace: AttributeTrace[] | null,
): Mapped {
  const target = runtime.newObject();
  fill(payload, runtime, map, item, null, target, trace);
  if (payload.hooks.onCreate !== null) callHookWith(payload, runtime, 'onCreate', item, target, null, trace);
  return { object: target, changed: Object.keys(target) };
}

function fill(
  payload: ProgramPayload,
  runtime: ProgramRuntime,
  map: MapObject,
  item: DecideItem,
  existing: JsonObject | null,
  target: JsonObject,
  trace: AttributeTrace[] | null,
): void {
  const { oldSource, linkQualifier } = item;
  const source = item.source!;
  map({ source, existing, oldSource, linkQualifier }, target, trace);
  if (payload.defaultMapping === null) return;
  const before = trace === null ? null : { ...target };
  runtime.call(payload.defaultMapping, {
    source,
    oldSource,
    target,
    config: payload.mappingConfig,
    existingTarget: existing,
    linkQualifier,
  });
  traceScript(before, target, 'defaultMapping', trace);
}

function callHookWith(
  payload: ProgramPayload,
  runtime: ProgramRuntime,
  hook: 'onCreate' | 'onUpdate',
  item: DecideItem,
  target: JsonObject,
  oldTarget: JsonObject | null,
  trace: AttributeTrace[] | null,
): void {
  const before = trace === null ? null : { ...target };
  runtime.call(payload.hooks[hook]!, {
    source: item.source,
    sourceId: item.sourceId,
    target,
    targetId: item.targetId,
    oldSource: item.oldSource,
    oldTarget,
    situation: item.situation,
    linkQualifier: item.linkQualifier,
    mappingConfig: payload.mappingConfig,
  });
  traceScript(before, target, hook, trace);
}

function traceScript(before: JsonObject | null, after: JsonObject, hook: string, trace: AttributeTrace[] | null): void {
  if (before === null || trace === null) return;
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)]))
    if (!deepEqual(before[key], after[key]))
      trace.push({
        target: `/${key}`,
        source: null,
        step: 'script',
        input: before[key] ?? null,
        output: after[key] ?? null,
        note: `set by ${hook}`,
      });
}

function checkId(existing: JsonObject, target: JsonObject, payload: ProgramPayload): void {
  const [was, is] = [existing['_id'], target['_id']];
  if (was === is) return;
  const isSame =
    typeof was === 'string' &&
    typeof is === 'string' &&
    !payload.targetIdsCaseSensitive &&
    was.toLowerCase() === is.toLowerCase();
  if (!isSame)
    throw new Failure(
      'invalid-data',
      `target '_id' has changed (from ${JSON.stringify(was)} to ${JSON.stringify(is)})`,
    );
  target['_id'] = was;
}

function callHook(payload: ProgramPayload, runtime: ProgramRuntime, item: HookItem): null {
  const { hook, ...variables } = item;
  return callIf(payload.hooks[hook], runtime, { ...variables, mappingConfig: payload.mappingConfig });
}

function callPostAction(payload: ProgramPayload, runtime: ProgramRuntime, item: PostActionItem): null {
  const { policy, ...variables } = item;
  return callIf(payload.policies[policy]?.postAction ?? null, runtime, variables);
}
