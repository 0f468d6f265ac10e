import type { ModuleSource } from '../../mapping/script-host.ts';
import { analyzeScript, type RealmReach } from './analyze-script.ts';
import { applyEdits, Edits } from './edits.ts';
import { parseScript } from './parse-script.ts';
import { rewriteForEach } from './prepare-script.ts';

/** A CommonJS module, or a file for `load`, as the child process compiles it. */
export interface PreparedModule {
  readonly file: string;
  readonly code: string;
  /** A module's own functions are trusted not to hide anything: `define` counts as `assign`. */
  readonly reach: RealmReach;
}

/** `load`: the file's top-level names become globals, as they did in Rhino. Throws an Error with the place in its text. */
export function prepareModule(source: ModuleSource, purpose: 'require' | 'load'): PreparedModule {
  if (source.file.endsWith('.json')) return { ...source, reach: 'none' };
  const parsed = parseScript(source.code, { isModule: true });
  if (!('program' in parsed)) throw new Error(`${source.file}:${parsed.line}:${parsed.column}: ${parsed.message}`);
  const traits = analyzeScript(parsed.program);
  if (traits.dynamicImport !== null) throw new Error(`${source.file}: import() is not available: use require`);
  const edits = new Edits();
  rewriteForEach(source.code, parsed.forEachLoops, edits);
  if (purpose === 'load') edits.close(source.code.length, publishNames(traits.declaredNames));
  return {
    file: source.file,
    code: applyEdits(source.code, edits.sorted()),
    reach: traits.reach !== 'none' || traits.implicitNames.length > 0 || purpose === 'load' ? 'assign' : 'none',
  };
}

function publishNames(names: readonly string[]): string {
  // Names of inner blocks may be among them; `typeof` is how to ask for a name that may not be there.
  const publish = (name: string): string => `if (typeof ${name} !== 'undefined') globalThis.${name} = ${name};`;
  return `\n;${names.map(publish).join('')}`;
}
