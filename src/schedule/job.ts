import type { JsonObject } from '../base/json.ts';

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type InvokeLogLevel = (typeof LOG_LEVELS)[number];

/** What is to be done, and when (specification §11.1). */
export interface Job {
  readonly id: string;
  /** False: it is kept, and not fired. */
  readonly enabled: boolean;
  /** True: kept in the repository and fired by one process of those that share it. False: in the memory of each. */
  readonly persisted: boolean;
  readonly type: 'cron' | 'simple';
  /** A cron expression; null for `simple`. */
  readonly schedule: string | null;
  /** Milliseconds between the firings of a `simple` job, which fires once and `repeatCount` times again; -1: for ever. */
  readonly repeatInterval: number;
  readonly repeatCount: number;
  /** `yyyy-MM-dd'T'HH:mm:ss` on the clock of the zone. */
  readonly startTime: string | null;
  readonly endTime: string | null;
  /** Null: the server's. */
  readonly timeZone: string | null;
  readonly misfirePolicy: 'fireAndProceed' | 'doNothing';
  readonly concurrentExecution: boolean;
  /** The whole name: `org.forgerock.openidm.sync`. */
  readonly invokeService: string;
  readonly invokeContext: JsonObject;
  readonly invokeLogLevel: InvokeLogLevel;
}

const SERVICE_PREFIX = 'org.forgerock.openidm.';

/** The whole name of a service. */
export function serviceName(name: string): string {
  return name.includes('.') ? name : `${SERVICE_PREFIX}${name}`;
}

/** `sync` for `org.forgerock.openidm.sync`; another name stays as it is. */
export function shortServiceName(name: string): string {
  return name.startsWith(SERVICE_PREFIX) ? name.slice(SERVICE_PREFIX.length) : name;
}

/** As it is kept and shown, without `_id`. `readJob` takes it. */
export function jobJson({ id: _id, ...job }: Job): JsonObject {
  return { ...job };
}
