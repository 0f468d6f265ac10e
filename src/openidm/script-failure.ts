import { Failure, type FailureCode } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { ScriptFault } from '../mapping/script-host.ts';

/**
 * What became of a script, for whoever asked (specification §1.10): `throw {code, message, detail}` decides the status
 * itself; a script that nothing here can run is 501; anything else is 500 with the text that was thrown.
 */
export function scriptFailure(fault: ScriptFault): Failure {
  const thrown = isJsonObject(fault.thrown) ? fault.thrown : null;
  if (thrown !== null && isErrorStatus(thrown['code'])) return codedFailure(thrown, thrown['code'], fault);
  if (fault.kind === 'unsupported') return new Failure('unsupported', messageOf(fault), { detail: placeOf(fault) });
  const code: FailureCode = fault.kind === 'timeout' ? 'timeout' : 'script';
  return new Failure(code, messageOf(fault), { detail: placeOf(fault), status: 500 });
}

/** For a script that came with the request: unless it throws on purpose, what is wrong with it is wrong with the request. */
export function requestScriptFailure(fault: ScriptFault): Failure {
  const failure = scriptFailure(fault);
  const isOwnError = /^(?:Reference|Type|Syntax|Range|URI|Eval)Error: /.test(fault.message) || isMissingModule(fault);
  if (fault.kind === 'thrown' && !isOwnError) return failure;
  return new Failure('bad-request', failure.message, failure.detail === undefined ? {} : { detail: failure.detail });
}

function isMissingModule({ thrown }: ScriptFault): boolean {
  return isJsonObject(thrown) && thrown['code'] === 'MODULE_NOT_FOUND';
}

/** `{script, file?, line?, column?}`: where it went wrong. */
export function placeOf({ place, file, line, column }: ScriptFault): JsonObject {
  return {
    script: place,
    ...(file === null ? {} : { file }),
    ...(line === null ? {} : { line }),
    ...(column === null ? {} : { column }),
  };
}

const CODES: Readonly<Record<number, FailureCode>> = {
  400: 'bad-request',
  401: 'unauthorized',
  403: 'denied',
  404: 'not-found',
  409: 'conflict',
  412: 'revision',
  501: 'unsupported',
  503: 'unreachable',
};

function codedFailure(thrown: JsonObject, status: number, fault: ScriptFault): Failure {
  const message = typeof thrown['message'] === 'string' ? thrown['message'] : fault.message;
  const detail = thrown['detail'];
  return new Failure(CODES[status] ?? 'script', message, { status, ...(detail === undefined ? {} : { detail }) });
}

function isErrorStatus(code: Json | undefined): code is number {
  return typeof code === 'number' && Number.isInteger(code) && code >= 400 && code <= 599;
}

function messageOf(fault: ScriptFault): string {
  if (fault.kind === 'thrown') return fault.message;
  return `${fault.place}: ${fault.message}`;
}
