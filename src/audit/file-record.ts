import { getAt } from '../base/json-pointer.ts';
import type { JsonObject } from '../base/json.ts';
import type { AuditTopic } from '../model/audit.ts';
import type { FileSettings } from './file-settings.ts';
import { cellText } from './vocabulary.ts';
import { words } from './words.ts';

/** Audit files: their names, headers and records (specification §12.5). */
export interface FileFormat {
  readonly name: string;
  /** Line end included; empty: none. */
  readonly header: string;
  /** `entry` is in both vocabularies. */
  readonly record: (entry: JsonObject) => string;
}

export function fileFormat(settings: FileSettings, topic: AuditTopic): FileFormat {
  if (settings.style === 'json')
    return {
      name: `${topic}.audit.json`,
      header: '',
      record: (entry) => `${JSON.stringify(pick(entry, CURRENT[topic]))}\n`,
    };
  const columns = settings.style === 'csv2014' ? (COLUMNS_2014[topic] ?? CURRENT[topic]) : CURRENT[topic];
  const line = (cells: readonly string[]): string =>
    `${cells.map((cell) => quoted(cell, settings.quote)).join(settings.delimiter)}${settings.recordEnd}`;
  return {
    name: `${topic}.csv`,
    header: line(columns),
    record: (entry) => line(columns.map((column) => cellText(valueAt(entry, column)))),
  };
}

const COLUMNS_2014: Readonly<Partial<Record<AuditTopic, readonly string[]>>> = {
  recon: words(`
    _id action actionId ambiguousTargetObjectIds entryType exception mapping message messageDetail
    reconAction reconciling reconId rootActionId situation sourceObjectId status targetObjectId
    timestamp
  `),
  activity: words(`
    _id action activityId after before changedFields message objectId parentActionId passwordChanged
    requester rev rootActionId status timestamp
  `),
  sync: words(`
    _id action actionId exception mapping message messageDetail rootActionId situation sourceObjectId
    status targetObjectId timestamp
  `),
  access: ['_id', 'action', 'ip', 'principal', 'roles', 'status', 'timestamp', 'userid'],
};

const EVERY_TOPIC = ['_id', 'timestamp', 'eventName', 'transactionId', 'userId', 'trackingIds'];
const SYNCED = words(`
    action exception linkQualifier mapping message messageDetail situation sourceObjectId status
    targetObjectId
  `);
const CHANGED = ['runAs', 'objectId', 'operation', 'before', 'after', 'changedFields', 'revision'];

/** Members of the current vocabulary; a dot leads into an object. */
const CURRENT: Readonly<Record<AuditTopic, readonly string[]>> = {
  recon: [...EVERY_TOPIC, ...SYNCED, ...words('reconciling ambiguousTargetObjectIds reconAction entryType reconId')],
  sync: [...EVERY_TOPIC, ...SYNCED],
  activity: [...EVERY_TOPIC, ...CHANGED, 'message', 'passwordChanged', 'status'],
  access: [
    ...EVERY_TOPIC,
    ...words(`
    server.ip server.port client.ip client.port request.protocol request.operation request.detail
    http.request.secure http.request.method http.request.path http.request.queryParameters
    http.request.headers http.request.cookies http.response.headers response.status response.statusCode
    response.detail response.elapsedTime response.elapsedTimeUnits roles
  `),
  ],
  authentication: [...EVERY_TOPIC, 'result', 'principal', 'context', 'entries'],
  config: [...EVERY_TOPIC, ...CHANGED],
};

function quoted(cell: string, quote: string): string {
  return `${quote}${cell.replaceAll(quote, quote + quote)}${quote}`;
}

function valueAt(entry: JsonObject, column: string): ReturnType<typeof getAt> {
  return getAt(entry, column.split('.'));
}

/** The members whose names these columns begin with. */
function pick(entry: JsonObject, columns: readonly string[]): JsonObject {
  const names = new Set(columns.map((column) => column.split('.')[0]!));
  return Object.fromEntries(Object.entries(entry).filter(([name]) => names.has(name)));
}
