import type { Json, JsonObject } from '../../base/json.ts';
import type { CompiledPolicies, PropertyPolicies } from './compile-policies.ts';
import { isAbsent } from './policy-kinds.ts';
import { MET, type FailedProperty, type PolicyRequirement } from './policy.ts';

/** What is wrong with an object, apart from values that others have already. `isHidden`: a value that cannot be looked into. */
export function validateObject(
  { properties }: CompiledPolicies,
  object: JsonObject,
  isHidden: (value: Json) => boolean,
): readonly FailedProperty[] {
  const failed: FailedProperty[] = [];
  for (const one of properties) {
    const policyRequirements = validateProperty(one, object, isHidden);
    if (policyRequirements.length > 0) failed.push({ property: one.name, policyRequirements });
  }
  return failed;
}

/** Of a hash nothing is known but that it is there. Where a value is missing, its other faults are not worth telling. */
export function validateProperty(
  { name, policies }: PropertyPolicies,
  object: JsonObject,
  isHidden: (value: Json) => boolean,
): readonly PolicyRequirement[] {
  const value = Object.hasOwn(object, name) ? object[name]! : undefined;
  if (!isAbsent(value) && isHidden(value)) return [];
  let found: PolicyRequirement[] | undefined;
  for (const { check } of policies)
    for (const one of check(value, object))
      if (found?.some((known) => known.policyRequirement === one.policyRequirement) !== true) (found ??= []).push(one);
  return found ?? MET;
}
