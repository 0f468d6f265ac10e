import { getAt, parsePointer } from '../base/json-pointer.ts';
import { deepEqual, type JsonObject } from '../base/json.ts';

/** Those of `fields` (names or pointers) that differ, as pointers. */
export function changedFields(
  before: JsonObject | null,
  after: JsonObject | null,
  fields: readonly string[],
): readonly string[] {
  return fields
    .map((field) => (field.startsWith('/') ? field : `/${field}`))
    .filter((field) => {
      const pointer = parsePointer(field);
      return !deepEqual(getAt(before ?? {}, pointer), getAt(after ?? {}, pointer));
    });
}
