import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { AUDIT_TOPICS, type AuditTopic } from '../model/audit.ts';
import { readFileHandlers, type FileSettings } from './file-settings.ts';

/** Which events of a topic are kept, and what is looked at in them. */
export interface TopicSettings {
  /** In lower case; null: all. */
  readonly actions: ReadonlySet<string> | null;
  /** By cause (`recon`, `rest`, …): used in place of `actions` for what it caused. */
  readonly triggers: ReadonlyMap<string, ReadonlySet<string>>;
  /** Names or pointers whose change is told in `changedFields`. */
  readonly watchedFields: readonly string[];
  /** A change of one of them sets `passwordChanged`; their values are never shown. */
  readonly passwordFields: readonly string[];
}

/** `conf/audit.json` in its final shape (specification §12.4). The repository is always written. */
export interface AuditSettings {
  readonly topics: Readonly<Record<AuditTopic, TopicSettings>>;
  readonly files: readonly FileSettings[];
  /** What the file asks for and this program does not do. */
  readonly warnings: readonly string[];
}

const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'delete', 'patch', 'action']);
const FILTERED: ReadonlySet<AuditTopic> = new Set<AuditTopic>(['activity', 'config']);

/** Reads both styles, `eventTypes`/`logTo` and `eventHandlers`/`eventTopics`. Never throws; null: no such file. */
export function readAuditSettings(document: JsonObject | null): AuditSettings {
  const warnings: string[] = [];
  const source = document ?? {};
  const configured = { ...objectAt(source, 'eventTypes'), ...objectAt(source, 'eventTopics') };
  for (const name of Object.keys(configured))
    if (!AUDIT_TOPICS.some((topic) => topic === name))
      warnings.push(`audit.json: there is no topic "${name}"; topics are ${AUDIT_TOPICS.join(', ')}`);
  if (source['exceptionFormatter'] !== undefined)
    warnings.push('audit.json: "exceptionFormatter" is not used: entries hold messages, no stack traces');
  const topics = Object.fromEntries(
    AUDIT_TOPICS.map((topic) => [topic, topicSettings(topic, objectAt(configured, topic))]),
  ) as Record<AuditTopic, TopicSettings>;
  return { topics, files: readFileHandlers(source, warnings), warnings };
}

/** Whether an event is kept. `action` in any letters, null if the topic has none. */
export function acceptsEvent(
  { topics }: AuditSettings,
  { topic, action, cause }: { readonly topic: AuditTopic; readonly action: string | null; readonly cause: string },
): boolean {
  const { actions, triggers } = topics[topic];
  const wanted = triggers.get(cause) ?? actions;
  return wanted === null || action === null || wanted.has(action.toLowerCase());
}

function topicSettings(topic: AuditTopic, json: JsonObject): TopicSettings {
  const filter = objectAt(json, 'filter');
  const triggers = new Map<string, ReadonlySet<string>>();
  for (const [cause, actions] of Object.entries(objectAt(filter, 'triggers')))
    triggers.set(cause, new Set(texts(actions).map((action) => action.toLowerCase())));
  const actions = Array.isArray(filter['actions'])
    ? new Set(texts(filter['actions']).map((action) => action.toLowerCase()))
    : null;
  return {
    actions: actions ?? (FILTERED.has(topic) ? WRITES : null),
    triggers,
    watchedFields: texts(json['watchedFields']),
    passwordFields: json['passwordFields'] === undefined ? ['password'] : texts(json['passwordFields']),
  };
}

export function objectAt(object: JsonObject, key: string): JsonObject {
  const value = Object.hasOwn(object, key) ? object[key] : undefined;
  return isJsonObject(value) ? value : {};
}

export function texts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}
