import { isJsonObject } from '../../base/json.ts';
import { checkScripts } from './check-scripts.ts';
import { items, member, report, type Findings, type JsonNode } from './json-node.ts';
import type { LoadedFile } from './loaded-file.ts';
import type { ScriptFiles } from './script-files.ts';

/** Files of OpenIDM that nothing here reads, and endpoints: faults in them keep nothing else from working. */
export function checkOtherFiles(files: readonly LoadedFile[], scripts: ScriptFiles, findings: Findings): void {
  for (const { id, root } of files) {
    if (!isJsonObject(root?.value)) continue;
    if (id.startsWith('endpoint/')) checkScripts(root, scripts, findings, 'warning');
    if (id === 'authentication') report(findings, 'warning', root, 'this file has no effect here', AUTHENTICATION);
    if (id === 'router') checkRouter(root, findings);
  }
  if (scripts.find('access.js').kind === 'file') findings.push({ ...ACCESS, severity: 'warning', pointer: '' });
}

const AUTHENTICATION = 'Say in "security" of conf/lockstep.json who may log in, and how.';
const ACCESS = {
  file: 'script/access.js',
  message: 'this script has no effect here',
  hint: 'Say in "access" of conf/lockstep.json who may do what.',
} as const;

function checkRouter(root: JsonNode, findings: Findings): void {
  const filters = member(root, 'filters');
  if (items(filters).length === 0) return;
  const hint = 'Policies are checked without one; use "access" of conf/lockstep.json, and hooks in conf/managed.json.';
  report(findings, 'warning', filters, 'filters have no effect here', hint);
}
