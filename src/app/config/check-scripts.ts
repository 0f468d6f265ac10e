import type { Severity } from '../../base/diagnostic.ts';
import { entries, items, member, pointerOf, report, textOf, type Findings, type JsonNode } from './json-node.ts';
import { checkModules, checkShippedScript } from './check-shipped.ts';
import type { ScriptFiles } from './script-files.ts';

/** Every script anywhere below a value: its language, whether its file is there (`ifMissing`), and the modules that it asks for. */
export function checkScripts(
  node: JsonNode,
  scripts: ScriptFiles,
  findings: Findings,
  ifMissing: Severity = 'error',
): void {
  for (const script of eachScript(node)) checkScript(script.node, script.type, scripts, findings, ifMissing);
}

/** Every script anywhere below a value. */
export function* eachScript(node: JsonNode): Iterable<{ readonly node: JsonNode; readonly type: string }> {
  const type = textOf(member(node, 'type'));
  if (type !== null && looksLikeScript(type, node)) {
    yield { node, type };
    return;
  }
  for (const [, child] of entries(node)) yield* eachScript(child);
  for (const child of items(node)) yield* eachScript(child);
}

export function isJavaScript(type: string): boolean {
  return /^(?:text|application)\/(?:x-)?(?:java|ecma)script$|^(?:java|ecma)script$/i.test(type);
}

function looksLikeScript(type: string, node: JsonNode): boolean {
  const hasText = ['source', 'file', 'name'].some((key) => member(node, key).value !== undefined);
  return hasText && (isJavaScript(type) || /script|groovy/i.test(type));
}

function checkScript(
  node: JsonNode,
  type: string,
  scripts: ScriptFiles,
  findings: Findings,
  ifMissing: Severity,
): void {
  const source = member(node, 'source');
  const file = ['file', 'name'].map((key) => member(node, key)).find((one) => textOf(one) !== null);
  if (file !== undefined && source.value !== undefined)
    report(findings, 'warning', file, 'the script has a "source" too, which is used instead', 'Remove one of the two.');
  const found = file === undefined || source.value !== undefined ? null : scripts.find(textOf(file) ?? '');
  if (file !== undefined && found !== null && found.kind !== 'file' && found.kind !== 'builtIn')
    report(findings, ifMissing, file, found.message, 'Paths are relative to script/ or to the project directory.');
  if (file !== undefined && found?.kind === 'builtIn') checkShippedScript(file, found.name, findings);
  const code = textOf(source);
  if (isJavaScript(type) && code !== null) checkModules(source, { code, file: null }, scripts, findings);
  if (isJavaScript(type) && file !== undefined && found?.kind === 'file') checkModules(file, found, scripts, findings);
  if (isJavaScript(type) || found?.kind === 'builtIn') return;
  const place = pointerOf(node).split('/').at(-1) || 'endpoint';
  const hint = 'Only text/javascript can be run.';
  report(
    findings,
    'warning',
    member(node, 'type'),
    `${place}: a script in the language "${type}" cannot be run here`,
    hint,
  );
}
