import type { Diagnostic } from '../base/diagnostic.ts';
import type { ScriptSource } from '../mapping/script-host.ts';
import { undefinedNames } from '../script/compile/undefined-names.ts';
import { diagnosticOf, scriptsOf } from './check-scripts.ts';
import { isJavaScript } from './config/check-scripts.ts';
import type { ProjectConfig } from './config/project-config.ts';

/** More of one script are not read by anybody. */
const MAX_TOLD = 5;

/** Warnings about scripts that read a name which nothing gives them (docs/spec/ownership.md, O-22). Runs nothing. */
export function undefinedVariables(config: ProjectConfig): readonly Diagnostic[] {
  return scriptsOf(config).scripts.flatMap(({ source, file, pointer }) =>
    found(source).map(({ name, line, column }): Diagnostic => {
      const message = `"${name}" is not defined: the script fails when it gets there`;
      const fault = { kind: 'syntax', place: source.label, file: source.file, line, column, message } as const;
      return {
        ...diagnosticOf(fault, file, pointer),
        severity: 'warning',
        code: 'undefined-variable',
        hint: `Here are ${given(source).join(', ')}, and what the script declares itself.`,
      };
    }),
  );
}

function found(source: ScriptSource): ReturnType<typeof undefinedNames> {
  return isJavaScript(source.type) ? undefinedNames(source.code, given(source)).slice(0, MAX_TOLD) : [];
}

function given({ variables, constants }: ScriptSource): readonly string[] {
  return [...new Set([...variables, ...Object.keys(constants)])];
}
