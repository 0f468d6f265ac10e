import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { NewId } from '../base/uuid.ts';
import { AUDIT_TOPICS, PRUNE_EVENT, type AuditEvent, type AuditTopic } from '../model/audit.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { RequestContext } from '../resource/context.ts';
import { project } from '../resource/fields.ts';
import type { ActionRequest, CreateRequest, ReadRequest } from '../resource/request.ts';
import type { ReadAnswer, Resource } from '../resource/resource.ts';
import { auditCommand } from './audit-command.ts';
import { auditQuery, type AuditLimits } from './audit-query.ts';
import { auditRows, reconEntry, type AuditSource } from './audit-rows.ts';
import type { AuditService } from './audit-service.ts';
import { changedFields } from './changed-fields.ts';
import { inShape } from './recon-entries.ts';
import { entryOf, eventMembers, in2014 } from './vocabulary.ts';

export interface AuditResourceOptions extends AuditSource {
  readonly service: Pick<AuditService, 'keep' | 'settings' | 'cleaned'>;
  readonly clock: Clock;
  readonly newId: NewId;
  /** Default: 100,000 entries in an answer, 500,000 rows looked at for one. */
  readonly limits?: AuditLimits;
}

type Parameters = CreateRequest['parameters'];

/** In `GET audit/<topic>`: the newest. */
const LISTED_ENTRIES = 10_000;
const DEFAULT_LIMITS: AuditLimits = { maxEntries: 100_000, maxScanned: 500_000 };

/**
 * `audit/<topic>[/<id>]` (specification §12.1, §12.2): create, read and query; entries are never changed, so update, patch
 * and delete are not there. What is created is kept whatever the filters say. `GET audit/<topic>` answers `{"entries": […]}` with the newest 10,000 entries, and
 * `"truncated": true` if there are more; `_fields` are those of the entries, unless they name `entries`. Queries by `_queryId` give the members of 2014, by `_queryFilter` those of both
 * vocabularies. `formatted=false`: every member for every type of recon entry.
 */
export function auditResource(options: AuditResourceOptions): Resource {
  return {
    read: async (request, id) => {
      const { topic, entryId } = placeOf(id);
      return entryId === null
        ? listing(options, topic, request)
        : readEntry(options, topic, entryId, request.parameters);
    },
    query: async (request, id, context) => {
      const { topic, entryId } = placeOf(id);
      if (entryId !== null) throw new Failure('not-found', `Resource 'audit/${id}' is no collection`);
      const shape = shaper(topic, request.parameters, request.query.kind === 'id');
      const { limits = DEFAULT_LIMITS } = options;
      return auditQuery({ source: options, topic, request, limits, shape, signal: context.signal });
    },
    create: async (request, id, context) => createEntry(options, request, placeOf(id), context),
    action: async (request, id) => act(options, request, id),
  };
}

interface Place {
  readonly topic: AuditTopic;
  readonly entryId: string | null;
}

function placeOf(id: string): Place {
  const slash = id.indexOf('/');
  const name = slash < 0 ? id : id.slice(0, slash);
  const topic = AUDIT_TOPICS.find((known) => known === name);
  if (topic === undefined)
    throw new Failure('not-found', `there is no audit topic '${name}'; topics are ${AUDIT_TOPICS.join(', ')}`);
  return { topic, entryId: slash < 0 ? null : id.slice(slash + 1) };
}

function shaper(topic: AuditTopic, parameters: Parameters, is2014: boolean): (entry: JsonObject) => JsonObject {
  const isFormatted = parameters['formatted'] !== 'false';
  if (topic === 'recon') return (entry) => inShape(entry, { isFormatted, is2014 });
  return is2014 ? (entry) => in2014(topic, entry) : (entry) => entry;
}

async function listing(
  source: AuditSource,
  topic: AuditTopic,
  { parameters, fields }: ReadRequest,
): Promise<ReadAnswer> {
  const isOfEntries = fields !== null && !fields.some((field) => /^\/?(?:entries(?:\/|$)|\*|$)/.test(field));
  const inForm = shaper(topic, parameters, true);
  const shape = isOfEntries ? (entry: JsonObject) => picked(inForm(entry), fields) : inForm;
  const entries: JsonObject[] = [];
  let isTruncated = false;
  for await (const { entry } of auditRows(source, topic, { kind: 'always', value: true }, null)) {
    if (entry === null) continue;
    isTruncated = entries.length === LISTED_ENTRIES;
    if (isTruncated) break;
    entries.push(shape(entry));
  }
  const object = { entries, ...(isTruncated ? { truncated: true } : {}) };
  return { id: '', rev: null, object, ...(isOfEntries ? { isProjected: true } : {}) };
}

function picked(entry: JsonObject, fields: readonly string[]): JsonObject {
  return project({ id: '', rev: null, object: entry }, fields).object;
}

async function readEntry(
  source: AuditSource,
  topic: AuditTopic,
  id: string,
  parameters: Parameters,
): Promise<StoredObject> {
  const ofRun = topic === 'recon' ? await reconEntry(source, id) : null;
  const stored = ofRun === null ? await source.repository.audit.read(topic, id) : null;
  const entry = ofRun ?? (stored === null ? null : entryOf(stored));
  if (entry === null) throw new Failure('not-found', `Audit entry audit/${topic}/${id} not found`);
  return { id, rev: null, object: shaper(topic, parameters, false)(entry) };
}

async function createEntry(
  { service, clock, newId }: AuditResourceOptions,
  { newId: wantedId, content }: CreateRequest,
  { topic, entryId }: Place,
  context: RequestContext,
): Promise<StoredObject> {
  const event = eventMembers(topic, content);
  if (event['eventName'] === PRUNE_EVENT)
    throw new Failure('bad-request', `the eventName "${PRUNE_EVENT}" is written by pruning only`);
  if (!isTextOrAbsent(event['objectId'])) throw new Failure('bad-request', '"objectId" is a text');
  const idInContent = typeof content['_id'] === 'string' && content['_id'] !== '' ? content['_id'] : null;
  const { caller } = context;
  const author = caller.isExternal ? null : textIn(content, 'userId', 'requester');
  const made: AuditEvent = {
    id: [entryId, wantedId].filter((one) => one !== null).join('/') || (idInContent ?? newId()),
    topic,
    timestampMs: timeOf(content['timestamp']) ?? clock.nowMs(),
    transactionId: textIn(content, 'transactionId', 'rootActionId') ?? context.transactionId,
    userId: author ?? caller.id,
    event,
  };
  if (context.mode === 'live') await service.keep([made]);
  const [cleaned] = service.cleaned([made]);
  return { id: made.id, rev: null, object: entryOf(cleaned!) };
}

async function act(options: AuditResourceOptions, request: ActionRequest, id: string): Promise<Json | undefined> {
  const { service } = options;
  const { activity } = service.settings.topics;
  switch (request.action) {
    case 'getChangedWatchedFields':
      return changedIn(request.content, activity.watchedFields);
    case 'getChangedPasswordFields':
      return changedIn(request.content, activity.passwordFields);
    case 'availableHandlers':
      return HANDLERS.map((name) => ({ class: name, config: {} }));
    case 'command':
      return auditCommand(options, id, {
        ...request.parameters,
        ...(isJsonObject(request.content) ? request.content : {}),
      });
    default:
      throw new Failure('unsupported', `Action ${request.action} on audit is not supported`);
  }
}

const HANDLERS = ['CsvAuditEventHandler', 'JsonAuditEventHandler', 'RepositoryAuditEventHandler'];

function changedIn(content: Json, fields: readonly string[]): Json {
  const { before = null, after = null } = isJsonObject(content) ? content : {};
  return [...changedFields(isJsonObject(before) ? before : null, isJsonObject(after) ? after : null, fields)];
}

function textIn(content: JsonObject, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = content[name];
    if (typeof value === 'string' && value !== '') return value;
  }
  return null;
}

function isTextOrAbsent(value: Json | undefined): boolean {
  return value === undefined || value === null || typeof value === 'string';
}

function timeOf(value: Json | undefined): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(ms) ? ms : null;
}
