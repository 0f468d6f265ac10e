import type { Filter } from '../base/query-filter.ts';

export interface AuditLookup {
  readonly by: 'transactionId' | 'objectId' | '_id';
  readonly value: string;
}

/** An equality that every match must satisfy and that an index answers. Null: there is none. */
export function auditLookup(filter: Filter): AuditLookup | null {
  if (filter.kind === 'and') {
    for (const part of filter.parts) {
      const lookup = auditLookup(part);
      if (lookup !== null) return lookup;
    }
    return null;
  }
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || filter.pointer.length !== 1) return null;
  const [by] = filter.pointer;
  if (by !== 'transactionId' && by !== 'objectId' && by !== '_id') return null;
  const { value } = filter;
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0') ? { by, value } : null;
}
