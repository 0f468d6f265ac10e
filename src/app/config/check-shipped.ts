import { builtInHook } from '../../managed/built-in-hooks.ts';
import { isTreeScript } from './read-correlation.ts';
import { pointerOf, report, type Findings, type JsonNode } from './json-node.ts';
import type { ScriptFiles } from './script-files.ts';
import { shippedModule } from './shipped-modules.ts';

/** Of mappings; without roles they have nothing to do (see check-roles.ts). */
const ROLE_SCRIPTS = /^roles\/(?:defaultMapping\.js|defaultPostMapping\.groovy|onRecon\.groovy)$/;
const HINT = 'Put a script of that name into script/ of the project, or take it out of the configuration.';

/** A script that OpenIDM ships and that nothing stands in for here. `file`: where the configuration names it. */
export function checkShippedScript(file: JsonNode, name: string, findings: Findings): void {
  if (builtInHook(name) !== undefined || isTreeScript(name) || ROLE_SCRIPTS.test(name)) return;
  const isEndpoint = file.document.file.startsWith('conf/endpoint-');
  const isAction = /\/policies\/\d+\/action\//.test(pointerOf(file));
  const effect = isEndpoint
    ? 'the endpoint answers 501'
    : isAction
      ? 'the objects in this situation fail'
      : 'it has no effect';
  report(findings, 'warning', file, `the script ${name}, which OpenIDM ships, is not available here: ${effect}`, HINT);
}

/** A text that asks for modules. `file` null: inline. */
interface ModuleText {
  readonly code: string;
  readonly file: string | null;
}

const MAX_MODULES = 500;

/** Modules that a script, or a module of the project that it loads, asks for and that are not there. */
export function checkModules(place: JsonNode, script: ModuleText, scripts: ScriptFiles, findings: Findings): void {
  const seen = new Set<string>();
  const waiting: ModuleText[] = [script];
  for (let text = waiting.pop(); text !== undefined && seen.size < MAX_MODULES; text = waiting.pop())
    for (const request of requestsIn(text.code)) {
      const found = scripts.resolveModule(request, text.file);
      const by = text === script ? '' : ` (asked for by ${text.file})`;
      if (found === null)
        report(findings, 'warning', place, `there is no module "${request}"${by}`, moduleHint(request));
      else if (!seen.has(found.file) && found.code !== shippedModule(request)?.code) waiting.push(found);
      if (found !== null) seen.add(found.file);
    }
}

function moduleHint(request: string): string {
  return `It fails where it is asked for. Put ${request.replace(/\.js$/, '')}.js into script/ of the project.`;
}

/** The names in `require('…')`, but not those in comments. */
function requestsIn(code: string): ReadonlySet<string> {
  const text = code.replaceAll(/\/\*[^]*?\*\/|(?<=^|[\s;])\/\/.*$/gm, '');
  return new Set([...text.matchAll(/\brequire\s*\(\s*(['"])([^'"\n]{1,200})\1\s*\)/g)].map((match) => match[2]!));
}
