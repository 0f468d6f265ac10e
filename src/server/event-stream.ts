import { Failure } from '../base/failure.ts';
import { errorAnswer, errorBody } from './crest/error-body.ts';
import type { ServerEvent } from './event-port.ts';

export interface EventStreamOptions {
  /** A comment is sent when nothing happened for this long, so that proxies keep the connection. */
  readonly heartbeatMs: number;
  /** A client that does not take the next piece for this long is given up. */
  readonly stallMs: number;
  /** Ends the stream from outside. */
  readonly stop: AbortController;
}

/** Why a stream was stopped: its connection has to be cut, because its end would not be read either. */
export const STALLED = 'stalled';

/**
 * The text of a `text/event-stream`, piece by piece. A piece is made only when the reader asks for it, so a slow client
 * slows the source down and nothing piles up here. Ends with the source, when `stop` is aborted, and when the client stalls.
 * A source that fails ends the stream with an event `error`, whose data has the shape of every error.
 */
export async function* eventStreamText(
  events: AsyncIterable<ServerEvent>,
  { heartbeatMs, stallMs, stop }: EventStreamOptions,
): AsyncGenerator<string> {
  const iterator = events[Symbol.asyncIterator]();
  let pending: Promise<Step> | null = null;
  const deliver = function* (text: string) {
    const watchdog = setTimeout(() => stop.abort(STALLED), stallMs);
    try {
      yield text;
    } finally {
      clearTimeout(watchdog);
    }
  };
  try {
    yield* deliver('retry: 3000\n\n');
    while (!stop.signal.aborted) {
      pending ??= nextOf(iterator);
      const step: Step = await firstOf(pending, heartbeatMs, stop.signal);
      if (step.kind !== 'idle') pending = null;
      if (step.kind === 'end') return;
      yield* deliver(step.kind === 'idle' ? ': waiting\n\n' : step.text);
      if (step.kind === 'failed') return;
    }
  } finally {
    stop.abort();
    void iterator.return?.().catch(() => {});
  }
}

/** The lines of one event. Line breaks cannot end a field early: data is JSON, and names are stripped of them. */
export function formatEvent({ id, event, data }: ServerEvent): string {
  const line = (name: string, value: string) => `${name}: ${value.replace(/[\r\n\0]/g, ' ')}\n`;
  return `${id === null ? '' : line('id', id)}${line('event', event)}data: ${JSON.stringify(data)}\n\n`;
}

type Step =
  | { readonly kind: 'event' | 'failed'; readonly text: string }
  | { readonly kind: 'idle' }
  | { readonly kind: 'end' };

async function nextOf(iterator: AsyncIterator<ServerEvent>): Promise<Step> {
  try {
    const next = await iterator.next();
    return next.done === true ? { kind: 'end' } : { kind: 'event', text: formatEvent(next.value) };
  } catch (thrown) {
    const unexpected = 'The events could not be read any further; read the resource itself';
    const { body } = thrown instanceof Failure ? errorAnswer(thrown) : errorBody(500, unexpected);
    return { kind: 'failed', text: formatEvent({ id: null, event: 'error', data: body }) };
  }
}

/** `pending`, unless `heartbeatMs` pass or the stream is stopped before. Leaves neither timer nor listener behind. */
async function firstOf(pending: Promise<Step>, heartbeatMs: number, signal: AbortSignal): Promise<Step> {
  const { promise, resolve } = Promise.withResolvers<Step>();
  const timer = setTimeout(() => resolve({ kind: 'idle' }), heartbeatMs);
  const onAbort = () => resolve({ kind: 'end' });
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  void pending.then(resolve);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
