import { parsePointer } from '../base/json-pointer.ts';
import type { JsonObject } from '../base/json.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { Caller } from '../resource/context.ts';
import type { ManagedType } from './managed-type.ts';

/**
 * What a caller gets to see of an object: private properties are for internal callers only (specification §2.2), and those that
 * are not returned by default for those who name them.
 */
export function shownObject(
  type: ManagedType,
  stored: StoredObject,
  caller: Caller,
  fields: readonly string[] | null,
): StoredObject {
  const named = new Set((fields ?? []).map(topOf));
  const hidden = type.compiled.config.properties.filter(
    ({ name, scope, returnByDefault }) =>
      Object.hasOwn(stored.object, name) &&
      ((caller.isExternal && scope === 'private') || (!returnByDefault && !named.has(name))),
  );
  if (hidden.length === 0) return stored;
  const object: JsonObject = { ...stored.object };
  for (const { name } of hidden) delete object[name];
  return { ...stored, object };
}

function topOf(field: string): string {
  return parsePointer(field)[0] ?? '';
}

/** What an external caller may not see, it may not ask about either: the answers would tell it bit by bit. */
export function hiddenFrom({ isExternal }: Caller, type: ManagedType): ReadonlySet<string> {
  if (!isExternal) return NOTHING;
  return new Set(type.compiled.config.properties.flatMap(({ name, scope }) => (scope === 'private' ? [name] : [])));
}

const NOTHING: ReadonlySet<string> = new Set();
