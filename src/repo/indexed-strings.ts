import type { JsonObject } from '../base/json.ts';

const NONE: readonly string[] = [];

/** The texts by which an object is found under an attribute: its value, or those of its values that are texts. */
export function indexedStrings(doc: JsonObject, attribute: string): readonly string[] {
  if (!Object.hasOwn(doc, attribute)) return NONE;
  const value = doc[attribute];
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((element) => typeof element === 'string') : NONE;
}
