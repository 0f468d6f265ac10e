import type { Filter } from '../base/query-filter.ts';

/** What of the runs can match at all, so that a query for one run does not walk through all of them. */
export interface ReconScope {
  readonly runId: string | null;
  /** Of the request that asked for the run. */
  readonly transactionId: string | null;
  readonly mapping: string | null;
  /** Starts and summaries. */
  readonly hasRunEntries: boolean;
  readonly hasObjectEntries: boolean;
}

const EVERYTHING: ReconScope = {
  runId: null,
  transactionId: null,
  mapping: null,
  hasRunEntries: true,
  hasObjectEntries: true,
};
const RUN_ID_MEMBERS = new Set(['reconId', 'rootActionId', 'actionId']);
/** Members that starts and summaries do not have. */
const OBJECT_MEMBERS = new Set([
  'situation',
  'sourceObjectId',
  'targetObjectId',
  'reconciling',
  'action',
  'linkQualifier',
]);

/** From equalities that every match must satisfy. */
export function reconScope(filter: Filter): ReconScope {
  if (filter.kind === 'and') return filter.parts.map(reconScope).reduce(narrowed, EVERYTHING);
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || filter.pointer.length !== 1) return EVERYTHING;
  const [name = ''] = filter.pointer;
  const { value } = filter;
  if (typeof value !== 'string') return EVERYTHING;
  if (RUN_ID_MEMBERS.has(name)) return { ...EVERYTHING, runId: value };
  if (name === 'transactionId') return { ...EVERYTHING, transactionId: value };
  if (name === '_id') return { ...EVERYTHING, runId: value.slice(0, Math.max(value.lastIndexOf('-'), 0)) };
  if (name === 'mapping') return { ...EVERYTHING, mapping: value };
  if (OBJECT_MEMBERS.has(name)) return { ...EVERYTHING, hasRunEntries: false };
  if (name !== 'entryType') return EVERYTHING;
  return { ...EVERYTHING, hasRunEntries: value !== 'entry', hasObjectEntries: value === 'entry' };
}

function narrowed(a: ReconScope, b: ReconScope): ReconScope {
  return {
    runId: a.runId ?? b.runId,
    transactionId: a.transactionId ?? b.transactionId,
    mapping: a.mapping ?? b.mapping,
    hasRunEntries: a.hasRunEntries && b.hasRunEntries,
    hasObjectEntries: a.hasObjectEntries && b.hasObjectEntries,
  };
}
