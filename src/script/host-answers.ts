import { AsyncLocalStorage } from 'node:async_hooks';
import { Failure, messageOf } from '../base/failure.ts';
import type { HostAnswer, HostCall, HostCallHandler, SessionSpec } from '../mapping/script-host.ts';
import { prepareModule } from './compile/prepare-module.ts';
import { MAX_VALUE_LENGTH } from './frames.ts';
import type { ModuleAnswer, ModuleMessage } from './protocol.ts';

/** How many host calls the present code is inside of: a handler may write an object whose hooks are scripts again. */
const depth = new AsyncLocalStorage<number>();

export function hostCallDepth(): number {
  return depth.getStore() ?? 0;
}

/** The answer to a call as JSON text. Never rejects: a handler that throws becomes an error in the script. */
export async function answerCall(handler: HostCallHandler, call: HostCall, signal: AbortSignal): Promise<string> {
  const answer = await depth.run(hostCallDepth() + 1, () => ask(handler, call, signal));
  const text = JSON.stringify(answer);
  if (text.length <= MAX_VALUE_LENGTH) return text;
  return JSON.stringify(refusal(413, `${call.name}: the answer is too large for a script`));
}

export function answerModule(spec: SessionSpec, { request, from, purpose }: ModuleMessage): ModuleAnswer {
  try {
    const source = spec.resolveModule(request, from);
    const asker = from === null ? 'an inline script' : from;
    if (source === null) return { ok: false, message: `module "${request}" not found (asked for by ${asker})` };
    return { ok: true, ...prepareModule(source, purpose) };
  } catch (thrown) {
    return { ok: false, message: messageOf(thrown) };
  }
}

async function ask(handler: HostCallHandler, call: HostCall, signal: AbortSignal): Promise<HostAnswer> {
  try {
    return await handler(call, signal);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) return refusal(500, messageOf(thrown));
    const { message, detail, status } = thrown;
    return { ok: false, error: { code: status, message, ...(detail === undefined ? {} : { detail }) } };
  }
}

function refusal(code: number, message: string): HostAnswer {
  return { ok: false, error: { code, message } };
}
