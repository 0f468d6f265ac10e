import type { Json, JsonObject } from '../../base/json.ts';

/** One thing that a value lacks, as clients know it: `{"policyRequirement": "MIN_LENGTH", "params": {"minLength": 8}}`. */
export interface PolicyRequirement {
  readonly policyRequirement: string;
  readonly params?: JsonObject;
}

/** What is wrong with one property. */
export interface FailedProperty {
  readonly property: string;
  readonly policyRequirements: readonly PolicyRequirement[];
}

/** Looks at one value. `value` undefined: the object does not have the property. */
export type PolicyCheck = (value: Json | undefined, object: JsonObject) => readonly PolicyRequirement[];

/** A policy of a property, ready to check. */
export interface Policy {
  readonly policyId: string;
  readonly params: JsonObject;
  /** What it can ask for: `["MIN_LENGTH"]`. */
  readonly requirements: readonly string[];
  readonly check: PolicyCheck;
}

export const MET: readonly PolicyRequirement[] = [];

export function requirement(policyRequirement: string, params?: JsonObject): readonly PolicyRequirement[] {
  return [params === undefined ? { policyRequirement } : { policyRequirement, params }];
}

/** The body of the answer to a validation, and the `detail` of a refusal (specification §1.10). */
export function validationResult(failed: readonly FailedProperty[]): JsonObject {
  const failedPolicyRequirements = failed.map(({ property, policyRequirements }): JsonObject => ({
    policyRequirements: policyRequirements.map((one): JsonObject => ({ ...one })),
    property,
  }));
  return { result: failed.length === 0, failedPolicyRequirements };
}
