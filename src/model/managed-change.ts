import type { JsonObject } from '../base/json.ts';

/** A change of a managed object that is committed, or about to be. Objects are in stored form, with `_id` and `_rev`. */
export interface ManagedChange {
  readonly kind: 'create' | 'update' | 'delete';
  /** `user` */
  readonly type: string;
  readonly id: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  /** What scripts see as `request` (specification §2.3). */
  readonly request: JsonObject;
}

/**
 * Takes changes that something else caused, to be pushed after what is pushed now: so the changes that a push causes follow
 * it, and those of a reconciliation gather to batches.
 */
export interface ChangeChain {
  add(changes: readonly ManagedChange[]): Promise<void>;
}
