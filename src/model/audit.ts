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

/** An event as stored: its place in the chain, and the hash that covers it and everything before it. */
export interface ChainedEvent extends AuditEvent {
  /** 1, 2, 3 … over all topics. */
  readonly seq: number;
  /** SHA-256, hexadecimal; see `ChainLink`. */
  readonly hash: string;
}

/**
 * One link of the chain. `digest` is the SHA-256 of the event's canonical text; `hash` covers the hash before it, the
 * number, topic, time and digest. A pruned event leaves its link behind, so that what follows can still be verified.
 */
export interface ChainLink {
  readonly seq: number;
  readonly topic: string;
  readonly timestampMs: number;
  readonly digest: string;
  readonly hash: string;
  /** Null: pruned. */
  readonly event: AuditEvent | null;
}

/** A place in the chain: the hash after event number `seq`. */
export interface ChainPoint {
  readonly seq: number;
  readonly hash: string;
}

/** Where the kept chain begins (the last link that pruning took away), and where it ends. */
export interface ChainEnds {
  readonly anchor: ChainPoint;
  readonly head: ChainPoint;
}

/** Who prunes. */
export type PruneRecord = Pick<AuditEvent, 'id' | 'timestampMs' | 'transactionId' | 'userId'>;

export interface PruneRequest {
  /** Events with an earlier time go. */
  readonly beforeMs: number;
  /** Undefined: all of them. */
  readonly topics?: readonly AuditTopic[] | undefined;
  readonly record: PruneRecord;
}

/** Event name of the records that pruning leaves in the topic `config`; `beforeMs` and `topics` (null: all) are members. */
export const PRUNE_EVENT = 'audit-prune';

export interface AuditPageRequest {
  readonly filter?: Filter;
  /** `seq` of the last event of the page before. */
  readonly after?: number | null;
  readonly limit: number;
  readonly newestFirst?: boolean;
}

export interface AuditReads {
  read(topic: AuditTopic, id: string): Promise<ChainedEvent | null>;
  /**
   * In the order of the chain, or newest first; `next` is a `seq`. `filter` is evaluated, exact in letters, over the
   * event's members together with `_id`, `timestamp` (ISO text), `transactionId` and `userId`. An equality on
   * `transactionId` or `objectId` is looked up by index; everything else reads the topic.
   */
  page(topic: AuditTopic | null, request: AuditPageRequest): Promise<Page<ChainedEvent>>;
  ends(): Promise<ChainEnds>;
  /** Links in order, those of pruned events included. */
  links(afterSeq: number, limit: number): Promise<readonly ChainLink[]>;
  /**
   * Removes what is older, and answers how many events. A record of it is appended to the chain first: a link without an
   * event that no record accounts for is a manipulation. These records are kept as long as anything before them.
   */
  prune(request: PruneRequest): Promise<number>;
}
