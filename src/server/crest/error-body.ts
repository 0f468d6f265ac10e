import { STATUS_CODES } from 'node:http';
import { Failure } from '../../base/failure.ts';
import type { Json, JsonObject } from '../../base/json.ts';

/** The answer to a request that failed (specification §1.10). */
export interface ErrorAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

export function errorAnswer(failure: Failure): ErrorAnswer {
  return errorBody(failure.status, failure.message, failure.detail);
}

/** A status that is no error is answered as 500: scripts may throw any number. */
export function errorBody(wanted: number, message: string, detail?: Json): ErrorAnswer {
  const status = Number.isInteger(wanted) && wanted >= 400 && wanted <= 599 ? wanted : 500;
  const body: JsonObject = { code: status, reason: STATUS_CODES[status] ?? 'Error', message };
  if (detail !== undefined && detail !== null) body['detail'] = detail;
  return { status, body };
}
