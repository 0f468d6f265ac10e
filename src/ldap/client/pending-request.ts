import type { ServerResponse } from '../codec/decode-response.ts';
import type { RequestOperation } from '../codec/message.ts';
import { abortReason } from './abort-reason.ts';
import { timeoutFailure } from './describe-operation.ts';

/** Who waits for the answers to one request. Exactly one call of `failed`, or one result, ends it. */
export interface ResponseHandler {
  /** `size`: bytes of the message. */
  response(response: ServerResponse, size: number): void;
  failed(failure: Error): void;
}

export interface PendingOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A request that was sent, with its deadline and its signal. `giveUp` is called when one of them comes first. */
export class PendingRequest {
  readonly operation: RequestOperation;
  readonly handler: ResponseHandler;
  readonly #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #onAbort: (() => void) | undefined;

  constructor(operation: RequestOperation, handler: ResponseHandler, signal: AbortSignal | undefined) {
    this.operation = operation;
    this.handler = handler;
    this.#signal = signal;
  }

  /** Starts to watch. `isHeldBack`: answers are not read at the moment, so their absence means nothing. */
  watch(timeoutMs: number, isHeldBack: () => boolean, giveUp: (failure: Error) => void): void {
    if (timeoutMs > 0) {
      this.#timer = setTimeout(() => {
        if (isHeldBack()) this.#timer?.refresh();
        else giveUp(timeoutFailure(this.operation, timeoutMs));
      }, timeoutMs);
    }
    const signal = this.#signal;
    if (signal === undefined) return;
    this.#onAbort = () => giveUp(abortReason(signal));
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** A part of the answer came: the time starts again. */
  extend(): void {
    this.#timer?.refresh();
  }

  /** Ends the watch. */
  settle(): void {
    clearTimeout(this.#timer);
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}
