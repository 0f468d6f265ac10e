import type { Diagnostic } from '../base/diagnostic.ts';
import type { Log } from '../base/log.ts';
import { compileManaged } from '../managed/compile-managed.ts';
import type { ScriptFault, ScriptSource } from '../mapping/script-host.ts';
import { createScriptHost } from '../script/script-host.ts';
import { compileConfigured } from './compile-configured.ts';
import type { ScriptConfig } from '../model/script-config.ts';
import { formatPointer, getAt } from '../base/json-pointer.ts';
import type { ScriptCheck } from './config/check-syntax.ts';
import { readScript } from './config/read-script.ts';
import { scriptSchema } from './config/schema-script.ts';
import type { ProjectConfig } from './config/project-config.ts';
import { openScriptFiles, type ScriptFiles } from './config/script-files.ts';
import { foundScript } from './managed-types.ts';

/** Compiles every mapping with its scripts, without running any. */
export async function checkScripts(config: ProjectConfig, log: Log): Promise<readonly Diagnostic[]> {
  const host = createScriptHost({ log });
  try {
    const { scripts, diagnostics } = scriptsOf(config);
    const faults = scripts.flatMap(({ source, file, pointer }) =>
      host.check([source]).map((fault) => diagnosticOf(fault, file, pointer)),
    );
    return [...diagnostics, ...faults];
  } finally {
    await host.close();
  }
}

/** A script with its variables, and where the configuration has it. */
export interface PlacedScript {
  readonly source: ScriptSource;
  readonly file: string;
  readonly pointer: string;
}

/** The scripts of mappings, managed types and jobs as they are when they are used; and what is wrong with those places otherwise. */
export function scriptsOf(config: ProjectConfig): {
  readonly scripts: readonly PlacedScript[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const files = openScriptFiles(config.directory);
  const inline = config.schedules.flatMap(({ mapping }) => mapping ?? []);
  const mappings = [...config.mappings, ...inline].map((mapping) => {
    const { mapping: compiled, pointers, diagnostics } = compileConfigured(config, files, mapping);
    const scripts = compiled.scripts.map((source, slot) => ({
      source,
      file: mapping.file,
      pointer: pointers[slot] ?? mapping.pointer,
    }));
    return { scripts, diagnostics };
  });
  const managed = config.managed.map((type) => {
    const { scripts, diagnostics } = compileManaged(type, (file) => foundScript(files.find(file)));
    return { scripts: scripts.map((source) => ({ source, file: type.file, pointer: type.pointer })), diagnostics };
  });
  const all = [...mappings, ...managed];
  return {
    scripts: [...all.flatMap(({ scripts }) => scripts), ...scheduleScripts(config, files)],
    diagnostics: all.flatMap(({ diagnostics }) => diagnostics),
  };
}

/** Scripts that jobs run. */
function scheduleScripts({ schedules }: ProjectConfig, files: ScriptFiles): readonly PlacedScript[] {
  return schedules.flatMap(({ job, file }) => {
    const place = Object.hasOwn(job.invokeContext, 'script') ? [] : ['task'];
    const parsed = scriptSchema.safeParse(getAt(job.invokeContext, [...place, 'script']));
    const script = parsed.success ? readScript(parsed.data, '') : null;
    const text = script === null ? null : scriptText(script, files);
    if (script === null || text === null) return [];
    const constants = { ...script.constants, ...script.globals };
    const variables = ['context', 'input', 'objectID', ...Object.keys(constants)];
    const source = { ...text, label: `job ${job.id}`, type: script.type, variables, constants: {} };
    return [{ source, file, pointer: formatPointer(['invokeContext', ...place, 'script']) }];
  });
}

/** Null: what is missing, or cannot be had here, was told when the project was read. */
function scriptText(
  { source, file }: ScriptConfig,
  files: ScriptFiles,
): { readonly code: string; readonly file: string | null } | null {
  if (source !== null) return { code: source, file: null };
  const found = files.find(file ?? '');
  return found.kind === 'file' ? { code: found.code, file: found.file } : null;
}

/** For `loadProject`: compiles one script without running it. */
export function scriptCheck(log: Log): ScriptCheck {
  const host = createScriptHost({ log });
  return (script) => host.check([script])[0] ?? null;
}

/** The place is that of a script file, or of the script object in the configuration. */
export function diagnosticOf(fault: ScriptFault, configFile: string, pointer: string): Diagnostic {
  const position = fault.line === null || fault.file === null ? {} : { line: fault.line, column: fault.column ?? 1 };
  return {
    severity: 'error',
    file: fault.file ?? configFile,
    pointer: fault.file === null ? pointer : '',
    ...position,
    message: `${fault.place}${inlinePosition(fault)}: ${fault.message}`,
  };
}

/** Of a script that stands in the configuration itself: line and column within its own text. */
function inlinePosition({ file, line, column }: ScriptFault): string {
  return file !== null || line === null ? '' : ` (inline:${line}:${column ?? 1})`;
}
