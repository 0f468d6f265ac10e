import type { JsonObject } from '../base/json.ts';
import { shown } from '../app/secrets.ts';
import type { Lockstep } from '../app/lockstep.ts';
import type { PropertyConfig } from '../connector/contract.ts';
import type { AuditEvent } from '../model/audit.ts';
import type { RequestContext } from '../resource/context.ts';
import type { SystemCollection } from './system-place.ts';

export interface SystemChange {
  readonly operation: 'create' | 'update' | 'patch' | 'delete';
  readonly objectId: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  /** Attributes that were asked to be changed, also those that cannot be read back. */
  readonly changed: readonly string[];
  /** Why it failed; null: it did not. */
  readonly failure: string | null;
}

const MASK = '••••••';

/** The entry of the topic activity about a change on an external system (specification §12.2). */
export function systemActivity(
  { clock, newId }: Pick<Lockstep, 'clock' | 'newId'>,
  collection: SystemCollection,
  change: SystemChange,
  context: RequestContext,
): AuditEvent {
  const id = newId();
  const { operation, before, after, failure } = change;
  const passwords = change.changed.filter((name) => isPassword(name, ownProperty(collection, name)));
  const event: JsonObject = {
    eventName: 'activity',
    runAs: context.caller.id,
    objectId: `${collection.path}/${change.objectId}`,
    operation: operation.toUpperCase(),
    before: masked(collection, before),
    after: masked(collection, after),
    changedFields: passwords.map((name) => `/${name}`),
    revision: (after ?? before)?.['_rev'] ?? null,
    message: failure ?? operation,
    passwordChanged: passwords.length > 0,
    status: failure === null ? 'SUCCESS' : 'FAILURE',
    activityId: context.parentActionId ?? context.transactionId,
    parentActionId: context.parentActionId ?? context.transactionId,
  };
  const { transactionId, caller } = context;
  return { id, topic: 'activity', timestampMs: clock.nowMs(), transactionId, userId: caller.id, event };
}

/** The name came from outside: `constructor` is no property. */
function ownProperty({ properties }: SystemCollection, name: string): PropertyConfig | undefined {
  return Object.hasOwn(properties, name) ? properties[name] : undefined;
}

function isPassword(name: string, property: PropertyConfig | undefined): boolean {
  return property?.nativeName === '__PASSWORD__' || shown(name, true) !== true;
}

function masked(collection: SystemCollection, object: JsonObject | null): JsonObject | null {
  if (object === null) return null;
  return Object.fromEntries(
    Object.entries(object).map(([name, value]) => {
      const property = ownProperty(collection, name);
      const isSecret =
        isPassword(name, property) || property?.nativeType === 'JAVA_TYPE_GUARDEDSTRING' || hasFlag(property);
      return [name, isSecret && value !== null ? MASK : value];
    }),
  );
}

function hasFlag(property: PropertyConfig | undefined): boolean {
  return property?.flags.includes('NOT_READABLE') === true;
}
