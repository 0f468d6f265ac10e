import { isPruneRecord, objectIdOf, seal, type SealedEvent } from '../../model/audit-chain.ts';
import type { AuditEvent, AuditTopic, ChainedEvent, ChainLink } from '../../model/audit.ts';
import { parseDocument } from './document.ts';
import type { Cell } from './sqlite-database.ts';

/** Audit events as flat lists of cells, on their way to the thread of the database and back. */

export const SEALED_WIDTH = 8;
const EVENT_WIDTH = 8;
const LINK_WIDTH = 9;

/** `topic, id, time, transaction id, user id, object id, text, is a prune record`, each. */
export function sealedCells(events: readonly AuditEvent[]): readonly Cell[] {
  return events.flatMap((event) => {
    const { topic, id, timestampMs, transactionId, userId, text } = seal(event);
    return [topic, id, timestampMs, transactionId, userId, objectIdOf(event.event), text, isPruneRecord(event) ? 1 : 0];
  });
}

export function eventCells(cells: readonly Cell[]): {
  readonly sealed: SealedEvent;
  readonly objectId: string | null;
  readonly isRecord: number;
} {
  const [topic, id, timestampMs, transactionId, userId, objectId, text, isRecord] = cells as readonly never[];
  const sealed: SealedEvent = {
    topic: topic!,
    id: id!,
    timestampMs: timestampMs!,
    transactionId: transactionId!,
    userId: userId!,
    text: text!,
  };
  return { sealed, objectId: objectId!, isRecord: isRecord! };
}

/** From `seq, topic, id, time, transaction id, user id, text, hash`. */
export function auditEvent(cells: readonly Cell[], at = 0): ChainedEvent {
  const id = cells[at + 2] as string;
  return {
    seq: cells[at] as number,
    topic: cells[at + 1] as AuditTopic,
    id,
    timestampMs: cells[at + 3] as number,
    transactionId: cells[at + 4] as string,
    userId: cells[at + 5] as string,
    event: parseDocument(`audit event ${id}`, cells[at + 6] as string),
    hash: cells[at + 7] as string,
  };
}

export function auditEvents(cells: readonly Cell[]): readonly ChainedEvent[] {
  return Array.from({ length: cells.length / EVENT_WIDTH }, (_, row) => auditEvent(cells, row * EVENT_WIDTH));
}

/** From `seq, topic, time, digest, hash, id, transaction id, user id, text`, each. */
export function chainLinks(cells: readonly Cell[]): readonly ChainLink[] {
  return Array.from({ length: cells.length / LINK_WIDTH }, (_, row) => chainLink(cells, row * LINK_WIDTH));
}

function chainLink(cells: readonly Cell[], at: number): ChainLink {
  const topic = cells[at + 1] as AuditTopic;
  const timestampMs = cells[at + 2] as number;
  const text = cells[at + 8] as string | null;
  return {
    seq: cells[at] as number,
    topic,
    timestampMs,
    digest: cells[at + 3] as string,
    hash: cells[at + 4] as string,
    event: text === null ? null : linkEvent(cells, at, text),
  };
}

function linkEvent(cells: readonly Cell[], at: number, text: string): AuditEvent {
  const id = String(cells[at + 5]);
  return {
    topic: cells[at + 1] as AuditTopic,
    timestampMs: cells[at + 2] as number,
    id,
    transactionId: String(cells[at + 6]),
    userId: String(cells[at + 7]),
    event: parsed(text),
  };
}

/** Whatever someone wrote there: verifying the chain tells which one it is, and does not stop at it. */
function parsed(text: string): AuditEvent['event'] {
  try {
    return parseDocument('', text);
  } catch {
    return { unreadable: text };
  }
}
