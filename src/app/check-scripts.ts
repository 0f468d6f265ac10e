import type { Diagnostic } from '../base/diagnostic.ts';
import type { Log } from '../base/log.ts';
import { compileManaged } from '../managed/compile-managed.ts';
import type { ManagedObjectConfig } from '../managed/managed-config.ts';
import type { ScriptFault, ScriptHost } from '../mapping/script-host.ts';
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
  const files = openScriptFiles(config.directory);
  const host = createScriptHost({ log });
  try {
    const inline = config.schedules.flatMap(({ mapping }) => mapping ?? []);
    const ofMappings = [...config.mappings, ...inline].flatMap((mapping) => {
      const { mapping: compiled, pointers, diagnostics } = compileConfigured(config, files, mapping);
      const faults = compiled.scripts.flatMap((script, slot) =>
        host.check([script]).map((fault) => diagnosticOf(fault, mapping.file, pointers[slot] ?? mapping.pointer)),
      );
      return [...diagnostics, ...faults];
    });
    const ofManaged = config.managed.flatMap((type) => managedFaults(type, files, host));
    return [...ofMappings, ...ofManaged, ...scheduleFaults(config, files, host)];
  } finally {
    await host.close();
  }
}

/** Hooks of managed types; compiled the way they are when the type is opened. */
function managedFaults(type: ManagedObjectConfig, files: ScriptFiles, host: ScriptHost): readonly Diagnostic[] {
  const compiled = compileManaged(type, (file) => foundScript(files.find(file)));
  const faults = compiled.scripts.flatMap((script) =>
    host.check([script]).map((fault) => diagnosticOf(fault, type.file, type.pointer)),
  );
  return [...compiled.diagnostics, ...faults];
}

/** Scripts that jobs run. */
function scheduleFaults({ schedules }: ProjectConfig, files: ScriptFiles, host: ScriptHost): readonly Diagnostic[] {
  return schedules.flatMap(({ job, file: configFile }) => {
    const place = Object.hasOwn(job.invokeContext, 'script') ? [] : ['task'];
    const parsed = scriptSchema.safeParse(getAt(job.invokeContext, [...place, 'script']));
    const script = parsed.success ? readScript(parsed.data, '') : null;
    const text = script === null ? null : scriptText(script, files);
    if (script === null || text === null) return [];
    const constants = { ...script.constants, ...script.globals };
    const variables = ['context', 'input', 'objectID', ...Object.keys(constants)];
    const source = { ...text, label: `job ${job.id}`, type: script.type, variables, constants: {} };
    const pointer = formatPointer(['invokeContext', ...place, 'script']);
    return host.check([source]).map((fault) => diagnosticOf(fault, configFile, pointer));
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
function diagnosticOf(fault: ScriptFault, configFile: string, pointer: string): Diagnostic {
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
