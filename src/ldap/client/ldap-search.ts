import { Failure } from '../../base/failure.ts';
import { encodeBer } from '../ber/ber-writer.ts';
import type { ServerResponse } from '../codec/decode-response.ts';
import type { LdapEntry } from '../codec/ldap-entry.ts';
import type {
  IntermediateResponse,
  LdapControl,
  OperationResult,
  SearchOperation,
  SearchReference,
} from '../codec/message.ts';
import { LdapFailure, resultFailure } from '../ldap-failure.ts';
import type { Channel } from './channel.ts';
import { describeOperation } from './describe-operation.ts';
import { exchange, wrongAnswer } from './exchange.ts';
import type { PendingOptions, ResponseHandler } from './pending-request.ts';

/** What a search gives, in the order of the server. */
export type SearchItem = LdapEntry | SearchReference | IntermediateResponse;

/**
 * The controls to ask with again after a result that is a success, for the next page; null ends the search. `itemCount`: what came since it
 * was asked last. May throw.
 */
export type FollowUp = (result: OperationResult, itemCount: number) => readonly LdapControl[] | null;

export interface SearchSettings extends PendingOptions {
  readonly controls: readonly LdapControl[];
  readonly followUp?: FollowUp;
  /** Called before the first request. Throws where the search cannot begin now. */
  readonly onStart?: () => void;
  /** Called once after a start, however the search ended. Leaving the loop waits for it. */
  readonly onEnd?: () => Promise<void>;
}

const CANCEL = '1.3.6.1.1.8';
const CANCELED = 118;
const CANCEL_MS = 30_000;
const HIGH_WATER_BYTES = 1024 * 1024;

/**
 * A search, read batch by batch: `for await (const items of search)`. It is sent when the first batch is asked for. A batch holds
 * what came since the last one. When 1 MiB waits to be taken, the whole connection is no longer read, until it is taken; so a slow reader should have a connection of
 * its own.
 *
 * Iteration ends normally only with a success of the server. Every other end throws: `LdapFailure` with reason `result` (limits,
 * referral, …; code `incomplete-read`), `lost`, `timeout` or `protocol`, or the signal's reason. Leaving the loop abandons it.
 */
export class LdapSearch implements AsyncIterableIterator<readonly SearchItem[], undefined, undefined>, ResponseHandler {
  readonly #channel: Channel;
  readonly #operation: SearchOperation;
  readonly #settings: SearchSettings;
  #queue: SearchItem[] = [];
  #queuedBytes = 0;
  #itemCount = 0;
  #isHolding = false;
  #id: number | null = null;
  #isStarted = false;
  #result: OperationResult | null = null;
  #failure: Error | null = null;
  #isCanceling = false;
  #wake: (() => void) | null = null;
  #ending: Promise<void> | undefined;

  constructor(channel: Channel, operation: SearchOperation, settings: SearchSettings) {
    this.#channel = channel;
    this.#operation = operation;
    this.#settings = settings;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The server's result, with its controls. Only after the iteration has ended normally. */
  get result(): OperationResult {
    if (this.#result === null) throw new Failure('internal', `${describeOperation(this.#operation)} has no result yet`);
    return this.#result;
  }

  async next(): Promise<IteratorResult<readonly SearchItem[], undefined>> {
    if (!this.#isStarted) this.#start();
    while (true) {
      if (this.#queue.length > 0) return { done: false, value: this.#take() };
      if (this.#failure !== null) {
        if (this.#failure instanceof LdapFailure) await this.#ending;
        throw this.#failure;
      }
      if (this.#result !== null) return { done: true, value: undefined };
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Gives the search up: the server is told to abandon it. */
  async return(): Promise<IteratorResult<readonly SearchItem[], undefined>> {
    const failure = new Failure('canceled', `${describeOperation(this.#operation)} was given up`);
    if (this.#id !== null) this.#channel.giveUp(this.#id, failure);
    this.#isStarted = true;
    if (this.#result === null) this.#failure ??= failure;
    this.#drop();
    this.#notify();
    await this.#ending;
    return { done: true, value: undefined };
  }

  /**
   * Asks the server to end the search (RFC 3909), and waits until it has. Iteration then ends normally, with the result 118. For
   * searches that have no end, where it matters that nothing was missed. Rejects where the server cannot do it.
   */
  async cancel(): Promise<void> {
    if (this.#id === null || this.#isOver) return;
    // What still comes is little, and has to be read for the answer to come.
    this.#isCanceling = true;
    this.#letGo();
    const value = cancelValue(this.#id);
    const result = await exchange(this.#channel, { kind: 'extended', oid: CANCEL, value }, [], {
      timeoutMs: CANCEL_MS,
    });
    if (result.code !== 0 && !this.#isOver) throw resultFailure('the end of a search', result);
  }

  /** From the channel. */
  response(response: ServerResponse, size: number): void {
    if (response.kind === 'unknown') return;
    if (response.kind === 'result') return this.#finish(response);
    this.#queue.push(response);
    this.#queuedBytes += size;
    this.#itemCount++;
    if (this.#queuedBytes > HIGH_WATER_BYTES && !this.#isHolding && !this.#isCanceling) this.#hold();
    this.#notify();
  }

  /** From the channel. What came before is still given. */
  failed(failure: Error): void {
    this.#id = null;
    this.#failure = failure;
    if (!(failure instanceof LdapFailure)) this.#drop();
    this.#end();
  }

  get #isOver(): boolean {
    return this.#failure !== null || this.#result !== null;
  }

  #start(): void {
    this.#isStarted = true;
    try {
      this.#settings.onStart?.();
    } catch (thrown) {
      this.#failure = thrown as Error;
      return;
    }
    this.#send(this.#settings.controls);
  }

  #send(controls: readonly LdapControl[]): void {
    try {
      this.#id = this.#channel.send(this.#operation, controls, this, this.#settings);
    } catch (thrown) {
      this.failed(thrown as Error);
    }
  }

  #finish(result: OperationResult): void {
    this.#id = null;
    if (result.operation !== 'search') return this.failed(wrongAnswer(this.#operation, result.operation));
    const isCanceled = this.#isCanceling && result.code === CANCELED;
    if (result.code !== 0 && !isCanceled)
      return this.failed(resultFailure(describeOperation(this.#operation), result, true));
    try {
      const next = (isCanceled ? null : this.#settings.followUp?.(result, this.#itemCount)) ?? null;
      this.#itemCount = 0;
      if (next !== null) return this.#send(next);
    } catch (thrown) {
      return this.failed(thrown as Error);
    }
    this.#result = result;
    this.#end();
  }

  #end(): void {
    this.#ending = this.#settings.onEnd?.();
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  #take(): readonly SearchItem[] {
    const items = this.#queue;
    this.#drop();
    return items;
  }

  #drop(): void {
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#letGo();
  }

  #letGo(): void {
    if (this.#isHolding) this.#channel.release();
    this.#isHolding = false;
  }

  #hold(): void {
    this.#isHolding = true;
    this.#channel.hold();
  }
}

function cancelValue(id: number): Buffer {
  return encodeBer((writer) => {
    const start = writer.open();
    writer.integer(id);
    writer.close(start);
  });
}
