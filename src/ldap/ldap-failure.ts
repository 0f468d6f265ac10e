import { Failure, type FailureCode } from '../base/failure.ts';
import type { LdapResult } from './codec/message.ts';
import { isPartialRead, resultCodeMeaning } from './result-code.ts';

/**
 * Why an LDAP operation failed.
 *
 * - `result`: the server refused it; `result` says how.
 * - `connect`: no connection came about (name, address, port, refused, TLS).
 * - `certificate`: the server's certificate was not accepted.
 * - `lost`: the connection ended while the operation was going on, or before it began.
 * - `timeout`: no answer in time. The operation was abandoned; the connection goes on.
 * - `protocol`: the server sent what is no LDAP, or what does not belong here.
 */
export type LdapFailureReason = 'result' | 'connect' | 'certificate' | 'lost' | 'timeout' | 'protocol';

export interface LdapFailureOptions {
  readonly retryable?: boolean;
  readonly cause?: unknown;
  readonly result?: LdapResult;
  readonly isUncertain?: boolean;
}

/** A `Failure` with what LDAP knows of it. Aborted calls are not of this class: they reject with the signal's reason. */
export class LdapFailure extends Failure {
  readonly reason: LdapFailureReason;
  /** The server's result, where there was one: code, matched DN, message, referrals, controls. */
  readonly result: LdapResult | null;
  /** A write that may have been carried out although no answer came. Read the entry before repeating it. */
  override readonly isUncertain: boolean;

  constructor(reason: LdapFailureReason, code: FailureCode, message: string, options: LdapFailureOptions = {}) {
    super(code, message, { retryable: options.retryable ?? false, cause: options.cause });
    this.reason = reason;
    this.result = options.result ?? null;
    this.isUncertain = options.isUncertain ?? false;
  }
}

/**
 * The failure for a result other than success. `what` names operation and entry: `modify of "uid=a,dc=example"`.
 * A search that ended early (size, time or administrative limit, referral, busy, canceled) is an `incomplete-read`.
 */
export function resultFailure(what: string, result: LdapResult, isSearch = false): LdapFailure {
  const { name, code, isRetryable } = resultCodeMeaning(result.code);
  const message = [
    `${what} was refused: ${result.code} ${name}`,
    result.message === '' ? '' : `: ${readable(result.message)}`,
    result.matchedDn === '' ? '' : `; the nearest entry that exists is "${readable(result.matchedDn)}"`,
    result.referrals.length === 0 ? '' : `; ask ${readable(result.referrals.join(' or '))}`,
  ].join('');
  const isIncomplete = isSearch && isPartialRead(result.code);
  return new LdapFailure('result', isIncomplete ? 'incomplete-read' : code, message, {
    retryable: isRetryable,
    result,
  });
}

/** Text of a server, fit for one line of a message: without control characters, and not endless. */
export function readable(text: string): string {
  // eslint-disable-next-line no-control-regex
  const line = text.replaceAll(/[\u0000-\u001F\u007F]+/g, ' ').trim();
  return line.length > 500 ? `${line.slice(0, 500)}…` : line;
}
