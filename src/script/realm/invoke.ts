import type { RealmJson, RealmSlot } from './realm.ts';

/** Runs scripts. Rules of this folder: realm.ts. */

export interface Invoker {
  /** The completion value, or `failed` after which `failure` tells what happened. */
  invoke(slot: number, variables: Record<string, unknown>): unknown;
  readonly failed: unknown;
  failure(): string;
}

const { apply } = Reflect;
const { isFinite } = Number;

export function createInvoker(
  json: RealmJson,
  slots: readonly RealmSlot[],
  describeThrown: (json: RealmJson, thrown: unknown) => string,
  describeResult: (json: RealmJson, what: string) => string,
): Invoker {
  const failed = {};
  let failure = '';

  function invoke(index: number, variables: Record<string, unknown>): unknown {
    const slot = slots[index]!;
    const args: unknown[] = [];
    for (const name of slot.variables) args.push(admit(variables[name]));
    for (const text of slot.constants) args.push(json.parse(text));
    for (const value of slot.hidden) args.push(value);
    try {
      const value = apply(slot.run, undefined, args);
      if (!slot.mayMutate || settleAll(slot, args)) return leave(value);
    } catch (thrown) {
      failure = describeThrown(json, thrown);
    }
    return failed;
  }

  /** Objects of the host never reach a script: they come as copies. */
  function admit(value: unknown): unknown {
    if (typeof value === 'function') return undefined;
    if (typeof value !== 'object' || value === null || !json.isForeign(value)) return value;
    return json.copy(value) ?? null;
  }

  function settleAll(slot: RealmSlot, args: readonly unknown[]): boolean {
    for (let i = 0; i < slot.variables.length; i++) {
      const value = args[i];
      if (typeof value !== 'object' || value === null || json.settle(value)) continue;
      failure = describeResult(json, `the script left in "${slot.variables[i]}" ${json.problem()}`);
      return false;
    }
    return true;
  }

  /** What a script gives is a copy, so that two places of an object never share a part. */
  function leave(value: unknown): unknown {
    if (typeof value === 'string' || typeof value === 'boolean') return value;
    if (typeof value === 'number' && isFinite(value)) return value;
    if (value === undefined || value === null) return null;
    const copy = json.copy(value);
    if (copy !== undefined) return copy;
    failure = describeResult(json, `the value of the script is or contains ${json.problem()}`);
    return failed;
  }

  return { invoke, failed, failure: () => failure };
}
