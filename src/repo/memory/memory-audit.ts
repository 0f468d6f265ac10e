import { compileFilter } from '../../base/query-filter.ts';
import { Failure } from '../../base/failure.ts';
import type { JsonObject } from '../../base/json.ts';
import {
  boundedPrune,
  CHAIN_START,
  chainHash,
  digestOf,
  isPruneRecord,
  pruneRecord,
  seal,
  visibleEvent,
} from '../../model/audit-chain.ts';
import type {
  AuditEvent,
  AuditPageRequest,
  AuditReads,
  AuditTopic,
  ChainedEvent,
  ChainEnds,
  ChainLink,
  ChainPoint,
  PruneRequest,
} from '../../model/audit.ts';
import type { Page } from '../../model/repository.ts';

/** The audit chain in a list. Events that nobody prunes stay in memory: it is for tests and try-outs. */
export class MemoryAudit implements AuditReads {
  #links: ChainLink[] = [];
  readonly #byId = new Map<string, ChainLink>();
  #anchor: ChainPoint = CHAIN_START;

  /** Throws `Failure('exists')` before anything is appended if an id is taken. */
  append(events: readonly AuditEvent[]): void {
    const sealed = events.map((event) => seal(event));
    const ids = new Set<string>();
    for (const { id } of sealed) {
      if (this.#byId.has(id) || ids.has(id)) throw new Failure('exists', `audit event ${id} exists already`);
      ids.add(id);
    }
    for (const one of sealed) {
      const { text, ...members } = one;
      const event = { ...members, event: JSON.parse(text) as JsonObject } as AuditEvent;
      const head = this.#head();
      const { topic, timestampMs } = one;
      const link = { seq: head.seq + 1, topic, timestampMs, digest: digestOf(one) };
      const complete: ChainLink = { ...link, hash: chainHash(head.hash, link), event };
      this.#links.push(complete);
      this.#byId.set(one.id, complete);
    }
  }

  async read(topic: AuditTopic, id: string): Promise<ChainedEvent | null> {
    const link = this.#byId.get(id);
    return link?.topic === topic ? chained(link) : null;
  }

  async page(topic: AuditTopic | null, request: AuditPageRequest): Promise<Page<ChainedEvent>> {
    const { filter, after = null, limit, newestFirst = false } = request;
    const test = filter === undefined ? () => true : compileFilter(filter, { caseSensitive: true });
    const rows: ChainedEvent[] = [];
    const [step, start] = newestFirst ? [-1, this.#links.length - 1] : [1, 0];
    const from = after === null ? start : after - this.#anchor.seq - 1 + step;
    const first = newestFirst ? Math.min(from, start) : Math.max(from, start);
    for (let i = first; i >= 0 && i < this.#links.length; i += step) {
      const row = chained(this.#links[i]!);
      if (row === null || (topic !== null && row.topic !== topic) || !test(visibleEvent(row))) continue;
      if (rows.length === limit) return { rows, next: rows.at(-1)?.seq ?? after };
      rows.push(row);
    }
    return { rows, next: null };
  }

  async ends(): Promise<ChainEnds> {
    return { anchor: this.#anchor, head: this.#head() };
  }

  async links(afterSeq: number, limit: number): Promise<readonly ChainLink[]> {
    const start = Math.max(afterSeq - this.#anchor.seq, 0);
    return this.#links.slice(start, start + limit);
  }

  async prune(asked: PruneRequest): Promise<number> {
    const request = boundedPrune(asked);
    const known = this.#links.length;
    this.append([pruneRecord(request)]);
    let count = 0;
    for (let i = 0; i < known; i++) {
      const link = this.#links[i]!;
      if (link.event === null || isPruneRecord(link.event) || !isPruned(link, request)) continue;
      this.#byId.delete(link.event.id);
      this.#links[i] = { ...link, event: null };
      count++;
    }
    this.#dropBeginning(request);
    return count;
  }

  #dropBeginning(request: PruneRequest): void {
    const isGone = ({ event, ...link }: ChainLink): boolean =>
      event === null || (isPruneRecord(event) && isPruned(link, request));
    const kept = this.#links.findIndex((link) => !isGone(link));
    if (kept <= 0) return;
    for (const { event } of this.#links.slice(0, kept)) if (event !== null) this.#byId.delete(event.id);
    const { seq, hash } = this.#links[kept - 1]!;
    this.#anchor = { seq, hash };
    this.#links = this.#links.slice(kept);
  }

  #head(): ChainPoint {
    const last = this.#links.at(-1);
    return last === undefined ? this.#anchor : { seq: last.seq, hash: last.hash };
  }
}

function isPruned(
  { topic, timestampMs }: Pick<ChainLink, 'topic' | 'timestampMs'>,
  { beforeMs, topics }: PruneRequest,
): boolean {
  return timestampMs < beforeMs && (topics === undefined || topics.some((name) => name === topic));
}

function chained({ seq, hash, event }: ChainLink): ChainedEvent | null {
  return event === null ? null : { ...event, seq, hash };
}
