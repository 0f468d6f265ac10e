import { compileFilter } from '../base/query-filter.ts';
import { deepEqual, isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { ConditionRef } from './program-payload.ts';
import type { ProgramRuntime } from './script-host.ts';

/** The variables of a place, by name. A value may be live: a hook changes it. */
export type Scope = Readonly<Record<string, Json | undefined>>;
export type Condition = (scope: Scope) => boolean;

const always: Condition = () => true;

/**
 * A condition as a closure over its variables. Only exactly `true` passes (specification §3.2). Filters of a
 * configuration compare strings without regard to case (§1.4).
 *
 * @param valuesOf name of the variable that the 2014 object form is compared with
 */
export function compileCondition(ref: ConditionRef | null, runtime: ProgramRuntime, valuesOf: string): Condition {
  if (ref === null) return always;
  if (ref.kind === 'script') return (scope) => runtime.call(ref.slot, scope) === true;
  if (ref.kind === 'values') return (scope) => hasValues(ref.values, scope[valuesOf]);
  const test = compileFilter(ref.filter, { caseSensitive: false });
  return (scope) => test(scope as Json);
}

/** 2014 form: a list contains the value, a map has it as a key, anything else equals it. */
function hasValues(wanted: JsonObject, object: Json | undefined): boolean {
  if (!isJsonObject(object)) return false;
  return Object.entries(wanted).every(([key, value]) => {
    const found = object[key];
    if (Array.isArray(found)) return found.some((element) => deepEqual(element, value));
    if (isJsonObject(found)) return typeof value === 'string' && Object.hasOwn(found, value);
    return deepEqual(found, value);
  });
}
