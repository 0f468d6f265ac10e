import { Failure } from './failure.ts';

/** Aborts after so many milliseconds, with a `timeout` that says what had no answer. Keeps no process alive. */
export function deadline(ms: number, what: string): AbortSignal {
  const controller = new AbortController();
  const message = `${what} gave no answer within ${ms} ms`;
  setTimeout(() => controller.abort(new Failure('timeout', message, { retryable: true })), ms).unref();
  return controller.signal;
}
