import type { Json } from '../base/json.ts';
import type { RequestContext } from '../resource/context.ts';

/** One event of a `text/event-stream`. */
export interface ServerEvent {
  /** What a client sends back as `Last-Event-ID` to go on after this one; null: the stream cannot be resumed here. */
  readonly id: string | null;
  /** `progress`, `entry`, `end`. */
  readonly event: string;
  readonly data: Json;
}

/**
 * The events at a place of the tree, or null if there are none. Asked only after the same caller was allowed to read
 * the place. The source ends by itself when all is told; it stops early when `context.signal` is aborted (the client has
 * gone, or the server stops), and it bounds what it keeps for a slow client.
 */
export type EventSource = (
  path: string,
  context: RequestContext,
  lastEventId: string | null,
) => AsyncIterable<ServerEvent> | null;
