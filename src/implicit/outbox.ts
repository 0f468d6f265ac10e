import type { Json, JsonObject } from '../base/json.ts';
import { isJsonObject } from '../base/json.ts';
import type { ManagedChange } from '../model/managed-change.ts';
import type { ObjectRow, ObjectTypeSpec, RowWrite } from '../model/repository.ts';
import type { SyncAction } from './sync-result.ts';

/** Changes that have to be pushed: one row for each change and mapping. Not below `repo/`: no request reaches them. */
export const OUTBOX_TYPE = 'sync/outbox';

export const OUTBOX_SPEC: ObjectTypeSpec = { name: OUTBOX_TYPE, searchable: ['resource'] };

/**
 * `PENDING`  will be pushed: by who made the change, or later by whoever looks after the outbox.
 * `FAILED`   set aside after too many attempts; pushed again when somebody asks for it, or with the next change of the object.
 */
export type OutboxState = 'PENDING' | 'FAILED';

/** What an outbox row says. */
export interface OutboxItem {
  readonly mapping: string;
  /** `managed/user` */
  readonly collection: string;
  readonly resourceId: string;
  readonly kind: ManagedChange['kind'];
  /** Before the change, in stored form. */
  readonly before: JsonObject | null;
  readonly state: OutboxState;
  readonly attempts: number;
  /** Not to be pushed before, by those who look after the outbox. Milliseconds since 1970, as all times here. */
  readonly dueMs: number;
  readonly createdMs: number;
  /** The process that made the change. */
  readonly owner: string;
  readonly transactionId: string;
  readonly userId: string;
  /** The mappings whose pushes led to the change, the first one first. */
  readonly trail: readonly string[];
  /** Why the last attempt failed. */
  readonly cause: string | null;
  /** `onSync` has not run yet: what it is to see as `request`. Null: it has, or there is none. */
  readonly owed: JsonObject | null;
}

export interface StoredItem extends OutboxItem {
  readonly id: string;
  readonly rev: number;
}

export function outboxCreate(id: string, item: OutboxItem): RowWrite {
  return { kind: 'create', type: OUTBOX_TYPE, id, doc: toDoc(item) };
}

export function outboxUpdate({ id, rev }: StoredItem, item: OutboxItem): RowWrite {
  return { kind: 'update', type: OUTBOX_TYPE, id, rev, doc: toDoc(item) };
}

export function outboxDelete({ id, rev }: StoredItem): RowWrite {
  return { kind: 'delete', type: OUTBOX_TYPE, id, rev };
}

function toDoc(item: OutboxItem): JsonObject {
  const { mapping, collection, resourceId, kind, before, state, attempts } = item;
  const { dueMs, createdMs, owner, transactionId, userId, trail, cause, owed } = item;
  return {
    resource: `${collection}/${resourceId}`,
    mapping,
    resourceCollection: collection,
    resourceId,
    syncAction: SYNC_ACTIONS[kind],
    before,
    state,
    attempts,
    dueMs,
    createdMs,
    owner,
    transactionId,
    userId,
    trail: [...trail],
    cause,
    owed,
  };
}

export function itemOf({ id, rev, doc }: ObjectRow): StoredItem {
  const [before, owed] = [doc['before'] ?? null, doc['owed'] ?? null];
  return {
    id,
    rev,
    mapping: text(doc['mapping']),
    collection: text(doc['resourceCollection']),
    resourceId: text(doc['resourceId']),
    kind: kindOf(doc['syncAction']),
    before: isJsonObject(before) ? before : null,
    state: doc['state'] === 'FAILED' ? 'FAILED' : 'PENDING',
    attempts: Number(doc['attempts'] ?? 0),
    dueMs: Number(doc['dueMs'] ?? 0),
    createdMs: Number(doc['createdMs'] ?? 0),
    owner: text(doc['owner']),
    transactionId: text(doc['transactionId']),
    userId: text(doc['userId']),
    trail: Array.isArray(doc['trail']) ? doc['trail'].map(String) : [],
    cause: typeof doc['cause'] === 'string' ? doc['cause'] : null,
    owed: isJsonObject(owed) ? owed : null,
  };
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** What OpenIDM calls the kinds of change. */
export const SYNC_ACTIONS: Readonly<Record<ManagedChange['kind'], SyncAction>> = {
  create: 'notifyCreate',
  update: 'notifyUpdate',
  delete: 'notifyDelete',
};

function kindOf(value: Json | undefined): ManagedChange['kind'] {
  if (value === SYNC_ACTIONS.create) return 'create';
  return value === SYNC_ACTIONS.delete ? 'delete' : 'update';
}

/** How long to wait before the next attempt, and when to stop. */
export interface RetryRule {
  /** Refusals after which an item is set aside. A target that cannot be reached is tried without end. */
  readonly maxAttempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/** Why an attempt failed, as far as it decides what comes next. */
export type FaultKind = 'unreachable' | 'refused' | 'final';

/** An item after an attempt that failed. */
export function afterFailure(
  item: OutboxItem,
  { kind, message }: { readonly kind: FaultKind; readonly message: string },
  rule: RetryRule,
  nowMs: number,
): OutboxItem {
  const attempts = item.attempts + 1;
  const isOver = kind === 'final' || (kind === 'refused' && attempts >= rule.maxAttempts);
  const delayMs = Math.min(rule.firstDelayMs * 2 ** Math.min(attempts - 1, 30), rule.maxDelayMs);
  return { ...item, attempts, cause: message, state: isOver ? 'FAILED' : 'PENDING', dueMs: nowMs + delayMs };
}

/** What the objects were before the first of these changes, and what they were when they were deleted. */
export function oldValue(items: readonly OutboxItem[], isGone: boolean): JsonObject | null {
  if (!isGone) return items[0]?.before ?? null;
  return (
    items.findLast((item) => item.kind === 'delete')?.before ?? items.findLast((item) => item.before)?.before ?? null
  );
}
