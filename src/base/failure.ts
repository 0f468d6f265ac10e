import type { Json } from './json.ts';

/**
 * Why an expected operation failed. Who implements the operation classifies; nobody matches on messages.
 *
 * `incomplete-read` is its own code because a read that did not see everything must never lead to a deletion.
 */
export type FailureCode =
  | 'bad-request'
  | 'bad-configuration'
  | 'unauthorized'
  | 'not-found'
  | 'exists'
  | 'revision'
  | 'conflict'
  | 'denied'
  | 'unsupported'
  | 'invalid-data'
  | 'incomplete-read'
  | 'unreachable'
  | 'timeout'
  | 'locked'
  /** A token or cursor that the other side no longer knows: what happened since cannot be told. */
  | 'expired'
  | 'canceled'
  | 'script'
  | 'corrupt'
  | 'internal';

export interface FailureOptions {
  /** The same call may succeed later without anything being changed. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** Of a write: it may have been carried out all the same. False: it was certainly not. Absent: nobody knows. */
  readonly isUncertain?: boolean;
  /** Passed through to the caller of a REST request or a script. */
  readonly detail?: Json;
  /** The HTTP status that a script asked for with `throw { code: … }`; else that of the code. */
  readonly status?: number;
}

/** An expected failure. Its message names the thing: mapping, file, line, attribute, id. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;
  readonly retryable: boolean;
  readonly isUncertain: boolean | undefined;
  readonly detail: Json | undefined;
  /** For REST callers and scripts: specification §1.10, §10.5. */
  readonly status: number;

  constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.isUncertain = options.isUncertain;
    this.detail = options.detail;
    this.status = options.status ?? HTTP_STATUS[code];
  }
}

const HTTP_STATUS: Readonly<Record<FailureCode, number>> = {
  'bad-request': 400,
  'bad-configuration': 500,
  unauthorized: 401,
  'not-found': 404,
  exists: 412,
  revision: 412,
  conflict: 409,
  denied: 403,
  unsupported: 501,
  'invalid-data': 400,
  'incomplete-read': 503,
  unreachable: 503,
  timeout: 503,
  locked: 409,
  expired: 410,
  canceled: 503,
  script: 500,
  corrupt: 500,
  internal: 500,
};

/** The text of anything that was thrown, without a stack. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === 'string' ? thrown : JSON.stringify(thrown);
}
