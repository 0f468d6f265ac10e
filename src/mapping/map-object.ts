import { formatPointer, getAt, putAt } from '../base/json-pointer.ts';
import { deepEqual, setOwn, type Json, type JsonObject } from '../base/json.ts';
import { compileCondition, type Condition } from './condition.ts';
import type { PropertyStep } from './program-payload.ts';
import type { ProgramRuntime } from './script-host.ts';
import type { AttributeTrace } from './stages.ts';

/** What a property entry may look at. */
export interface MapInput {
  readonly source: JsonObject;
  /** The target as it was read; null on create. */
  readonly existing: JsonObject | null;
  readonly oldSource: JsonObject | null;
  readonly linkQualifier: string;
}

/** Applies all property entries, in order, to `target`, which it owns. */
export type MapObject = (input: MapInput, target: JsonObject, trace: AttributeTrace[] | null) => void;

type Step = (input: MapInput, target: JsonObject, trace: AttributeTrace[] | null) => void;

/** Compiles the `properties` of a mapping: specification §3.2, condition → source → transform → default → put. */
export function compileProperties(steps: readonly PropertyStep[], runtime: ProgramRuntime): MapObject {
  const compiled = steps.map((step) => compileStep(step, runtime));
  return (input, target, trace) => {
    for (const step of compiled) step(input, target, trace);
  };
}

function compileStep(step: PropertyStep, runtime: ProgramRuntime): Step {
  const isMet = propertyCondition(step, runtime);
  const read = compileRead(step.source);
  const write = compileWrite(step.target, runtime);
  const { transform, ifAbsent } = step;
  return (input, target, trace) => {
    if (step.owner !== undefined && input.existing !== null) {
      trace?.push(traced(step, 'skipped', null, null, `it belongs to ${step.owner}`));
      return;
    }
    if (isMet !== null && !isMet(input, target)) {
      trace?.push(traced(step, 'skipped', null, null, 'condition not met'));
      return;
    }
    const found = read(input.source);
    let value = found;
    if (transform !== null) value = runtime.call(transform, { source: found, linkQualifier: input.linkQualifier });
    const isDefaulted = value === null && step.default !== null;
    if (isDefaulted) value = step.default;
    if (value === null && ifAbsent === 'keep') {
      trace?.push(traced(step, 'kept', found, null, 'no value, and "ifAbsent" is "keep"'));
      return;
    }
    write(target, value);
    trace?.push(
      traced(step, 'mapped', found, value, isDefaulted ? 'default used' : transform === null ? '' : 'transformed'),
    );
  };
}

function propertyCondition(
  step: PropertyStep,
  runtime: ProgramRuntime,
): ((input: MapInput, target: JsonObject) => boolean) | null {
  const { condition, linkQualifier } = step;
  if (condition === null && linkQualifier === null) return null;
  const passes: Condition = compileCondition(condition, runtime, 'object');
  return (input, target) => {
    if (linkQualifier !== null && linkQualifier !== input.linkQualifier) return false;
    return passes({
      object: input.source,
      target,
      linkQualifier: input.linkQualifier,
      oldSource: input.oldSource,
      oldTarget: input.existing,
    });
  };
}

export function compileRead(tokens: readonly string[] | null): (source: JsonObject) => Json {
  if (tokens === null) return () => null;
  if (tokens.length === 0) return (source) => source;
  const [key] = tokens as [string];
  if (tokens.length === 1) return (source) => (Object.hasOwn(source, key) ? source[key]! : null);
  return (source) => getAt(source, tokens) ?? null;
}

/** Containers are copied on their way in: the source object and the target never share one. */
function compileWrite(tokens: readonly string[], runtime: ProgramRuntime): (target: JsonObject, value: Json) => void {
  const [key] = tokens as [string];
  if (tokens.length > 1) return (target, value) => putAt(target, tokens, runtime.clone(value));
  if (key === '__proto__') return (target, value) => setOwn(target, key, runtime.clone(value));
  return (target, value) => {
    target[key] = typeof value === 'object' && value !== null ? runtime.clone(value) : value;
  };
}

function traced(
  step: PropertyStep,
  kind: AttributeTrace['step'],
  input: Json,
  output: Json,
  note: string,
): AttributeTrace {
  const source = step.source === null ? null : formatPointer(step.source);
  return { target: formatPointer(step.target), source, step: kind, input, output, note };
}

/** Top-level attributes in which two objects differ, `_id` and `_rev` apart. A null and an absent attribute are the same. */
export function changedAttributes(before: JsonObject, after: JsonObject): string[] {
  const changed: string[] = [];
  for (const key of Object.keys(after)) {
    if (key === '_id' || key === '_rev') continue;
    const was = Object.hasOwn(before, key) ? before[key]! : null;
    const is = after[key]!;
    if (was !== is && !deepEqual(was, is)) changed.push(key);
  }
  for (const key of Object.keys(before)) {
    if (before[key] !== null && !Object.hasOwn(after, key) && key !== '_id' && key !== '_rev') changed.push(key);
  }
  return changed;
}

export function hasNestedTargets(steps: readonly PropertyStep[]): boolean {
  return steps.some((step) => step.target.length > 1);
}
