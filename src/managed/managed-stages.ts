import type { Slot } from '../mapping/program-payload.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { ManagedHook, ManagedPropertyHook } from './managed-config.ts';

/** The scripts of one managed type as data: JSON, so that it can cross into the script host. */
export interface ManagedPayload {
  readonly hooks: Readonly<Record<ManagedHook, Slot | null>>;
  readonly actions: Readonly<Record<string, Slot>>;
  /** Properties with at least one script. */
  readonly properties: readonly PropertySlots[];
}

export interface PropertySlots extends Readonly<Record<ManagedPropertyHook, Slot | null>> {
  readonly name: string;
  readonly isVirtual: boolean;
}

/**
 * What a batch of managed objects passes through (specification §2.4–2.6). One stage is one crossing into the script host:
 *
 * `create`, `update`  onCreate or onUpdate, virtual properties, onValidate of the properties and the object, onStore of the properties
 * `store`             onStore of the object, after encryption
 * `delete`            onDelete
 * `retrieve`          onRetrieve of the properties and the object
 * `read`              the same, then onRead
 * `query`             onQueryResult
 * `postCreate` …      after the commit
 * `sync`              onSync, after implicit synchronization
 * `action`            a custom action
 */
export const MANAGED_STAGES = [
  'create',
  'update',
  'store',
  'delete',
  'retrieve',
  'read',
  'query',
  'postCreate',
  'postUpdate',
  'postDelete',
  'sync',
  'action',
] as const;
export type ManagedStage = (typeof MANAGED_STAGES)[number];

/** What the scripts of one object see (specification §2.3). */
export interface ManagedItem {
  /** The object that hooks change; before a delete and in an action the stored one; null after a delete. */
  readonly object: JsonObject | null;
  readonly oldObject: JsonObject | null;
  readonly request: JsonObject;
  /** `managed/user/bjensen` */
  readonly resourceName: string;
  readonly context: Json;
  /** Stage `action`: its name, and the members of the body, which are variables of the script. Stage `sync`: `syncResults`. */
  readonly action?: string;
  readonly variables?: JsonObject;
}
