import { isoTime } from '../base/clock.ts';
import { getAt } from '../base/json-pointer.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { Filter } from '../base/query-filter.ts';
import type { AuditEvent, AuditTopic } from '../model/audit.ts';
import { words } from './words.ts';

/**
 * Audit entries have two vocabularies: that of 2014, which the reference shows, and the current one (specification §12.1,
 * §12.2). Events are stored in the current one.
 */

/** Members of the 2014 vocabulary, in the order in which the reference prints them. */
const MEMBERS_2014: Readonly<Partial<Record<AuditTopic, readonly string[]>>> = {
  sync: words(`
    mapping targetObjectId sourceObjectId situation actionId _id timestamp rootActionId status message
    messageDetail exception action
  `),
  activity: words(`
    passwordChanged changedFields status after before requester parentActionId _id activityId timestamp
    action message objectId rev rootActionId
  `),
  access: ['_id', 'action', 'ip', 'principal', 'roles', 'status', 'timestamp', 'userid'],
};

/** 2014 name → where the current vocabulary has it. */
const RENAMED: Readonly<Partial<Record<AuditTopic, Readonly<Record<string, readonly string[]>>>>> = {
  activity: { action: ['operation'], rev: ['revision'] },
  access: {
    action: ['request', 'operation'],
    ip: ['client', 'ip'],
    principal: ['userId'],
    status: ['response', 'status'],
    userid: ['userId'],
  },
};
const RENAMED_EVERYWHERE: Readonly<Record<string, readonly string[]>> = {
  rootActionId: ['transactionId'],
  requester: ['userId'],
};

/** An event in both vocabularies. */
export function entryOf({ id, topic, timestampMs, transactionId, userId, event }: AuditEvent): JsonObject {
  const current: JsonObject = {
    _id: id,
    timestamp: isoTime(timestampMs),
    eventName: topic,
    transactionId,
    userId,
    trackingIds: [],
    ...event,
  };
  if (topic === 'recon') return { ...current, rootActionId: transactionId };
  const entry: JsonObject = { rootActionId: transactionId };
  for (const [name, pointer] of Object.entries(RENAMED[topic] ?? {}))
    entry[name] = getAt(current, pointer) ?? current[name] ?? null;
  if (topic === 'activity') Object.assign(entry, { requester: userId, ...activityIds(event, transactionId) });
  if (topic === 'sync') entry['actionId'] = event['actionId'] ?? transactionId;
  return { ...current, ...entry };
}

function activityIds({ activityId, parentActionId }: JsonObject, transactionId: string): JsonObject {
  const parent = parentActionId ?? transactionId;
  return { parentActionId: parent, activityId: activityId ?? parent };
}

/** The entry as the reference prints it; topics that had no form in 2014 stay as they are. */
export function in2014(topic: AuditTopic, entry: JsonObject): JsonObject {
  const members = MEMBERS_2014[topic];
  if (members === undefined) return entry;
  return Object.fromEntries(members.map((name) => [name, entry[name] ?? null]));
}

/** A filter in either vocabulary as one over stored events. */
export function currentFilter(topic: AuditTopic, filter: Filter): Filter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { kind: filter.kind, parts: filter.parts.map((part) => currentFilter(topic, part)) };
    case 'not':
      return { kind: 'not', part: currentFilter(topic, filter.part) };
    case 'always':
      return filter;
    default:
      return { ...filter, pointer: currentPointer(topic, filter.pointer) };
  }
}

function currentPointer(topic: AuditTopic, pointer: readonly string[]): readonly string[] {
  const [name = ''] = pointer;
  const names = { ...RENAMED_EVERYWHERE, ...RENAMED[topic] };
  return Object.hasOwn(names, name) ? [...names[name]!, ...pointer.slice(1)] : pointer;
}

const ENVELOPE = new Set(words('_id _rev timestamp transactionId userId rootActionId requester'));

/** An entry that somebody hands in, as members of an event: its 2014 names become current ones, and its envelope is left out. */
export function eventMembers(topic: AuditTopic, content: JsonObject): JsonObject {
  const members = Object.fromEntries(Object.entries(content).filter(([name]) => !ENVELOPE.has(name)));
  const renamed = RENAMED[topic] ?? {};
  if (topic !== 'activity') return members;
  for (const [name, [place]] of Object.entries(renamed)) {
    if (!Object.hasOwn(members, name)) continue;
    if (!Object.hasOwn(members, place!)) members[place!] = members[name]!;
    delete members[name];
  }
  return members;
}

/** Text of a cell: maps and lists as JSON, nothing for null. */
export function cellText(value: Json | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string'
    ? value
    : isJsonObject(value) || Array.isArray(value)
      ? JSON.stringify(value)
      : String(value);
}
