import type { LdapControl, OperationResult, RequestOperation } from '../codec/message.ts';
import { LdapFailure, resultFailure } from '../ldap-failure.ts';
import type { Channel } from './channel.ts';
import { describeOperation } from './describe-operation.ts';
import type { PendingOptions } from './pending-request.ts';

/** compareFalse and compareTrue: answers, where others are refusals. */
const COMPARE_CODES: ReadonlySet<number> = new Set([5, 6]);

/**
 * Sends a request that has one answer, and gives it whatever its code is. Rejects with `LdapFailure` (`lost`, `timeout`, `protocol`)
 * or with the signal's reason.
 */
export function exchange(
  channel: Channel,
  operation: RequestOperation,
  controls: readonly LdapControl[],
  options: PendingOptions,
): Promise<OperationResult> {
  return new Promise((resolve, reject) => {
    channel.send(
      operation,
      controls,
      {
        failed: reject,
        response: (response) => {
          if (response.kind !== 'result') return;
          if (response.operation === operation.kind) resolve(response);
          else reject(wrongAnswer(operation, response.operation));
        },
      },
      options,
    );
  });
}

/** The same, and refuses a result that is no success: `LdapFailure('result')`. */
export async function exchangeSuccess(
  channel: Channel,
  operation: RequestOperation,
  controls: readonly LdapControl[],
  options: PendingOptions,
): Promise<OperationResult> {
  const result = await exchange(channel, operation, controls, options);
  const isAnswer = operation.kind === 'compare' && COMPARE_CODES.has(result.code);
  if (result.code !== 0 && !isAnswer) throw resultFailure(describeOperation(operation), result);
  return result;
}

export function wrongAnswer(operation: RequestOperation, answered: string): LdapFailure {
  const text = `the server answered ${describeOperation(operation)} with the result of another operation (${answered})`;
  return new LdapFailure('protocol', 'corrupt', text, { isUncertain: true });
}
