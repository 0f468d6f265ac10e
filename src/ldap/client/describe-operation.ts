import type { RequestOperation } from '../codec/message.ts';
import { LdapFailure, readable } from '../ldap-failure.ts';

/** An operation in a few words, for messages. */
export function describeOperation(operation: RequestOperation): string {
  switch (operation.kind) {
    case 'bind':
      return operation.dn === '' ? 'the login' : `the login as "${readable(operation.dn)}"`;
    case 'search':
      return `the search below "${readable(operation.base)}"`;
    case 'modify':
    case 'add':
    case 'delete':
    case 'rename':
    case 'compare':
      return `${operation.kind} of "${readable(operation.dn)}"`;
    case 'extended':
      return `the extended operation ${readable(operation.oid)}`;
    case 'unbind':
    case 'abandon':
      return operation.kind;
  }
}

/** The failure of an operation that was waiting when its connection ended. A search is then an incomplete read. */
export function lostFailure(operation: RequestOperation, loss: LdapFailure): LdapFailure {
  const isUncertain = mayHaveHappened(operation);
  return new LdapFailure(
    loss.reason,
    operation.kind === 'search' && loss.code === 'unreachable' ? 'incomplete-read' : loss.code,
    `${describeOperation(operation)} has no answer${isUncertain ? ' (it may have been carried out)' : ''}: ${loss.message}`,
    { retryable: loss.retryable, cause: loss, isUncertain },
  );
}

export function timeoutFailure(operation: RequestOperation, timeoutMs: number): LdapFailure {
  const isUncertain = mayHaveHappened(operation);
  return new LdapFailure(
    'timeout',
    'timeout',
    `${describeOperation(operation)} had no answer within ${timeoutMs} ms${isUncertain ? '; it may have been carried out' : ''}`,
    { retryable: true, isUncertain },
  );
}

/** Does the operation change something, so that it may have been carried out although no answer came? */
function mayHaveHappened({ kind }: RequestOperation): boolean {
  return kind !== 'search' && kind !== 'compare' && kind !== 'bind';
}
