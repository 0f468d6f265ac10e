import { deepEqual, type Json, type JsonObject } from '../base/json.ts';
import { getAt } from '../base/json-pointer.ts';
import type { ProgramPayload, PropertyStep } from './program-payload.ts';
import type { ProgramRuntime } from './script-host.ts';

interface Difference {
  readonly object: JsonObject;
  readonly changed: string[];
}

/** What an UPDATE would change; null if nothing. */
export type DiffObject = (source: JsonObject, existing: JsonObject) => Difference | null;

interface Read {
  readonly key: string;
  readonly read: (source: JsonObject) => Json;
  readonly default: Json;
  readonly keepsAbsent: boolean;
}

/**
 * The common case of a mapping, faster: entries that copy attribute to attribute, without conditions, scripts or hooks.
 * Compares each value where it lies instead of copying the target and comparing it afterwards. Null if the mapping is not
 * of that kind; `map-object.ts` is the rule then. That both agree is a property test.
 */
export function compileDiff(
  { properties: all, notOwned = [], hooks, defaultMapping }: ProgramPayload,
  runtime: ProgramRuntime,
): DiffObject | null {
  const properties = all.filter((step) => step.owner === undefined);
  const isWhole = notOwned.every(([key]) => properties.every((step) => step.target[0] !== key));
  const isPlain = isWhole && hooks.onUpdate === null && defaultMapping === null && properties.every(isCopy);
  if (!isPlain || new Set(properties.map((step) => step.target[0])).size < properties.length) return null;
  const reads = properties.map((step): Read => {
    return {
      key: step.target[0]!,
      read: compileRead(step.source),
      default: step.default,
      keepsAbsent: step.ifAbsent === 'keep',
    };
  });
  return (source, existing) => {
    let object: JsonObject | null = null;
    const changed: string[] = [];
    for (const step of reads) {
      const value = step.read(source) ?? step.default;
      if (value === null && step.keepsAbsent) continue;
      const was = existing[step.key] ?? null;
      if (was === value || deepEqual(was, value)) continue;
      object ??= { ...existing };
      object[step.key] = runtime.clone(value);
      changed.push(step.key);
    }
    if (object === null) return null;
    delete object['_rev'];
    return { object, changed };
  };
}

function isCopy(step: PropertyStep): boolean {
  const [key] = step.target;
  const isOwnName = key !== '_id' && key !== '_rev' && key !== '__proto__' && !(String(key) in Object.prototype);
  return (
    step.target.length === 1 &&
    isOwnName &&
    step.condition === null &&
    step.transform === null &&
    step.linkQualifier === null
  );
}

function compileRead(tokens: readonly string[] | null): (source: JsonObject) => Json {
  if (tokens === null) return () => null;
  if (tokens.length === 0) return (source) => source;
  const [key] = tokens as [string];
  if (tokens.length > 1 || key in Object.prototype) return (source) => getAt(source, tokens) ?? null;
  return (source) => source[key] ?? null;
}
