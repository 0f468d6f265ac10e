import type { JsonObject } from '../base/json.ts';
import type { Page } from './repository.ts';
import type { Filter } from '../base/query-filter.ts';

export const AUDIT_TOPICS = ['recon', 'sync', 'activity', 'access', 'authentication', 'config'] as const;
export type AuditTopic = (typeof AUDIT_TOPICS)[number];

/** One thing that happened. Written once, never changed. */
export interface AuditEvent {
  /** A time-ordered UUID. */
  readonly id: string;
  readonly topic: AuditTopic;
  readonly timestampMs: number;
  /** Ties everything that one request, run or LiveSync call caused. */
  readonly transactionId: string;
  /** Who: `openidm-admin`. */
  readonly userId: string;
  /** The members of its topic (specification §12.2), apart from the above. Never a secret in plain text. */
  readonly event: JsonObject;
}

/** An event as stored: its place in the chain, and the digest that covers it and everything before it. */
export interface ChainedEvent extends AuditEvent {
  /** 1, 2, 3 … over all topics. */
  readonly seq: number;
  /** SHA-256, hexadecimal, over the digest before it and the event's own text. */
  readonly hash: string;
}

export interface AuditReads {
  read(topic: AuditTopic, id: string): Promise<ChainedEvent | null>;
  /**
   * In the order of the chain, or newest first. `filter` is evaluated over the event's members together with `_id`,
   * `timestamp` (ISO text), `transactionId` and `userId`.
   */
  page(
    topic: AuditTopic | null,
    request: {
      readonly filter?: Filter;
      readonly after?: number | null;
      readonly limit: number;
      readonly newestFirst?: boolean;
    },
  ): Promise<Page<ChainedEvent>>;
  /**
   * Removes the oldest events, those before `beforeMs`, and remembers where the chain now begins. Answers how many.
   */
  prune(beforeMs: number, topics?: readonly AuditTopic[]): Promise<number>;
}
