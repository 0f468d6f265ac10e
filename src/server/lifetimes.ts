import type { ServerResponse } from 'node:http';
import { Failure } from '../base/failure.ts';

/** How long the work for a request may go on. */
export interface Lifetimes {
  /** Aborted when the server has waited long enough at stop. */
  readonly stopped: AbortSignal;
  /** Aborted also when the client has gone before it was answered: for work that only reads. */
  untilGone(response: ServerResponse): AbortSignal;
  /** The end of an event stream. Throws `Failure('unreachable')` when there are too many. */
  openStream(response: ServerResponse): AbortController;
  endStreams(): void;
  endAll(): void;
}

export function trackLifetimes(maxStreams: number): Lifetimes {
  const all = new AbortController();
  const streams = new Set<AbortController>();
  const readers = new Set<AbortController>();
  const track = (set: Set<AbortController>, response: ServerResponse): AbortController => {
    const controller = new AbortController();
    set.add(controller);
    response.once('close', () => {
      set.delete(controller);
      if (set === streams || !response.writableFinished) controller.abort();
    });
    return controller;
  };
  return {
    stopped: all.signal,
    untilGone: (response) => track(readers, response).signal,
    openStream: (response) => {
      if (streams.size >= maxStreams)
        throw new Failure('unreachable', `There are ${maxStreams} event streams already; close one`, {
          retryable: true,
        });
      return track(streams, response);
    },
    endStreams: () => streams.forEach((stream) => stream.abort()),
    endAll: () => {
      all.abort();
      readers.forEach((reader) => reader.abort());
    },
  };
}
