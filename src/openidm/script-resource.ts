import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { ScriptConfig } from '../model/script-config.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ActionRequest } from '../resource/request.ts';
import type { Resource } from '../resource/resource.ts';
import { contextFor } from '../resource/script-context.ts';
import { placeOf, requestScriptFailure } from './script-failure.ts';
import type { ScriptRunner } from './script-runner.ts';

const LABEL = 'script of the request';
const OWN_KEYS: ReadonlySet<string> = new Set(['type', 'source', 'file', 'name', 'globals']);

/** `script?_action=eval` and `_action=compile` (specification §9.3). */
export function scriptResource(runner: ScriptRunner): Resource {
  return {
    action: async (request, id, context) => {
      if (id !== '') throw new Failure('not-found', `Resource 'script/${id}' not found`);
      if (request.action === 'eval') return evaluate(runner, request, context);
      if (request.action === 'compile') return compile(runner, request);
      throw new Failure('bad-request', `script has the actions eval and compile, not "${request.action}"`);
    },
  };
}

/** The script's further keys and the parameters of the request are its variables; the request's win. */
async function evaluate(runner: ScriptRunner, request: ActionRequest, context: RequestContext): Promise<Json> {
  const script = scriptOf(request.content);
  const variables: JsonObject = {
    context: contextFor(context),
    ...script.globals,
    ...script.constants,
    ...request.parameters,
  };
  const result = await runner.attempt(script, variables, context, LABEL);
  if (result.ok) return result.value;
  throw requestScriptFailure(result.fault);
}

function compile(runner: ScriptRunner, request: ActionRequest): boolean {
  const script = scriptOf(request.content);
  const fault = runner.check(script, ['context', ...Object.keys(request.parameters)], LABEL);
  if (fault === null) return true;
  const position = fault.line === null ? '' : ` (line ${fault.line}, column ${fault.column ?? 1})`;
  throw new Failure('bad-request', `${fault.message}${position}`, { detail: placeOf(fault) });
}

function scriptOf(content: Json): ScriptConfig {
  if (!isJsonObject(content)) throw new Failure('bad-request', 'the body must be a script: {"type": …, "source": …}');
  const { type, globals } = content;
  const source = textAt(content, 'source');
  const file = textAt(content, 'file') ?? textAt(content, 'name');
  if (typeof type !== 'string') throw new Failure('bad-request', 'the script needs a "type", such as text/javascript');
  if (source === null && (file === null || file === ''))
    throw new Failure('bad-request', 'the script needs a "source" or a "file"');
  if (globals !== undefined && globals !== null && !isJsonObject(globals))
    throw new Failure('bad-request', 'the "globals" of the script must be a map');
  const constants = Object.fromEntries(Object.entries(content).filter(([key]) => !OWN_KEYS.has(key)));
  return { type, source, file: source === null ? file : null, globals: globals ?? {}, constants, pointer: '' };
}

function textAt(content: JsonObject, key: string): string | null {
  const value = content[key];
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  throw new Failure('bad-request', `the "${key}" of the script must be a text`);
}
