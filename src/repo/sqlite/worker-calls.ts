import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { Failure, messageOf, type FailureCode } from '../../base/failure.ts';
import type { Json } from '../../base/json.ts';

/** `[number, method, arguments]` to the thread, `[number, error or null, value]` back, in the same order. */
export type CallMessage = readonly [number, string, readonly unknown[]];
export type AnswerMessage = readonly [number, CallError | null, unknown];

export interface CallError {
  readonly code: FailureCode;
  readonly message: string;
  readonly isRetryable: boolean;
  readonly detail: Json | null;
}

const MAX_PENDING = 10_000;
const PATIENCE_MS = 10_000;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: Failure) => void;
}

/** Calls functions in another thread, one after the other. If the thread ends, every call that waits is refused. */
export class WorkerCalls {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastNumber = 0;
  #ended: Failure | null = null;
  readonly #name: string;

  /** `name` is what messages call the thread. */
  constructor(url: URL, workerData: unknown, name: string) {
    this.#name = name;
    this.#worker = new Worker(url, { workerData, name, execArgv: [] });
    this.#worker.on('message', (answer: AnswerMessage) => this.#settle(answer));
    this.#worker.on('error', (thrown) => this.#end(messageOf(thrown)));
    this.#worker.on('messageerror', (thrown) => this.#end(messageOf(thrown)));
    this.#worker.on('exit', (code) => this.#end(`exit code ${code}`));
    this.#worker.unref();
  }

  call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (this.#pending.size >= MAX_PENDING)
      return Promise.reject(new Failure('internal', `${this.#name}: more than ${MAX_PENDING} calls wait for it`));
    const number = ++this.#lastNumber;
    return new Promise((resolve, reject) => {
      if (this.#pending.size === 0) this.#worker.ref();
      this.#pending.set(number, { resolve, reject });
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      this.#worker.postMessage([number, method, args] satisfies CallMessage);
    });
  }

  /**
   * Waits for a thread that ends by itself after its last answer, and ends it if it does not. Calls made afterwards are
   * refused with `why`. (Threads that are torn down from outside are a known cause of crashes of Node.)
   */
  async ended(why: Failure): Promise<void> {
    if (this.#ended) return;
    this.#ended = why;
    this.#worker.ref();
    const timer = setTimeout(() => void this.#worker.terminate(), PATIENCE_MS);
    await once(this.#worker, 'exit');
    clearTimeout(timer);
  }

  /** Ends the thread; calls made afterwards are refused with `why`. */
  async terminate(why: Failure): Promise<void> {
    this.#ended ??= why;
    await this.#worker.terminate();
  }

  #settle([number, error, value]: AnswerMessage): void {
    const pending = this.#pending.get(number);
    assert(pending, `${this.#name}: answer ${number} belongs to no call`);
    this.#pending.delete(number);
    if (this.#pending.size === 0) this.#worker.unref();
    if (error) pending.reject(failureOf(error));
    else pending.resolve(value);
  }

  #end(why: string): void {
    this.#ended ??= new Failure('internal', `${this.#name} ended unexpectedly (${why}): restart the program`);
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }
}

function failureOf({ code, message, isRetryable, detail }: CallError): Failure {
  return new Failure(code, message, detail === null ? { retryable: isRetryable } : { retryable: isRetryable, detail });
}

export function callError(thrown: unknown): CallError {
  if (!(thrown instanceof Failure))
    return { code: 'internal', message: messageOf(thrown), isRetryable: false, detail: null };
  return { code: thrown.code, message: thrown.message, isRetryable: thrown.retryable, detail: thrown.detail ?? null };
}
