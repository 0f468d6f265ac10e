import { isoTime } from '../base/clock.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { RunEntry, RunRecord } from '../model/run.ts';
import { words } from './words.ts';

/** What rendering recon entries needs to know of the project. */
export interface ReconView {
  /** `system/hr/account` and `managed/user` of a mapping; null if it is not configured any more. */
  readonly mappingEnds: (mapping: string) => { readonly source: string; readonly target: string } | null;
  /** The run summary document (specification §5.2). */
  readonly runSummary: (record: RunRecord) => JsonObject;
}

/**
 * Entries of the topic `recon` are stored once, as run records and run entries; these are their renderings, in both
 * vocabularies, with every member for every type (specification §12.1). `inShape` leaves out what does not belong to a type.
 */
export function startEntry(record: RunRecord): JsonObject {
  return {
    ...entryBase(record, `${record.id}-start`, 'start', record.startedMs),
    message: `Reconciliation initiated by ${initiatorOf(record)}`,
    reconAction: record.kind,
  };
}

/** Null while the run is active. */
export function summaryEntry(record: RunRecord, { runSummary }: ReconView): JsonObject | null {
  if (record.state === 'ACTIVE') return null;
  const summary = runSummary(record);
  const { error } = record.progress;
  return {
    ...entryBase(record, `${record.id}-summary`, 'summary', record.endedMs ?? record.startedMs),
    exception: record.state === 'FAILED' && typeof error === 'string' ? error : '',
    status: record.state === 'SUCCESS' ? 'SUCCESS' : 'FAILURE',
    message: summaryMessage(summary['situationSummary']),
    messageDetail: summary,
    reconAction: record.kind,
  };
}

export function objectEntry(record: RunRecord, entry: RunEntry, { mappingEnds }: ReconView): JsonObject {
  const ends = mappingEnds(record.mapping);
  const isFailure = entry.status === 'failed';
  const wouldBe = entry.detail?.['wouldBe'];
  return {
    ...entryBase(record, `${record.id}-${entry.seq}`, 'entry', entry.timestampMs),
    targetObjectId: qualified(ends?.target, entry.targetId),
    sourceObjectId: qualified(ends?.source, entry.sourceId),
    situation: entry.situation,
    reconciling: entry.phase === 'source' ? 'source' : 'target',
    ambiguousTargetObjectIds: entry.ambiguousTargetIds?.join(', ') ?? '',
    action: entry.action,
    status: isFailure ? 'FAILURE' : 'SUCCESS',
    message: entry.message,
    messageDetail: isFailure ? failureDetail(entry.detail) : null,
    linkQualifier: entry.linkQualifier,
    entryStatus: entry.status,
    ...(wouldBe === undefined ? {} : { wouldBeAction: wouldBe }),
  };
}

const ENTRY_MEMBERS = words(`
    mapping targetObjectId sourceObjectId situation reconciling ambiguousTargetObjectIds action actionId
    exception _id entryType timestamp reconId rootActionId status message messageDetail
  `);
const RUN_MEMBERS = words(`
    mapping exception _id entryType timestamp reconId rootActionId status message messageDetail
  `);
const MEMBERS_2014: readonly string[] = [...ENTRY_MEMBERS, 'reconAction'];
const CURRENT_MEMBERS = ['transactionId', 'userId', 'eventName', 'trackingIds'];
const CURRENT_ENTRY_MEMBERS = [...CURRENT_MEMBERS, 'linkQualifier', 'entryStatus'];
const CURRENT_RUN_MEMBERS = [...CURRENT_MEMBERS, 'reconAction'];

/** How an entry is shown. */
export interface EntryShape {
  /** Leave out what does not belong to the type of entry. */
  readonly isFormatted: boolean;
  /** Only the members of 2014. */
  readonly is2014: boolean;
}

export function inShape(entry: JsonObject, { isFormatted, is2014 }: EntryShape): JsonObject {
  const isObject = entry['entryType'] === 'entry';
  const known = isFormatted ? (isObject ? ENTRY_MEMBERS : RUN_MEMBERS) : MEMBERS_2014;
  const current = isFormatted ? (isObject ? CURRENT_ENTRY_MEMBERS : CURRENT_RUN_MEMBERS) : Object.keys(entry);
  const members = [...known, ...(is2014 ? [] : current), ...('wouldBeAction' in entry ? ['wouldBeAction'] : [])];
  return Object.fromEntries(members.map((name) => [name, entry[name] ?? null]));
}

function entryBase(record: RunRecord, id: string, entryType: string, timestampMs: number): JsonObject {
  return {
    mapping: record.mapping,
    targetObjectId: null,
    sourceObjectId: null,
    situation: null,
    reconciling: null,
    ambiguousTargetObjectIds: null,
    action: null,
    actionId: record.id,
    exception: '',
    _id: id,
    entryType,
    timestamp: isoTime(timestampMs),
    reconId: record.id,
    rootActionId: record.id,
    status: 'SUCCESS',
    message: null,
    messageDetail: null,
    reconAction: null,
    transactionId: transactionOf(record),
    userId: initiatorOf(record),
    eventName: 'recon',
    trackingIds: [],
    linkQualifier: null,
    entryStatus: null,
  };
}

/** The order of the reference, and what the current product appends. */
const SUMMARY_SITUATIONS = words(`
    SOURCE_IGNORED MISSING FOUND AMBIGUOUS UNQUALIFIED CONFIRMED SOURCE_MISSING ABSENT TARGET_IGNORED
    UNASSIGNED FOUND_ALREADY_LINKED
  `);

/** `SOURCE_IGNORED: 0 MISSING: 0 … `, with the blank at its end. */
function summaryMessage(counts: Json | undefined): string {
  const known = isJsonObject(counts) ? counts : {};
  return SUMMARY_SITUATIONS.map((situation) => `${situation}: ${String(known[situation] ?? 0)} `).join('');
}

/** What the run's own bookkeeping keeps beside the detail of an error. */
const BOOKKEEPING = new Set(['rule', 'policy', 'rev', 'linking', 'link', 'wouldBe']);

function failureDetail(detail: JsonObject | null): JsonObject | null {
  const told = Object.entries(detail ?? {}).filter(([name]) => !BOOKKEEPING.has(name));
  return told.length === 0 ? null : Object.fromEntries(told);
}

function qualified(collection: string | undefined, id: string | null): string | null {
  return id === null || collection === undefined ? id : `${collection}/${id}`;
}

/** Of the request that asked for the run; of a run that no request asked for, its own id. */
export function transactionOf({ id, request }: RunRecord): string {
  const { transactionId } = request;
  return typeof transactionId === 'string' ? transactionId : id;
}

export function initiatorOf({ request }: RunRecord): string {
  const { initiatedBy } = request;
  return typeof initiatedBy === 'string' ? initiatedBy : 'system';
}
