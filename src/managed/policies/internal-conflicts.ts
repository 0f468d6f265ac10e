import { Failure } from '../../base/failure.ts';
import type { JsonObject } from '../../base/json.ts';
import type { ObjectReads } from '../../model/repository.ts';
import type { CompiledPolicies } from './compile-policies.ts';
import type { FailedProperty } from './policy.ts';

/** Where the internal users lie: administrators and the like, whose ids are their names. */
const INTERNAL_USERS = 'repo/internal/user';

/** Per object what is wrong with those properties whose value is the name of an internal user. One look-up for all. */
export async function internalConflicts(
  reads: ObjectReads,
  properties: CompiledPolicies['notInternal'],
  objects: readonly JsonObject[],
): Promise<readonly (readonly FailedProperty[])[]> {
  const names = [...new Set(objects.flatMap((object) => properties.flatMap(({ name }) => nameIn(object, name))))];
  if (names.length === 0) return objects.map(() => []);
  const taken = new Set((await internalUsers(reads, names)).map(({ id }) => id));
  const isTaken = (object: JsonObject, property: string): boolean =>
    nameIn(object, property).some((name) => taken.has(name));
  return objects.map((object) =>
    properties
      .filter(({ name }) => isTaken(object, name))
      .map(({ name, requirement }) => ({ property: name, policyRequirements: [{ policyRequirement: requirement }] })),
  );
}

function nameIn(object: JsonObject, property: string): readonly string[] {
  const value = Object.hasOwn(object, property) ? object[property] : null;
  return typeof value === 'string' && value !== '' ? [value] : [];
}

/** None in a repository that was never given one. */
async function internalUsers(reads: ObjectReads, names: readonly string[]): ReturnType<ObjectReads['readMany']> {
  try {
    return await reads.readMany(INTERNAL_USERS, names);
  } catch (error) {
    if (error instanceof Failure && error.code === 'not-found') return [];
    throw error;
  }
}
