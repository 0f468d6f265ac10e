import { hash } from 'node:crypto';
import { canonicalJson } from '../base/canonical-json.ts';
import { isoTime } from '../base/clock.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { PRUNE_EVENT, type AuditEvent, type ChainLink, type ChainPoint, type PruneRequest } from './audit.ts';

/** What the first event builds on. */
export const CHAIN_START: ChainPoint = { seq: 0, hash: '0'.repeat(64) };

/** An event in the form in which it is stored: `text` is the canonical JSON of its members. */
export interface SealedEvent extends Omit<AuditEvent, 'event' | 'topic'> {
  readonly topic: string;
  readonly text: string;
}

/** Texts that no store would keep as they are (lone surrogates, NUL) are mended: a failed login may carry any name. */
export function seal({ id, topic, timestampMs, transactionId, userId, event }: AuditEvent): SealedEvent {
  return {
    id: storable(id),
    topic,
    timestampMs,
    transactionId: storable(transactionId),
    userId: storable(userId),
    text: canonicalJson(event),
  };
}

export function digestOf({ id, topic, timestampMs, transactionId, userId, text }: SealedEvent): string {
  return sha256(`${JSON.stringify([id, topic, timestampMs, transactionId, userId])}\n${text}`);
}

/** The hash of a link, from the one before it. */
export function chainHash(
  previousHash: string,
  { seq, topic, timestampMs, digest }: Omit<ChainLink, 'hash' | 'event'>,
): string {
  return sha256(`${previousHash}\n${seq}\n${topic}\n${timestampMs}\n${digest}`);
}

/** What filters over events look at. */
export function visibleEvent({ id, timestampMs, transactionId, userId, event }: AuditEvent): JsonObject {
  return { ...event, _id: id, timestamp: isoTime(timestampMs), transactionId, userId };
}

export function isPruneRecord({ topic, event }: Pick<AuditEvent, 'topic' | 'event'>): boolean {
  return topic === 'config' && event['eventName'] === PRUNE_EVENT;
}

/** Pruning never reaches its own record. */
export function boundedPrune(request: PruneRequest): PruneRequest {
  return { ...request, beforeMs: Math.min(request.beforeMs, request.record.timestampMs) };
}

export function pruneRecord({ beforeMs, topics, record }: PruneRequest): AuditEvent {
  const event: JsonObject = {
    eventName: PRUNE_EVENT,
    objectId: 'audit',
    operation: 'DELETE',
    beforeMs,
    topics: topics === undefined ? null : [...topics],
  };
  return { ...record, topic: 'config', event };
}

/** Up to which time, exclusive, a record lets events of this topic be pruned; null for an event that is no such record. */
export function prunedBefore(event: AuditEvent, topic: string): number | null {
  if (!isPruneRecord(event)) return null;
  const { beforeMs, topics } = event.event;
  if (typeof beforeMs !== 'number') return null;
  return topics === null || (Array.isArray(topics) && topics.includes(topic)) ? beforeMs : null;
}

export function objectIdOf(event: JsonObject): string | null {
  const id = isJsonObject(event) ? event['objectId'] : null;
  return typeof id === 'string' ? storable(id) : null;
}

function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}
