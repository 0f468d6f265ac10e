import type { JsonObject } from '../../base/json.ts';
import type { ScriptConfig } from '../../model/script-config.ts';
import type { ScriptJson } from './schema-script.ts';

const OWN_KEYS: ReadonlySet<string> = new Set(['type', 'source', 'file', 'name', 'globals']);

/** `source` wins over `file`, and `file` over `name`. */
export function readScript(json: ScriptJson, pointer: string): ScriptConfig {
  const source = json.source ?? null;
  const rest = Object.entries(json).filter(([key]) => !OWN_KEYS.has(key));
  return {
    type: json.type,
    source,
    file: source === null ? (json.file ?? json.name ?? null) : null,
    globals: json.globals ?? {},
    constants: Object.fromEntries(rest) as JsonObject,
    pointer,
  };
}

/** The scripts among `keys` that are configured. */
export function readScripts<K extends string>(
  keys: readonly K[],
  json: Readonly<Partial<Record<K, ScriptJson | undefined>>>,
  pointer: string,
): Partial<Record<K, ScriptConfig>> {
  const scripts: Partial<Record<K, ScriptConfig>> = {};
  for (const key of keys) {
    const script = json[key];
    if (script !== undefined) scripts[key] = readScript(script, `${pointer}/${key}`);
  }
  return scripts;
}
