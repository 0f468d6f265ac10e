import { isJsonObject, type JsonObject } from '../base/json.ts';

/** What is kept beside the token of a source, for the next call. */
export interface Memory {
  /** The change that stopped the last call, and how often it has failed; null: none has. */
  readonly retry: { readonly key: string; readonly failures: number } | null;
  /** Changes after the one that stopped the call which were handled before it was known to fail. */
  readonly ahead: ReadonlySet<string>;
}

export const NO_MEMORY: Memory = { retry: null, ahead: new Set() };

/** Where `Memory` is kept, by the id of the stage. Not below `repo/`: no request reaches it. */
export const MEMORY_TYPE = 'sync/live';

export function memoryDoc({ retry, ahead }: Memory): JsonObject {
  return { retry: retry === null ? null : { ...retry }, ahead: [...ahead] };
}

export function memoryOf(doc: JsonObject): Memory {
  const retry = isJsonObject(doc['retry']) ? doc['retry'] : null;
  const ahead = Array.isArray(doc['ahead']) ? doc['ahead'].map(String) : [];
  return {
    retry: retry === null ? null : { key: String(retry['key']), failures: Number(retry['failures']) || 0 },
    ahead: new Set(ahead),
  };
}

/** What becomes of a change that failed (specification §6.4), and what the log says about it. */
export interface Verdict {
  /** `retry`: the call stops, and the next one tries again. `give-up`: the action after the last attempt. */
  readonly next: 'retry' | 'give-up';
  readonly line: string;
}

/** `failures`: how often it has failed, this time included. `maxRetries` -1: it is tried for ever. */
export function verdictOf(maxRetries: number, failures: number): Verdict {
  const retries = failures - 1;
  if (maxRetries < 0) return { next: 'retry', line: `sync retries = ${retries}, retrying without end` };
  if (retries < maxRetries) return { next: 'retry', line: `sync retries = ${retries}/${maxRetries}, retrying` };
  return { next: 'give-up', line: `sync retries = ${maxRetries}/${maxRetries}, retries exhausted` };
}
