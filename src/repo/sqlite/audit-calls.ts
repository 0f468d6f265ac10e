import type { Filter } from '../../base/query-filter.ts';
import type { ChainEnds } from '../../model/audit.ts';
import type { AuditRawPage, AuditTable } from './audit-table.ts';
import type { Cell } from './sqlite-database.ts';

/** What can be asked of the audit chain, as part of `StoreCalls`. */
export interface AuditCalls {
  readonly readAudit: (topic: string, id: string) => readonly Cell[] | null;
  readonly pageAudit: (
    topic: string | null,
    filter: Filter | null,
    after: number,
    limit: number,
    newestFirst: boolean,
  ) => AuditRawPage;
  readonly auditEnds: () => ChainEnds;
  readonly auditLinks: (afterSeq: number, limit: number) => readonly Cell[];
  readonly pruneSomeAudit: (
    beforeMs: number,
    topics: readonly string[] | null,
    after: number,
    end: number,
  ) => readonly [count: number, next: number | null];
  readonly dropSomeAudit: (beforeMs: number, dropsRecords: boolean) => boolean;
}

type Safe = <A extends readonly unknown[], R>(work: (...args: A) => R) => (...args: A) => R;

export function auditCalls(audit: AuditTable, safe: Safe): AuditCalls {
  return {
    readAudit: safe((topic, id) => audit.read(topic, id)),
    pageAudit: safe((topic, filter, after, limit, newestFirst) => audit.page(topic, filter, after, limit, newestFirst)),
    auditEnds: safe(() => audit.ends()),
    auditLinks: safe((afterSeq, limit) => audit.links(afterSeq, limit)),
    pruneSomeAudit: safe((beforeMs, topics, after, end) => audit.pruneSome(beforeMs, topics, after, end)),
    dropSomeAudit: safe((beforeMs, dropsRecords) => audit.dropSome(beforeMs, dropsRecords)),
  };
}
