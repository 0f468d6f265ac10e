import { setOwn, type Json, type JsonObject } from '../base/json.ts';
import type { CompiledMapping } from './compiled-mapping.ts';
import { compileRead } from './map-object.ts';
import type { Ask, ConditionRef, CorrelationRef, ProgramPayload, PropertyStep, Slot } from './program-payload.ts';
import type { ProgramRuntime, ScriptReads, ScriptSource } from './script-host.ts';
import type { AskItem, AskResult, StageName } from './stages.ts';

/**
 * Scripts that depend on nothing but the source object are asked for all objects of a batch at once, before it is known
 * whether the mapping will want their values: one crossing into the script host instead of one per stage, and only the
 * attributes that they look at cross. The stages then run in this process, on those values.
 */
export interface AskPlan {
  readonly asks: readonly Ask[];
  /** Stages all of whose scripts are asked. */
  readonly stages: ReadonlySet<StageName>;
  /** Top-level attributes that they look at; null: all. */
  readonly attributes: readonly string[] | null;
}

/** Null when no stage gains from it. */
export function planAsks(
  compiled: CompiledMapping,
  readsOf: (script: ScriptSource) => ScriptReads | null,
): AskPlan | null {
  const reads = compiled.scripts.map(readsOf);
  const isAskable = ({ slot, variable }: Ask): boolean => {
    const found = reads[slot];
    return found != null && [...found.keys()].every((name) => name === variable || name === 'linkQualifier');
  };
  const byStage = new Map([
    ['source', sourceAsks(compiled.payload)],
    ['decide', decideAsks(compiled.payload)],
  ] as const);
  const stages = [...byStage].filter(([stage, asks]) => compiled.scriptStages.has(stage) && asks?.every(isAskable));
  const asks = stages.flatMap(([, found]) => found ?? []);
  if (asks.length === 0) return null;
  return { asks, stages: new Set(stages.map(([stage]) => stage)), attributes: attributesOf(asks, reads) };
}

function attributesOf(asks: readonly Ask[], reads: readonly (ScriptReads | null)[]): readonly string[] | null {
  const all = new Set<string>();
  for (const { slot, variable, at } of asks) {
    const read = reads[slot]?.get(variable);
    if (read === undefined || at === null) continue;
    if (at.length > 0) all.add(at[0]!);
    else if (read === null) return null;
    else for (const name of read) all.add(name);
  }
  return [...all];
}

function sourceAsks({ validSource, sourceCondition, correlation }: ProgramPayload): readonly Ask[] {
  return [
    ...whole(validSource, 'source'),
    ...whole(slotOf(sourceCondition), 'source'),
    ...Object.values(correlation).flatMap(correlationAsks),
  ];
}

function correlationAsks(ref: CorrelationRef): readonly Ask[] {
  const asks = ref.kind === 'tree' ? ref.properties.flatMap(propertyAsks) : whole(ref.slot, 'source');
  return asks.map((ask) => ({ ...ask, isCorrelation: true }));
}

/** Null when something takes part that looks at the target, or changes it. */
function decideAsks({ properties, defaultMapping, policies, hooks }: ProgramPayload): readonly Ask[] | null {
  if (defaultMapping !== null || hooks.onCreate !== null || hooks.onUpdate !== null) return null;
  return [
    ...properties.flatMap(propertyAsks),
    ...policies.flatMap(({ condition, action }) => [
      ...whole(slotOf(condition), 'object'),
      ...(typeof action === 'string' ? [] : whole(action.slot, 'source')),
    ]),
  ];
}

function propertyAsks({ condition, transform, source }: PropertyStep): readonly Ask[] {
  const asked = whole(slotOf(condition), 'object');
  if (transform === null) return asked;
  return [...asked, { slot: transform, variable: 'source', at: source, isCorrelation: false }];
}

function slotOf(ref: ConditionRef | null): Slot | null {
  return ref?.kind === 'script' ? ref.slot : null;
}

function whole(slot: Slot | null, variable: Ask['variable']): readonly Ask[] {
  return slot === null ? [] : [{ slot, variable, at: [], isCorrelation: false }];
}

/** Inside the script host: the values of all asked scripts for one object. One that throws spoils none of the others. */
export function compileAsk(asks: readonly Ask[], runtime: ProgramRuntime): (item: AskItem) => AskResult {
  const steps = asks.map(({ slot, variable, at, isCorrelation }) => {
    return { slot, variable, read: compileRead(at), isCorrelation };
  });
  return ({ source, linkQualifier, wantsCorrelation }) => {
    const without: number[] = [];
    const values = steps.map(({ slot, variable, read, isCorrelation }, i): Json => {
      if (!isCorrelation || wantsCorrelation) {
        try {
          return runtime.call(slot, { [variable]: read(source), linkQualifier });
        } catch {
          // whoever wants this value runs the script again, and gets the error
        }
      }
      without.push(i);
      return null;
    });
    return without.length === 0 ? { values } : { values, without };
  };
}

/** What crosses into the host. */
export function projection(attributes: readonly string[] | null): (source: JsonObject) => JsonObject {
  if (attributes === null) return (source) => source;
  return (source) => {
    const part: JsonObject = {};
    for (const name of attributes) if (Object.hasOwn(source, name)) setOwn(part, name, source[name]!);
    return part;
  };
}
