import { boundedPrune, pruneRecord } from '../../model/audit-chain.ts';
import type { AuditReads } from '../../model/audit.ts';
import type { CommitBatch } from '../../model/repository.ts';
import { auditEvent, auditEvents, chainLinks } from './audit-cells.ts';
import type { Cell } from './sqlite-database.ts';
import type { AuditCalls } from './audit-calls.ts';

const EVENT_WIDTH = 8;
const MAX_LIMIT = 1e9;

type AskAudit = <M extends keyof AuditCalls>(
  method: M,
  ...args: Parameters<AuditCalls[M]>
) => Promise<ReturnType<AuditCalls[M]>>;

/** The audit chain, as the contract has it, over the calls of the store. */
export function auditReads(ask: AskAudit, commit: (batch: CommitBatch) => Promise<unknown>): AuditReads {
  const ends: AuditReads['ends'] = () => ask('auditEnds');
  return {
    read: async (topic, id) => {
      const cells = await ask('readAudit', topic, id);
      return cells === null ? null : auditEvent(cells);
    },
    page: async (topic, { filter, after, limit, newestFirst = false }) => {
      const cells: Cell[] = [];
      const wanted = Math.min(limit, MAX_LIMIT) + 1;
      for (let from: number | null = after ?? (newestFirst ? Number.MAX_SAFE_INTEGER : 0); from !== null;) {
        const left = wanted - cells.length / EVENT_WIDTH;
        if (left === 0) break;
        const part: ReturnType<AuditCalls['pageAudit']> = await ask(
          'pageAudit',
          topic,
          filter ?? null,
          from,
          left,
          newestFirst,
        );
        for (const cell of part.cells) cells.push(cell);
        from = part.next;
      }
      const rows = auditEvents(cells);
      if (rows.length <= limit) return { rows, next: null };
      return { rows: rows.slice(0, limit), next: rows[limit - 1]?.seq ?? after ?? null };
    },
    ends,
    links: async (afterSeq, limit) => chainLinks(await ask('auditLinks', afterSeq, Math.min(limit, MAX_LIMIT))),
    prune: async (asked) => {
      const request = boundedPrune(asked);
      const { anchor, head } = await ends();
      await commit({ units: [], audit: [pruneRecord(request)] });
      const { beforeMs, topics } = request;
      let total = 0;
      for (let from: number | null = anchor.seq; from !== null;) {
        const [count, next]: readonly [number, number | null] = await ask(
          'pruneSomeAudit',
          beforeMs,
          topics ?? null,
          from,
          head.seq + 1,
        );
        total += count;
        from = next;
      }
      const dropsRecords = topics === undefined || topics.includes('config');
      while (await ask('dropSomeAudit', beforeMs, dropsRecords));
      return total;
    },
  };
}
