import { deepEqual, type Json, type JsonObject } from '../../base/json.ts';
import type { StoredObject } from '../../model/object-set.ts';

/**
 * Whether an object is no longer as a run left it, in words; null: it is. By revision where there is one, else by the
 * values that the run wrote (null: it removed the attribute). `_id` and `_rev` are not compared.
 */
export function changedSince(
  target: StoredObject,
  expectedRev: string | null,
  written: JsonObject,
  unreadable: ReadonlySet<string>,
): string | null {
  if (expectedRev !== null)
    return target.rev === expectedRev ? null : `it has changed since (revision ${target.rev}, not ${expectedRev})`;
  for (const [attribute, value] of Object.entries(written))
    if (isCompared(target, attribute) && !unreadable.has(attribute) && !isHeld(target.object[attribute] ?? null, value))
      return `${attribute} has changed since`;
  return null;
}

/** Systems ignore what begins with "_" and is none of their attributes (`__ENABLE__`). */
function isCompared({ object }: StoredObject, attribute: string): boolean {
  if (attribute === '_id' || attribute === '_rev') return false;
  return !attribute.startsWith('_') || Object.hasOwn(object, attribute);
}

/** As the external system may store it: a number as text, one value as a list of one, nothing as an empty text. */
function isHeld(held: Json, written: Json): boolean {
  return deepEqual(held, written) || deepEqual(asStored(held), asStored(written));
}

function asStored(value: Json): Json {
  if (value === null || value === '') return [];
  if (Array.isArray(value)) return value.map(asText);
  return [asText(value)];
}

function asText(value: Json): Json {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
}
