import type { JsonObject } from '../base/json.ts';
import type { NewId } from '../base/uuid.ts';
import type { Clock } from '../base/clock.ts';
import type { AuditEvent, AuditTopic } from '../model/audit.ts';
import type { RequestContext } from '../resource/context.ts';

/** Makes the events of every topic (specification §12.2). What is secret was taken out before, or is by `AuditService.record`. */
export interface EventMaker {
  activity(context: EventCause, activity: Activity): AuditEvent;
  config(context: EventCause, change: ConfigChange): AuditEvent;
  sync(context: EventCause, synced: Synced): AuditEvent;
  access(access: Access): AuditEvent;
}

/** What of a request's context an event tells. */
export type EventCause = Pick<RequestContext, 'caller' | 'transactionId' | 'parentActionId'>;

export type Operation = 'CREATE' | 'READ' | 'UPDATE' | 'DELETE' | 'PATCH' | 'ACTION' | 'QUERY';

export interface Activity {
  /** Qualified: `managed/user/bjensen`. */
  readonly objectId: string;
  readonly operation: Operation | `sync-${string}`;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  readonly revision: string | null;
  /** Pointers of the watched fields that changed. */
  readonly changedFields?: readonly string[];
  readonly passwordChanged?: boolean;
  readonly message?: string | null;
  readonly status?: 'SUCCESS' | 'FAILURE';
}

export interface ConfigChange {
  /** `config/sync`, or just `sync`. */
  readonly objectId: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'PATCH';
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  readonly changedFields?: readonly string[];
  readonly revision?: string | null;
}

export interface Synced {
  readonly mapping: string;
  /** Qualified. */
  readonly sourceObjectId: string | null;
  /** The bare id. */
  readonly targetObjectId: string | null;
  readonly situation: string | null;
  readonly action: string;
  readonly linkQualifier: string;
  readonly status: 'SUCCESS' | 'FAILURE';
  readonly message: string | null;
  readonly messageDetail?: JsonObject | null;
  readonly exception?: string;
}

/** One answered HTTP request. Parameters and headers without secrets. */
export interface Access {
  readonly timestampMs: number;
  readonly transactionId: string;
  readonly caller: { readonly id: string; readonly roles: readonly string[] } | null;
  readonly client: { readonly ip: string; readonly port: number };
  readonly server: { readonly ip: string; readonly port: number };
  readonly isSecure: boolean;
  readonly method: string;
  /** Of the URL, percent-encoded as it came, without parameters. */
  readonly path: string;
  /** `create`, `query`, `action`, …; null if it was not understood. */
  readonly operation: string | null;
  /** The name of the action. */
  readonly action: string | null;
  readonly queryParameters: Readonly<Record<string, string>>;
  /** Those that say something and are no secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  /** Why it failed. */
  readonly message: string | null;
  readonly elapsedMs: number;
}

export function eventMaker({ newId, clock }: { readonly newId: NewId; readonly clock: Clock }): EventMaker {
  const eventOf = (topic: AuditTopic, { caller, transactionId }: EventCause, event: JsonObject): AuditEvent => ({
    id: newId(),
    topic,
    timestampMs: clock.nowMs(),
    transactionId,
    userId: caller.id,
    event,
  });
  return {
    activity: (context, activity) => eventOf('activity', context, activityMembers(context, activity)),
    config: (context, change) => eventOf('config', context, configMembers(context, change)),
    sync: (context, synced) => eventOf('sync', context, syncMembers(context, synced)),
    access: (access) => ({
      id: newId(),
      topic: 'access',
      timestampMs: access.timestampMs,
      transactionId: access.transactionId,
      userId: access.caller?.id ?? '',
      event: accessMembers(access),
    }),
  };
}

function activityMembers({ caller, transactionId, parentActionId }: EventCause, activity: Activity): JsonObject {
  const parent = parentActionId ?? transactionId;
  return {
    eventName: 'activity',
    runAs: caller.id,
    objectId: activity.objectId,
    operation: activity.operation,
    before: activity.before,
    after: activity.after,
    changedFields: [...(activity.changedFields ?? [])],
    revision: activity.revision,
    message: activity.message ?? activity.operation.toLowerCase(),
    passwordChanged: activity.passwordChanged ?? false,
    status: activity.status ?? 'SUCCESS',
    activityId: parent,
    parentActionId: parent,
  };
}

function configMembers({ caller }: EventCause, change: ConfigChange): JsonObject {
  return {
    eventName: 'CONFIG',
    runAs: caller.id,
    objectId: change.objectId,
    operation: change.operation,
    before: change.before,
    after: change.after,
    changedFields: [...(change.changedFields ?? [])],
    revision: change.revision ?? null,
  };
}

function syncMembers({ transactionId, parentActionId }: EventCause, synced: Synced): JsonObject {
  const { mapping, sourceObjectId, targetObjectId, situation, action, linkQualifier, status, message } = synced;
  return {
    eventName: 'sync',
    mapping,
    targetObjectId,
    sourceObjectId,
    situation,
    action,
    linkQualifier,
    status,
    message,
    messageDetail: synced.messageDetail ?? null,
    exception: synced.exception ?? '',
    actionId: parentActionId ?? transactionId,
  };
}

function accessMembers(access: Access): JsonObject {
  const { client, server, isSecure, method, path, operation, action, status, elapsedMs } = access;
  return {
    eventName: 'access',
    server: { ...server },
    client: { ...client },
    request: {
      protocol: 'CREST',
      operation: (operation ?? method).toUpperCase(),
      detail: action === null ? null : { action },
    },
    http: {
      request: {
        secure: isSecure,
        method,
        path,
        queryParameters: { ...access.queryParameters },
        headers: { ...access.headers },
        cookies: {},
      },
      response: { headers: {} },
    },
    response: {
      status: status < 400 ? 'SUCCESSFUL' : 'FAILED',
      statusCode: String(status),
      detail: access.message === null ? null : { reason: access.message },
      elapsedTime: Math.round(elapsedMs),
      elapsedTimeUnits: 'MILLISECONDS',
    },
    roles: [...(access.caller?.roles ?? [])],
  };
}
