import type { ScriptFault } from '../../mapping/script-host.ts';

/**
 * What a program sees when a script fails. A program may catch it, change `fault`'s message and throw it again; any
 * error with a `fault` is reported as that fault.
 */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
  readonly fault: ScriptFault;
  /** Set when line and column of the fault are those of the rewritten text. */
  readonly slot: number | null;

  constructor(fault: ScriptFault, slot: number | null) {
    super(fault.message);
    this.fault = fault;
    this.slot = slot;
  }
}

export function hasFault(thrown: unknown): thrown is { readonly fault: ScriptFault; readonly slot?: number | null } {
  return typeof thrown === 'object' && thrown !== null && 'fault' in thrown && typeof thrown.fault === 'object';
}
