import type { Json, JsonObject } from '../../base/json.ts';
import { isJsonObject } from '../../base/json.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import type { RunEntry } from '../../model/run.ts';
import { attributeOf } from '../../sync/plan.ts';

/** What a plan would write although an earlier one has just done so: one attribute of one mapping, with an example. */
export interface Rewrite {
  readonly mapping: MappingConfig;
  /** Null: a whole object would be created again. */
  readonly attribute: string | null;
  readonly objects: number;
  readonly example: {
    readonly sourceId: string | null;
    readonly targetId: string | null;
    readonly before: Json;
    readonly after: Json;
  };
}

/**
 * By attribute, what is created or updated by these entries. An object that is created for a link whose target is gone is left
 * out: plans do not move links.
 */
export function rewritesOf(mapping: MappingConfig, entries: readonly RunEntry[]): readonly Rewrite[] {
  const found = new Map<string | null, Rewrite>();
  for (const entry of entries) {
    if (entry.status === 'failed' || entry.situation === 'MISSING') continue;
    for (const change of changesOf(entry)) {
      const known = found.get(change.attribute);
      const { sourceId, targetId } = entry;
      const { attribute, before, after } = change;
      found.set(
        attribute,
        known === undefined
          ? { mapping, attribute, objects: 1, example: { sourceId, targetId, before, after } }
          : { ...known, objects: known.objects + 1 },
      );
    }
  }
  return [...found.values()];
}

interface Change {
  readonly attribute: string | null;
  readonly before: Json;
  readonly after: Json;
}

function changesOf({ changeClass, before, after }: RunEntry): readonly Change[] {
  if (changeClass === 'create') return [{ attribute: null, before: null, after: null }];
  if (changeClass !== 'update' || !Array.isArray(after)) return [];
  return after.filter(isJsonObject).map((operation: JsonObject) => {
    const attribute = attributeOf(operation);
    return { attribute, before: before?.[attribute] ?? null, after: operation['value'] ?? null };
  });
}
