import { Failure } from '../base/failure.ts';
import { deepEqual, isJsonObject, type Json, type JsonObject } from '../base/json.ts';

/**
 * Refuses with `bad-request` envelopes (`$crypto` objects) that a caller sends and that are not the present value of the very
 * same property: somebody else's hash would be a password that works, and somebody else's envelope would be opened for him.
 *
 * `present`: forms of the stored object whose values count as unchanged; none for a new object. Closed values that are imported
 * go through `repo/managed`.
 */
export function refuseForeignEnvelopes(path: string, object: JsonObject, present: readonly JsonObject[]): void {
  for (const [name, value] of Object.entries(object)) {
    if (name !== '$crypto' && !holdsEnvelope(value)) continue;
    if (present.some((stored) => Object.hasOwn(stored, name) && deepEqual(stored[name], value))) continue;
    throw new Failure(
      'bad-request',
      `${path}: the property "${name.slice(0, 100)}" holds a "$crypto" object that is not its present value: send the value itself, or leave it as it was read`,
    );
  }
}

function holdsEnvelope(value: Json): boolean {
  if (Array.isArray(value)) return value.some(holdsEnvelope);
  return isJsonObject(value) && (Object.hasOwn(value, '$crypto') || Object.values(value).some(holdsEnvelope));
}
