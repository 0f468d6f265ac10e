import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { RunEntry } from '../model/run.ts';
import { attributeOf } from '../sync/plan.ts';
import { masked, shown, type IsSecret } from './secrets.ts';

export interface AttributeChange {
  readonly attribute: string;
  readonly before: Json;
  readonly after: Json;
}

/** Before and after, per attribute. A create has no before, a delete no after. */
export function attributeChanges(entry: RunEntry): readonly AttributeChange[] {
  if (Array.isArray(entry.after))
    return entry.after.filter(isJsonObject).map((operation) => {
      const attribute = attributeOf(operation);
      return {
        attribute,
        before: shown(attribute, entry.before?.[attribute] ?? null),
        after: shown(attribute, operation['value'] ?? null),
      };
    });
  if (isJsonObject(entry.after))
    return Object.entries(entry.after).map(([attribute, after]) => ({
      attribute,
      before: null,
      after: shown(attribute, after),
    }));
  return [];
}

/** An entry for programs. */
export function entryJson(entry: RunEntry): JsonObject {
  const { situation, action, changeClass, status, linkQualifier, sourceId, targetId, phase, message, before } = entry;
  return {
    seq: entry.seq,
    phase,
    sourceId,
    targetId,
    linkQualifier,
    situation,
    action,
    change: changeClass,
    status,
    ambiguousTargetIds: entry.ambiguousTargetIds as string[] | null,
    attributes: attributeChanges(entry) as unknown as Json,
    ...(changeClass === 'delete' || changeClass === 'ambiguousDelete'
      ? { before: before === null ? null : masked(before) }
      : {}),
    message,
    detail: entry.detail,
  };
}

/** The entry as it may be shown: no value of it is a secret. */
export function harmless(entry: RunEntry, isSecret: IsSecret): RunEntry {
  const { before, after } = entry;
  const operation = (one: Json): Json => {
    if (!isJsonObject(one) || !('value' in one)) return one;
    return { ...one, value: shown(attributeOf(one), one['value']!, isSecret) };
  };
  return {
    ...entry,
    before: before === null ? null : masked(before, isSecret),
    after: Array.isArray(after) ? after.map(operation) : isJsonObject(after) ? masked(after, isSecret) : after,
  };
}
