import { CHAIN_START, chainHash, digestOf, isPruneRecord, prunedBefore, seal } from '../model/audit-chain.ts';
import type { AuditReads, ChainLink, ChainPoint } from '../model/audit.ts';

/** What is wrong with the chain, and where. */
export interface ChainFault {
  readonly seq: number;
  readonly message: string;
}

export interface ChainReport {
  readonly events: number;
  /** Links whose event was pruned. */
  readonly pruned: number;
  readonly anchor: ChainPoint;
  readonly head: ChainPoint;
  /** The first ones; empty: the chain is whole. */
  readonly faults: readonly ChainFault[];
}

const PAGE = 1000;
const MAX_FAULTS = 20;

interface Walk {
  readonly faults: ChainFault[];
  readonly topics: Map<string, PrunedTopic>;
  before: ChainPoint;
  events: number;
  pruned: number;
  hasRecord: boolean;
}

/** What is gone of a topic, and up to when the records of pruning say that it may be. */
interface PrunedTopic {
  newestMs: number;
  seq: number;
  allowedMs: number;
}

/**
 * Follows the chain from its anchor to its head. A changed, removed, inserted or reordered event is found with its number.
 * `known` is a place noted earlier (`head` of an older report): whoever can write the file can forge a whole chain, but not
 * one that still has that hash.
 */
export async function verifyChain(audit: AuditReads, known: ChainPoint | null = null): Promise<ChainReport> {
  const { anchor, head } = await audit.ends();
  const walk: Walk = { faults: [], topics: new Map(), before: anchor, events: 0, pruned: 0, hasRecord: false };
  let isKnownMet = known === null || (known.seq === anchor.seq && known.hash === anchor.hash);
  for (let after = anchor.seq; walk.faults.length < MAX_FAULTS;) {
    const links = await audit.links(after, PAGE);
    for (const link of links) {
      if (link.seq > head.seq) break;
      follow(walk, link);
      isKnownMet ||= link.seq === known!.seq && link.hash === known!.hash;
    }
    const last = links.at(-1)?.seq ?? head.seq;
    if (last >= head.seq) break;
    after = last;
  }
  if (walk.faults.length < MAX_FAULTS) checkEnds(walk, { anchor, head }, isKnownMet ? null : known);
  const { events, pruned, faults } = walk;
  return { events, pruned, anchor, head, faults: faults.slice(0, MAX_FAULTS) };
}

function follow(walk: Walk, { event, ...link }: ChainLink): void {
  const { faults, before } = walk;
  const fault = (seq: number, message: string): void => void faults.push({ seq, message });
  if (link.seq <= before.seq) fault(link.seq, `event ${link.seq} stands there twice, or out of order`);
  else if (link.seq !== before.seq + 1)
    fault(before.seq + 1, `events ${before.seq + 1} to ${link.seq - 1} are missing`);
  else if (chainHash(before.hash, link) !== link.hash)
    fault(link.seq, `event ${link.seq} was changed, or another was put in its place`);
  if (event !== null && digestOf(seal(event)) !== link.digest)
    fault(link.seq, `event ${link.seq} (${event.topic}/${event.id}) was changed`);
  walk.before = { seq: link.seq, hash: link.hash };
  if (event === null) {
    walk.pruned++;
    notePruned(walk, link);
    return;
  }
  walk.events++;
  for (const [topic, gone] of walk.topics)
    gone.allowedMs = Math.max(gone.allowedMs, prunedBefore(event, topic) ?? -Infinity);
  walk.hasRecord ||= isPruneRecord(event);
}

function notePruned({ topics }: Walk, { topic, timestampMs, seq }: Omit<ChainLink, 'event'>): void {
  const known = topics.get(topic) ?? { newestMs: -Infinity, seq, allowedMs: -Infinity };
  topics.set(topic, timestampMs > known.newestMs ? { ...known, newestMs: timestampMs, seq } : known);
}

function checkEnds(
  { faults, topics, before, hasRecord }: Walk,
  { anchor, head }: { readonly anchor: ChainPoint; readonly head: ChainPoint },
  missed: ChainPoint | null,
): void {
  if (before.seq !== head.seq)
    faults.push({ seq: before.seq + 1, message: `events ${before.seq + 1} to ${head.seq} are missing at the end` });
  else if (before.hash !== head.hash)
    faults.push({ seq: head.seq, message: `the end of the chain, ${head.seq}, was changed` });
  for (const [topic, { newestMs, seq, allowedMs }] of topics)
    if (newestMs >= allowedMs)
      faults.push({ seq, message: `event ${seq} (${topic}) was removed, and no record of pruning accounts for it` });
  if (anchor.seq === CHAIN_START.seq ? anchor.hash !== CHAIN_START.hash : !hasRecord)
    faults.push({
      seq: anchor.seq,
      message: `events up to ${anchor.seq} were removed, and no record of pruning accounts for it`,
    });
  if (missed !== null) faults.push({ seq: missed.seq, message: missedMessage(missed, anchor) });
}

function missedMessage({ seq, hash }: ChainPoint, anchor: ChainPoint): string {
  return seq < anchor.seq
    ? `event ${seq} was pruned since its hash was noted: it can no longer be compared`
    : `event ${seq} does not have the hash that was noted: ${hash}`;
}
