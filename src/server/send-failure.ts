import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Failure, messageOf } from '../base/failure.ts';
import { isJsonObject } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import { errorAnswer, errorBody, type ErrorAnswer } from './crest/error-body.ts';
import { wantsPretty } from './crest/read-call.ts';
import { JSON_TYPE } from './crest/render-answer.ts';

/**
 * Answers a request that failed (specification §1.10). What nobody expected is answered with 500 and a reference, under
 * which the log has the reason; the answer never has it.
 */
export function sendFailure(log: Log, thrown: unknown, http: FastifyRequest, reply: FastifyReply): FastifyReply {
  const failure = asFailure(log, thrown, http);
  http.exchange.failure = failure;
  const { status, body } = answerOf(failure);
  if (status === 401 && asksForBasic(http)) reply.header('www-authenticate', 'Basic realm="openidm", charset="UTF-8"');
  const retryAfter = retryAfterSeconds(status, failure);
  if (retryAfter !== null) reply.header('retry-after', String(retryAfter));
  return reply
    .code(status)
    .header('content-type', JSON_TYPE)
    .send(JSON.stringify(body, null, isPretty(http) ? 2 : 0));
}

/** False also for a URL that could not be read. */
function isPretty({ exchange }: FastifyRequest): boolean {
  return exchange.target !== null && wantsPretty(exchange.target.parameters);
}

function answerOf(failure: Failure): ErrorAnswer {
  try {
    return errorAnswer(failure);
  } catch {
    return errorBody(failure.status, failure.message);
  }
}

function retryAfterSeconds(status: number, { detail, retryable }: Failure): number | null {
  const told = isJsonObject(detail) ? detail['retryAfterSeconds'] : undefined;
  if (typeof told === 'number' && told >= 0) return Math.ceil(told);
  return status === 503 && retryable ? 1 : null;
}

function asFailure(log: Log, thrown: unknown, http: FastifyRequest): Failure {
  if (thrown instanceof Failure) return thrown;
  const status = statusOf(thrown);
  if (status !== null) return new Failure('bad-request', clientFault(status, thrown), { status });
  const reference = randomUUID();
  const { transactionId } = http.exchange;
  log.write(
    'error',
    `unexpected error ${reference} at ${http.method} ${http.originalUrl.split('?')[0]}: ${messageOf(thrown)}`,
    {
      reference,
      transactionId,
      at: placeOf(thrown),
    },
  );
  return new Failure(
    'internal',
    `Internal error; the log of the server has the reason under the reference ${reference}`,
  );
}

/** The framework's own refusals: a body that is too large, a request that ended early. */
function statusOf(thrown: unknown): number | null {
  if (typeof thrown !== 'object' || thrown === null || !('statusCode' in thrown)) return null;
  const { statusCode } = thrown;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : null;
}

function clientFault(status: number, thrown: unknown): string {
  if (status === 413) return 'The request content is too large';
  return messageOf(thrown);
}

/** The innermost line of code, for those who look for the reason. */
function placeOf(thrown: unknown): string {
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  return (
    stack
      .split('\n')
      .find((line) => line.startsWith('    at '))
      ?.trim() ?? ''
  );
}

/** A browser would ask its user for a password, in a window that no page can close. */
function asksForBasic({ headers }: FastifyRequest): boolean {
  return headers.authorization?.startsWith('Basic ') === true && headers['x-requested-with'] === undefined;
}
