import vm from 'node:vm';
import type { Json, JsonObject } from '../../base/json.ts';
import type { ProgramRuntime, ScriptFault } from '../../mapping/script-host.ts';
import { VALUES_OF } from '../compile/hidden-names.ts';
import type { PreparedScript } from '../compile/prepare-script.ts';
import type { SlotMessage } from '../protocol.ts';
import type { RealmFailure, RealmSlot } from '../realm/realm.ts';
import type { Realm } from './build-realm.ts';
import { ScriptError } from './script-error.ts';

/** What a program calls. `onStart` is told which script is about to run. */
export function createRuntime(
  realm: Realm,
  messages: readonly SlotMessage[],
  onStart: (slot: number) => void,
): ProgramRuntime {
  const slots = messages.map((message, index) => compileSlot(realm, message, index));
  const faults = slots.map((slot) => ('fault' in slot ? slot.fault : null));
  const invoker = realm.createInvoker(slots.map((slot) => ('fault' in slot ? NO_SLOT : slot)));
  const { parse, copy } = realm.json;

  function call(slot: number, variables: Readonly<Record<string, unknown>>): Json {
    const known = faults[slot];
    if (known !== null) throw new ScriptError(known ?? noSuchSlot(slot), null);
    onStart(slot);
    const value = invoker.invoke(slot, variables);
    if (value !== invoker.failed) return value as Json;
    const failure = JSON.parse(invoker.failure()) as RealmFailure;
    throw scriptError((messages[slot] as { script: PreparedScript }).script, slot, failure);
  }

  function clone<T extends Json>(value: T): T {
    const made = copy(value);
    if (made === undefined) throw new TypeError(`${realm.json.problem()} is not JSON`);
    return made as T;
  }

  return { call, clone, newObject: () => parse('{}') as JsonObject };
}

const NO_SLOT: RealmSlot = { run: () => null, variables: [], constants: [], hidden: [], mayMutate: false };

function compileSlot(realm: Realm, message: SlotMessage, index: number): RealmSlot | { readonly fault: ScriptFault } {
  if (!message.ok) return { fault: message.fault };
  const { script } = message;
  const parameters = [...script.variables, ...Object.keys(script.constants), ...script.hidden];
  try {
    const run = vm.compileFunction(script.body, parameters, {
      parsingContext: realm.context,
      filename: `lockstep:script/${index}`,
    }) as RealmSlot['run'];
    return {
      run,
      variables: script.variables,
      constants: Object.values(script.constants).map((value) => JSON.stringify(value)),
      hidden: script.hidden.map((name) => hiddenValue(realm, script, name)),
      mayMutate: script.mayMutate,
    };
  } catch (thrown) {
    return { fault: plainFault(script, 'syntax', (thrown as Error).message) };
  }
}

/** Names that a script assigns to without declaring them start as the global of that name, or undefined. */
function hiddenValue(realm: Realm, script: PreparedScript, name: string): unknown {
  if (name === 'require') return realm.modules.requireFrom(script.file);
  if (name === 'load') return realm.modules.loadFrom(script.file);
  if (name === VALUES_OF) return realm.valuesOf;
  const globals = vm.runInContext('globalThis', realm.context) as Record<string, unknown>;
  return Object.hasOwn(globals, name) ? globals[name] : undefined;
}

function scriptError(script: PreparedScript, slot: number, failure: RealmFailure): ScriptError {
  const { kind, message, origin, line, column, thrown } = failure;
  const isOwn = origin === `script/${slot}`;
  const file = origin?.startsWith('module/') ? origin.slice('module/'.length) : script.file;
  const fault: ScriptFault = { kind, place: script.label, file, line, column, message };
  return new ScriptError(thrown === undefined ? fault : { ...fault, thrown: thrown as Json }, isOwn ? slot : null);
}

function plainFault(script: PreparedScript, kind: ScriptFault['kind'], message: string): ScriptFault {
  return { kind, place: script.label, file: script.file, line: null, column: null, message };
}

function noSuchSlot(slot: number): ScriptFault {
  return { kind: 'thrown', place: `script ${slot}`, file: null, line: null, column: null, message: 'no such script' };
}
