import { Failure } from './failure.ts';
import { isJsonObject, type Json } from './json.ts';

/** Of one patch, as its sender wrote it. */
export const MAX_PATCH_OPERATIONS = 1000;
/** Of what a patch puts into an object, and of an object that grows by one: characters of JSON. As large as a body may be. */
export const MAX_PATCHED_SIZE = 10 * 1024 * 1024;
export const MAX_PATCHED_DEPTH = 200;
/** Elements of lists that the operations of one patch look at. */
const MAX_STEPS = 20_000_000;

/** What one patch may still do. Its functions throw `Failure('bad-request')` when it is used up. */
export interface PatchBudget {
  /** `value` comes to lie `depth` levels deep. */
  put(value: Json, depth: number): void;
  /** A list of so many elements is looked at from one end to the other. */
  look(elements: number): void;
}

export function patchBudget(): PatchBudget {
  let [size, steps] = [0, 0];
  return {
    put: (value, depth) => {
      size += sizeOf(value, depth);
      if (size > MAX_PATCHED_SIZE)
        throw refused(`its operations put more than ${MAX_PATCHED_SIZE} characters into the object`);
    },
    look: (elements) => {
      steps += elements;
      if (steps > MAX_STEPS) throw refused('its operations look at too many elements of lists; send several patches');
    },
  };
}

/** Throws unless the patch is a list of not too many operations. */
export function checkPatchLength(patch: Json): asserts patch is Json[] {
  if (!Array.isArray(patch)) throw new Failure('bad-request', 'a patch is a list of operations');
  if (patch.length > MAX_PATCH_OPERATIONS)
    throw refused(`it has ${patch.length} operations; at most ${MAX_PATCH_OPERATIONS} are carried out at once`);
}

/** An object that was larger before may become smaller. */
export function checkPatchedSize(before: Json, after: Json): void {
  const size = sizeOf(after, 0);
  if (size <= MAX_PATCHED_SIZE || size <= sizeOf(before, 0)) return;
  throw refused(`the object would have ${size} characters of JSON; at most ${MAX_PATCHED_SIZE} are possible`);
}

/** About the length as JSON. */
function sizeOf(value: Json, depth: number): number {
  if (depth > MAX_PATCHED_DEPTH) throw refused(`the object would be more than ${MAX_PATCHED_DEPTH} levels deep`);
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 5;
  let size = 2;
  if (Array.isArray(value)) for (const one of value) size += sizeOf(one, depth + 1) + 1;
  else if (isJsonObject(value))
    for (const key of Object.keys(value)) size += key.length + 4 + sizeOf(value[key]!, depth + 1);
  return size;
}

function refused(fault: string): Failure {
  return new Failure('bad-request', `the patch is refused: ${fault}`);
}
