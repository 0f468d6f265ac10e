import type { Diagnostic } from '../base/diagnostic.ts';
import type { Log } from '../base/log.ts';
import type { ScriptFault } from '../mapping/script-host.ts';
import { createScriptHost } from '../script/script-host.ts';
import { compileConfigured } from './compile-configured.ts';
import type { ProjectConfig } from './config/project-config.ts';
import { openScriptFiles } from './config/script-files.ts';

/** Compiles every mapping with its scripts, without running any. */
export async function checkScripts(config: ProjectConfig, log: Log): Promise<readonly Diagnostic[]> {
  const files = openScriptFiles(config.directory);
  const host = createScriptHost({ log });
  try {
    return config.mappings.flatMap((mapping) => {
      const { mapping: compiled, diagnostics } = compileConfigured(config, files, mapping);
      const faults = host.check(compiled.scripts).map((fault): Diagnostic => {
        const file = fault.file ?? mapping.file;
        const position =
          fault.line === null || fault.file === null ? {} : { line: fault.line, column: fault.column ?? 1 };
        return {
          severity: 'error',
          file,
          pointer: fault.file === null ? mapping.pointer : '',
          ...position,
          message: `${fault.place}${inlinePosition(fault)}: ${fault.message}`,
        };
      });
      return [...diagnostics, ...faults];
    });
  } finally {
    await host.close();
  }
}

/** Of a script that stands in the configuration itself: line and column within its own text. */
function inlinePosition({ file, line, column }: ScriptFault): string {
  return file !== null || line === null ? '' : ` (inline:${line}:${column ?? 1})`;
}
