import { deepEqual, setOwn, type Json, type JsonObject } from '../base/json.ts';
import { formatPointer, getAt, parsePointer, putAt } from '../base/json-pointer.ts';
import type { AuditEvent } from '../model/audit.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ManagedChange } from '../model/managed-change.ts';
import type { ActivitySettings, ManagedType } from './managed-type.ts';

/** What a value looks like that must not be read by those who read the audit. */
const MASK = '••••••';

/** The entry about a change (specification §12.2, topic activity); null if nobody wants one. */
export function activityEvent(
  type: ManagedType,
  change: ManagedChange,
  operation: string,
  context: RequestContext,
): AuditEvent | null {
  const { activity, newId, clock } = type;
  if (activity === null || !activity.isLogged(operation, context)) return null;
  const id = newId();
  const { before, after } = change;
  const passwords = changedFields(activity.passwordFields, before, after);
  const watched = changedFields(activity.watchedFields, before, after);
  const event: JsonObject = {
    eventName: 'activity',
    runAs: context.caller.id,
    objectId: `${type.path}/${change.id}`,
    operation: operation.toUpperCase(),
    before: masked(type, activity, before),
    after: masked(type, activity, after),
    changedFields: [...new Set([...watched, ...passwords])],
    revision: (after ?? before)?.['_rev'] ?? null,
    message: operation,
    passwordChanged: passwords.length > 0,
    status: 'SUCCESS',
    activityId: context.parentActionId ?? context.transactionId,
    parentActionId: context.parentActionId ?? context.transactionId,
  };
  return {
    id,
    topic: 'activity',
    timestampMs: clock.nowMs(),
    transactionId: context.transactionId,
    userId: context.caller.id,
    event,
  };
}

/** As pointers, those of the listed places that hold something else now. */
function changedFields(fields: readonly string[], before: JsonObject | null, after: JsonObject | null): string[] {
  return fields
    .map((field) => parsePointer(field))
    .filter((pointer) => !deepEqual(getAt(before ?? {}, pointer), getAt(after ?? {}, pointer)))
    .map(formatPointer);
}

/** Passwords and private properties that lie there in plain text are hidden; envelopes and hashes may be shown. */
function masked(type: ManagedType, { passwordFields }: ActivitySettings, object: JsonObject | null): JsonObject | null {
  if (object === null) return null;
  const copy: JsonObject = { ...object };
  for (const { name, scope } of type.compiled.config.properties)
    if (scope === 'private' && Object.hasOwn(copy, name)) setOwn(copy, name, mask(type, copy[name]!));
  for (const field of passwordFields) maskAt(type, copy, parsePointer(field));
  return copy;
}

function maskAt(type: ManagedType, copy: JsonObject, pointer: readonly string[]): void {
  const value = getAt(copy, pointer);
  if (value === undefined || pointer.length === 0) return;
  const [name] = pointer as [string];
  if (pointer.length > 1) setOwn(copy, name, structuredClone(copy[name]!));
  putAt(copy, pointer, mask(type, value));
}

function mask({ protection }: ManagedType, value: Json): Json {
  return value === null || value === '' || protection.isClosed(value) ? value : MASK;
}
