import type { ScriptConfig } from '../model/script-config.ts';
import { scriptEffects, type ScriptEffects } from '../script/compile/script-effects.ts';
import { isJavaScript } from './config/check-scripts.ts';
import type { ScriptFiles } from './config/script-files.ts';
import type { EffectsOf } from './ownership/analyzed-project.ts';

/** Variables whose attributes the checks of mappings follow. */
const VARIABLES = ['source', 'target', 'object', 'oldSource', 'oldTarget', 'existingTarget', 'oldObject'];

/** Reads the scripts of a project as the checks of ownership look at them; each text once. */
export function scriptEffectsOf(files: ScriptFiles): EffectsOf {
  const known = new Map<string, ScriptEffects | null>();
  return (script) => {
    const code = isJavaScript(script.type) ? textOf(script, files) : null;
    if (code === null) return null;
    const found = known.get(code);
    if (found !== undefined) return found;
    const effects = scriptEffects(code, VARIABLES);
    known.set(code, effects);
    return effects;
  };
}

function textOf({ source, file }: ScriptConfig, files: ScriptFiles): string | null {
  if (source !== null || file === null) return source;
  const found = files.find(file);
  return found.kind === 'file' ? found.code : null;
}
