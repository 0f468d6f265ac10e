import type { Log } from '../base/log.ts';
import type { ScriptFault, ScriptHost, ScriptLimits, ScriptSession, SessionSpec } from '../mapping/script-host.ts';
import { prepareScript, type Prepared } from './compile/prepare-script.ts';
import { DEFAULT_HOST_LIMITS, type HostLimits } from './host-limits.ts';
import type { SlotMessage } from './protocol.ts';
import { Session } from './script-session.ts';

export interface ScriptHostOptions {
  /** `timeoutMs` and `memoryMiB` are what no session may exceed. */
  readonly limits?: Partial<HostLimits & ScriptLimits>;
  readonly log: Log;
}

/** Runs scripts in child processes, one per session, that are started on demand and killed when a script misbehaves. */
export function createScriptHost({ limits, log }: ScriptHostOptions): ScriptHost {
  const hostLimits: HostLimits = { ...DEFAULT_HOST_LIMITS, ...limits };
  const sessions = new Set<Session>();

  function open(asked: SessionSpec): Promise<ScriptSession> {
    const spec = { ...asked, limits: lower(asked.limits, limits ?? {}) };
    const prepared = spec.scripts.map(prepareScript);
    const messages = prepared.map(slotMessage);
    const slots = prepared.map((one) => ('script' in one ? one : null));
    const session = new Session({ spec, slots, messages, limits: hostLimits, log });
    sessions.add(session);
    const close = (): Promise<void> => {
      sessions.delete(session);
      return session.close();
    };
    return Promise.resolve({ run: session.run.bind(session), close });
  }

  return {
    check: (scripts) => scripts.map(prepareScript).flatMap((one) => ('script' in one ? [] : [one])),
    reads: (script) => {
      const prepared = prepareScript(script);
      return 'script' in prepared ? prepared.reads : null;
    },
    open,
    close: async () => {
      await Promise.all([...sessions].map((session) => session.close()));
      sessions.clear();
    },
  };
}

function slotMessage(prepared: Prepared | ScriptFault): SlotMessage {
  return 'script' in prepared ? { ok: true, script: prepared.script } : { ok: false, fault: prepared };
}

function lower(asked: ScriptLimits, ceiling: Partial<ScriptLimits>): ScriptLimits {
  return {
    timeoutMs: Math.min(asked.timeoutMs, ceiling.timeoutMs ?? Infinity),
    memoryMiB: Math.min(asked.memoryMiB, ceiling.memoryMiB ?? Infinity),
  };
}
