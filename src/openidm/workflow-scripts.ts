import { deepEqual, isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { RequestContext } from '../resource/context.ts';
import { contextFor } from '../resource/script-context.ts';
import type { NamedTemplate } from '../workflow/process-definition.ts';
import type { Actor } from '../workflow/records.ts';
import type { WorkRequest, WorkResult } from '../workflow/workflow-port.ts';
import { scriptFailure } from './script-failure.ts';
import type { ScriptRunner } from './script-runner.ts';
import { Failure } from '../base/failure.ts';

/** Does the work of a process: a script in the script host, or an action on the resource tree, for the person who caused it. */
export async function performWork(lockstep: Lockstep, runner: ScriptRunner, request: WorkRequest): Promise<WorkResult> {
  const { work } = request;
  switch (work.kind) {
    case 'unsupported':
      throw new Failure('unsupported', work.message);
    case 'action':
      return { set: {}, removed: [], value: await callTree(lockstep, request) };
    case 'script':
      return work.code.trim() === '' ? { set: {}, removed: [], value: null } : runScript(runner, request);
  }
}

/** For whom a process works, as the resource tree sees it. */
export function workContext({ transactionId, ...actor }: Actor, signal?: AbortSignal): RequestContext {
  return {
    caller: { ...actor, isExternal: false },
    transactionId,
    parentActionId: null,
    cause: 'script',
    mode: 'live',
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Name of the variable through which `execution` tells what it was asked to keep. */
const STATE = 'lockstepExecution';

/**
 * What scripts call `execution`, in one line, so that the lines of the script keep their numbers. It keeps copies: what a
 * script does with a value afterwards does not count.
 */
const EXECUTION =
  `var execution = (function (state) { var copy = function (value) { return value === undefined ? null : JSON.parse(JSON.stringify(value)); };
var api = {
getVariable: function (name) { return Object.prototype.hasOwnProperty.call(state.set, name) ? state.set[name] : state.removed.indexOf(name) >= 0 || !Object.prototype.hasOwnProperty.call(state.variables, name) ? null : state.variables[name]; },
hasVariable: function (name) { return state.removed.indexOf(name) < 0 && (Object.prototype.hasOwnProperty.call(state.set, name) || Object.prototype.hasOwnProperty.call(state.variables, name)); },
getVariables: function () { var all = Object.assign({}, state.variables, state.set); state.removed.forEach(function (name) { delete all[name]; }); return all; },
setVariable: function (name, value) { state.removed = state.removed.filter(function (one) { return one !== name; }); state.set[name] = copy(value); },
setVariables: function (values) { Object.keys(values).forEach(function (name) { api.setVariable(name, values[name]); }); },
removeVariable: function (name) { delete state.set[name]; state.removed.push(name); }
};
api.getVariableLocal = api.getVariable; api.setVariableLocal = api.setVariable; api.hasVariableLocal = api.hasVariable; api.getVariableNames = function () { return Object.keys(api.getVariables()); };
Object.keys(state.facts).forEach(function (name) { var value = state.facts[name]; api[name] = value; api['get' + name.charAt(0).toUpperCase() + name.slice(1)] = function () { return value; }; });
return api; })(${STATE});`.replaceAll('\n', ' ');

async function runScript(runner: ScriptRunner, request: WorkRequest): Promise<WorkResult> {
  const { work, variables, execution, actor, signal } = request;
  if (work.kind !== 'script') throw new Failure('internal', `${work.id} is no script`);
  const state: JsonObject = { set: {}, removed: [], variables, facts: { ...execution } };
  const context = workContext(actor, signal);
  const script = {
    type: 'text/javascript',
    source: `${EXECUTION} ${work.code}`,
    file: null,
    globals: {},
    constants: {},
    pointer: '',
  };
  const given = { ...variables, openidmcontext: contextFor(context), [STATE]: state };
  const label = `process "${execution.processDefinitionKey}": script task "${work.id}"`;
  const result = await runner.attempt(script, given, context, label, 'callLive');
  if (!result.ok) throw scriptFailure(result.fault);
  return outcomeOf(result.value, variables);
}

function outcomeOf(answer: Json, before: JsonObject): WorkResult {
  const { value, variables } = answer as { readonly value: Json; readonly variables: JsonObject };
  const state = variables[STATE] as {
    readonly set: JsonObject;
    readonly removed: string[];
    readonly variables: JsonObject;
  };
  const changed = { ...changedInPlace(before, state.variables), ...changedInPlace(before, variables) };
  return { set: { ...changed, ...state.set }, removed: state.removed, value };
}

/** Objects and lists that a script has changed without setting them anew. */
function changedInPlace(before: JsonObject, after: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(before).flatMap(([name, value]): [string, Json][] => {
      const now = after[name];
      const isObject = isJsonObject(value) || Array.isArray(value);
      return isObject && now !== undefined && !deepEqual(value, now) ? [[name, now]] : [];
    }),
  );
}

async function callTree({ router }: Lockstep, request: WorkRequest): Promise<Json> {
  const { work, variables, actor, signal } = request;
  if (work.kind !== 'action') throw new Failure('internal', `${work.id} is no action`);
  const parameters = Object.entries(valuesOf(work.parameters, variables)).filter(([, value]) => value !== null);
  const answer = await router.handle(
    {
      verb: 'action',
      path: String(work.path.evaluate(variables)),
      action: String(work.action.evaluate(variables)),
      parameters: Object.fromEntries(parameters.map(([name, value]) => [name, textOf(value)])),
      content: work.content === null ? null : valuesOf(work.content, variables),
      fields: null,
    },
    workContext(actor, signal),
  );
  return answer.kind === 'action' ? (answer.value ?? null) : null;
}

function valuesOf(templates: readonly NamedTemplate[], variables: JsonObject): JsonObject {
  return Object.fromEntries(templates.map(({ name, value }) => [name, value.evaluate(variables)]));
}

function textOf(value: Json): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
