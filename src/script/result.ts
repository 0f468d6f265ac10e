import type { ItemResult, ScriptFault } from '../mapping/script-host.ts';
import type { Prepared } from './compile/prepare-script.ts';
import type { ResultMessage } from './protocol.ts';

/** A result as it came from the process, with positions in the script's own text. */
export function itemResult(message: ResultMessage, slots: readonly (Prepared | null)[]): ItemResult {
  const [, value, fault, slot] = message;
  if (fault === undefined) return { ok: true, value };
  return { ok: false, fault: located(fault, typeof slot === 'number' ? (slots[slot] ?? null) : null) };
}

function located(fault: ScriptFault, prepared: Prepared | null): ScriptFault {
  if (prepared === null || fault.line === null || fault.column === null) return fault;
  return { ...fault, ...prepared.locate(fault.line, fault.column) };
}
