import type { ScriptFault, ScriptSource } from '../../mapping/script-host.ts';
import { eachScript, isJavaScript } from './check-scripts.ts';
import { member, pointerOf, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import type { ScriptFiles } from './script-files.ts';

/** Why a script does not compile; null if it does. */
export type ScriptCheck = (script: ScriptSource) => ScriptFault | null;

/** Every script below these values, inline or in a file, is compiled without being run. A file is told of once. */
export function checkSyntax(
  roots: readonly JsonNode[],
  scripts: ScriptFiles,
  check: ScriptCheck,
  findings: Findings,
): void {
  const told = new Set<string>();
  for (const root of roots)
    for (const { node, type } of eachScript(root)) {
      if (!isJavaScript(type)) continue;
      const text = scriptText(node, scripts);
      if (text === null || (text.file !== null && told.has(text.file))) continue;
      const source = { ...text, label: pointerOf(node), type, variables: [], constants: {} };
      const fault = check(source);
      if (fault === null || fault.kind === 'unsupported') continue;
      if (text.file === null) reportInline(findings, node, fault);
      else reportFile(findings, text.file, fault);
      if (text.file !== null) told.add(text.file);
    }
}

function scriptText(node: JsonNode, scripts: ScriptFiles): Pick<ScriptSource, 'file' | 'code'> | null {
  const code = textOf(member(node, 'source'));
  if (code !== null) return { file: null, code };
  const name = textOf(member(node, 'file')) ?? textOf(member(node, 'name'));
  const found = name === null ? null : scripts.find(name);
  return found?.kind === 'file' ? { file: found.file, code: found.code } : null;
}

/** The position in the file is that of the text; line and column within the text are told besides. */
function reportInline(findings: Findings, node: JsonNode, { line, column, message }: ScriptFault): void {
  const position = line === null ? '' : ` (line ${line}, column ${column ?? 1} of its text)`;
  report(findings, 'error', member(node, 'source'), `the script does not compile: ${message}${position}`);
}

function reportFile(findings: Findings, file: string, { line, column, message }: ScriptFault): void {
  const position = line === null ? {} : { line, column: column ?? 1 };
  findings.push({
    severity: 'error',
    file,
    pointer: '',
    ...position,
    message: `the script does not compile: ${message}`,
  });
}
