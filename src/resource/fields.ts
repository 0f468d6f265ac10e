import { getAt, parsePointer, putAt } from '../base/json-pointer.ts';
import type { JsonObject } from '../base/json.ts';
import type { StoredObject } from '../model/object-set.ts';

/**
 * `_fields` (specification §1.3): the listed members and `_id`; `_rev` only if listed (§0.2, 19). `*` stands for every
 * member. What an object does not have is left out.
 */
export function project(stored: StoredObject, fields: readonly string[]): StoredObject {
  const { object } = stored;
  const picked: JsonObject = {};
  if (object['_id'] !== undefined) picked['_id'] = object['_id'];
  for (const field of fields) {
    if (field === '*' || field === '/*' || field === '/' || field === '') {
      for (const [key, value] of Object.entries(object)) if (key !== '_rev') picked[key] = value;
      continue;
    }
    const pointer = parsePointer(field.startsWith('/') ? field : `/${field}`);
    const value = getAt(object, pointer);
    if (value !== undefined) putAt(picked, pointer, value);
  }
  return { ...stored, object: picked };
}
