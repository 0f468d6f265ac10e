import type { Json, JsonObject } from '../base/json.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { HostCallHandler, ItemResult, ScriptFault, ScriptSource } from '../mapping/script-host.ts';
import type { ScriptConfig } from '../model/script-config.ts';
import type { RequestContext } from '../resource/context.ts';
import { openScriptSessions } from './script-sessions.ts';
import { scriptFailure } from './script-failure.ts';

/** Answers `openidm.*` for scripts that run because of a request. */
export type CallsFor = (context: RequestContext) => HostCallHandler;

export interface ScriptRunner {
  /**
   * The completion value of a configured script. `variables` hide constants of the same name; names that are no identifiers
   * are left out. Throws what the script throws as a `Failure` (see `scriptFailure`). `label` names the place in messages.
   */
  run(script: ScriptConfig, variables: JsonObject, context: RequestContext, label?: string): Promise<Json>;
  /** The same, with the fault as a value. `stage` `callLive`: the value is `{value, variables}`, with what the script changed in them. */
  attempt(
    script: ScriptConfig,
    variables: JsonObject,
    context: RequestContext,
    label?: string,
    stage?: 'call' | 'callLive',
  ): Promise<ItemResult>;
  /** Compiles without running; null: nothing is wrong. */
  check(script: ScriptConfig, variables: readonly string[], label?: string): ScriptFault | null;
  /** After scripts changed on disk. Calls under way end as they began. */
  renew(): Promise<void>;
  close(): Promise<void>;
}

/** Runs single scripts in the script host; for whole batches of objects there are programs of their own. */
export function scriptRunner(lockstep: Lockstep, callsFor: CallsFor): ScriptRunner {
  const sessions = openScriptSessions(lockstep);
  const attempt: ScriptRunner['attempt'] = async (script, variables, context, label = 'script', stage = 'call') => {
    const all: JsonObject = { ...script.constants, ...script.globals, ...variables };
    const source = sourceOf(lockstep, script, Object.keys(all), label);
    if ('kind' in source) return { ok: false, fault: source };
    return sessions.call(source, all, {
      mode: context.mode,
      stage,
      answer: callsFor(context),
      ...(context.signal === undefined ? {} : { signal: context.signal }),
    });
  };
  return {
    attempt,
    run: async (script, variables, context, label) => {
      const result = await attempt(script, variables, context, label);
      if (result.ok) return result.value;
      throw scriptFailure(result.fault);
    },
    check: (script, variables, label = 'script') => {
      const names = [...Object.keys({ ...script.constants, ...script.globals }), ...variables];
      const source = sourceOf(lockstep, script, names, label);
      return 'kind' in source ? source : (lockstep.scripts.check([source])[0] ?? null);
    },
    renew: sessions.renew,
    close: sessions.close,
  };
}

function sourceOf(
  { files }: Lockstep,
  script: ScriptConfig,
  variables: readonly string[],
  label: string,
): ScriptSource | ScriptFault {
  const base = { label, type: script.type, variables: variables.toSorted(), constants: {} };
  if (script.source !== null) return { ...base, code: script.source, file: null };
  const found = files.find(script.file ?? '');
  if (found.kind === 'file') return { ...base, code: found.code, file: found.file };
  const fault = { kind: 'unsupported', place: label, file: script.file, line: null, column: null } as const;
  if (found.kind === 'builtIn')
    return { ...fault, message: `the script ${found.name}, which OpenIDM ships, is not available here` };
  const { message } = found;
  return { ...fault, message, thrown: { code: 500, message: `${label}: ${message}` } };
}
