import type { Socket } from 'node:net';
import { Failure } from '../../base/failure.ts';
import { decodeResponse, openMessage, type ServerResponse } from '../codec/decode-response.ts';
import { encodeRequest } from '../codec/encode-request.ts';
import { MAX_MESSAGE_ID, type LdapControl, type RequestOperation } from '../codec/message.ts';
import { DEFAULT_MAX_MESSAGE_BYTES, MessageFramer } from '../codec/message-framer.ts';
import { LdapFailure, readable } from '../ldap-failure.ts';
import { abortReason } from './abort-reason.ts';
import { lostFailure } from './describe-operation.ts';
import { PendingRequest, type PendingOptions, type ResponseHandler } from './pending-request.ts';

/**
 * A bound, not a window: whoever sends many requests at once limits them himself (8 to 16 are enough for any server). OpenLDAP ends a
 * connection with more than 1000 that wait (`conn_max_pending_auth`).
 */
const MAX_PENDING = 500;
const UNBIND_MS = 1000;

export interface ChannelOptions {
  /** For messages. */
  readonly shownAddress: string;
  readonly maxMessageBytes?: number;
}

/**
 * Requests and answers over one socket. Many requests may be under way at once; each answer goes to whoever waits for its message id.
 * Answers to what nobody waits for any more are passed over. A message that cannot be read fails its request only; bytes
 * that are no message end the connection, and with it all that waits.
 */
export class Channel {
  readonly #options: ChannelOptions;
  readonly #pending = new Map<number, PendingRequest>();
  #socket: Socket;
  #framer: MessageFramer;
  #lastId = 0;
  #holds = 0;
  #isCorked = false;
  #loss: LdapFailure | null = null;
  #socketError: Error | null = null;
  /** How many chunks came: for those who watch for signs of life. */
  received = 0;

  constructor(socket: Socket, options: ChannelOptions) {
    this.#options = options;
    this.#socket = socket;
    this.#framer = this.#newFramer();
    this.#attach(socket);
  }

  get isOpen(): boolean {
    return this.#loss === null;
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Does a slow consumer keep answers from being read? */
  get isHeldBack(): boolean {
    return this.#holds > 0;
  }

  /** Sends a request. Throws where it cannot be sent at all; after that the handler is told. Gives the message id. */
  send(
    operation: RequestOperation,
    controls: readonly LdapControl[],
    handler: ResponseHandler,
    { timeoutMs, signal }: PendingOptions,
  ): number {
    if (signal?.aborted === true) throw abortReason(signal);
    if (this.#loss !== null) throw this.#notOpen(this.#loss);
    if (this.#pending.size >= MAX_PENDING)
      throw new Failure(
        'locked',
        `${MAX_PENDING} requests wait for an answer from ${this.#options.shownAddress} already`,
        { retryable: true },
      );
    const id = this.#newId();
    const bytes = encodeRequest(id, operation, controls);
    const pending = new PendingRequest(operation, handler, signal);
    this.#pending.set(id, pending);
    pending.watch(
      timeoutMs,
      () => this.isHeldBack,
      (failure) => this.giveUp(id, failure),
    );
    this.#write(bytes);
    return id;
  }

  /** Stops waiting for an answer: the server is told to abandon the request, and its handler that it failed. */
  giveUp(id: number, failure: Error): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#settle(id, pending);
    if (this.#loss === null) this.#write(encodeRequest(this.#newId(), { kind: 'abandon', messageId: id }, []));
    pending.handler.failed(failure);
  }

  /** Stops reading until `release`. Counted: as many releases as holds. */
  hold(): void {
    if (this.#holds++ === 0) this.#socket.pause();
  }

  release(): void {
    if (--this.#holds === 0) this.#socket.resume();
  }

  /** Gives the socket away, as it is, for TLS to be laid over it. Throws where the server has said more than it should have. */
  detach(): Socket {
    if (this.#loss !== null) throw this.#loss;
    if (this.#framer.isWithinMessage || this.#pending.size > 0)
      throw new LdapFailure('protocol', 'corrupt', 'the server sent data between StartTLS and TLS');
    this.#socket.removeAllListeners();
    this.#socket.pause();
    return this.#socket;
  }

  /** Goes on over another socket. */
  attach(socket: Socket): void {
    this.#framer = this.#newFramer();
    this.#attach(socket);
  }

  /** Says goodbye. Whoever still waits for an answer fails. */
  close(): void {
    if (this.#loss !== null) return;
    this.#write(encodeRequest(this.#newId(), { kind: 'unbind' }, []));
    const socket = this.#socket;
    this.#end(new LdapFailure('lost', 'unreachable', `the connection to ${this.#options.shownAddress} was closed`));
    socket.resume();
    socket.end();
    setTimeout(() => socket.destroy(), UNBIND_MS).unref();
  }

  /** Ends the connection at once. */
  destroy(loss: LdapFailure): void {
    if (this.#loss !== null) return;
    this.#end(loss);
    this.#socket.destroy();
  }

  #attach(socket: Socket): void {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => (this.#socketError = error));
    socket.on('end', () => this.#lost());
    socket.on('close', () => this.#lost());
  }

  #take(chunk: Buffer): void {
    this.received++;
    if (this.#loss !== null) return;
    try {
      this.#framer.push(chunk, this.#dispatch);
    } catch (thrown) {
      if (!(thrown instanceof LdapFailure)) throw thrown;
      this.destroy(thrown);
    }
  }

  readonly #dispatch = (bytes: Buffer, start: number, end: number): void => {
    if (this.#loss !== null) return;
    const { id, reader } = openMessage(bytes, start, end);
    if (id === 0) return this.#unsolicited(decodeResponse(reader));
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    let response: ServerResponse;
    try {
      response = decodeResponse(reader);
    } catch (thrown) {
      if (!(thrown instanceof LdapFailure)) throw thrown;
      return this.giveUp(id, thrown);
    }
    if (response.kind === 'result') this.#settle(id, pending);
    else pending.extend();
    pending.handler.response(response, end - start);
  };

  /** The server speaks by itself. Every notice that RFC 4511 knows of is that it disconnects (§4.4.1). */
  #unsolicited(response: ServerResponse): void {
    if (response.kind !== 'result') return;
    const text = `the server ${this.#options.shownAddress} ended the connection: ${readable(response.message)}`;
    this.destroy(new LdapFailure('lost', 'unreachable', text, { retryable: true, result: response }));
  }

  #settle(id: number, pending: PendingRequest): void {
    this.#pending.delete(id);
    pending.settle();
  }

  #lost(): void {
    if (this.#loss !== null) return;
    const where = this.#framer.isWithinMessage ? ' in the middle of a message' : '';
    const why = this.#socketError === null ? '' : `: ${this.#socketError.message}`;
    const text = `the connection to ${this.#options.shownAddress} was lost${where}${why}`;
    this.destroy(
      new LdapFailure('lost', 'unreachable', text, { retryable: true, cause: this.#socketError ?? undefined }),
    );
  }

  #end(loss: LdapFailure): void {
    this.#loss = loss;
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of waiting) pending.settle();
    for (const { handler, operation } of waiting) handler.failed(lostFailure(operation, loss));
  }

  #notOpen(loss: LdapFailure): LdapFailure {
    return new LdapFailure('lost', 'unreachable', `${loss.message}; open it again`, { retryable: true, cause: loss });
  }

  #newId(): number {
    do this.#lastId = this.#lastId >= MAX_MESSAGE_ID ? 1 : this.#lastId + 1;
    while (this.#pending.has(this.#lastId));
    return this.#lastId;
  }

  #newFramer(): MessageFramer {
    return new MessageFramer(this.#options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES);
  }

  /** What is sent within one turn goes out as one piece. */
  #write(bytes: Buffer): void {
    const socket = this.#socket;
    if (!this.#isCorked) {
      this.#isCorked = true;
      socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        socket.uncork();
      });
    }
    socket.write(bytes);
  }
}
