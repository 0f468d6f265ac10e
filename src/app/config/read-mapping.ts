import { assert } from '../../base/assert.ts';
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import { parsePointer } from '../../base/json-pointer.ts';
import type { Filter } from '../../base/query-filter.ts';
import {
  MAPPING_SCRIPTS,
  type ApprovalConfig,
  type ConditionConfig,
  type GuardConfig,
  type LinkQualifiersConfig,
  type MappingConfig,
  type PolicyConfig,
  type PropertyMappingConfig,
  type QueuedSyncConfig,
} from '../../mapping/mapping-config.ts';
import { DEFAULT_QUALIFIER } from '../../model/link.ts';
import { readCorrelation } from './read-correlation.ts';
import { readFilter } from './read-filter.ts';
import { readGuard } from './read-guard.ts';
import { readScript, readScripts } from './read-script.ts';
import { readSetQuery } from './read-set-query.ts';
import { scriptSchema, type ScriptJson } from './schema-script.ts';
import type { ApprovalJson, MappingJson, PolicyJson, PropertyJson } from './schema-sync.ts';

export interface MappingPlace {
  /** As written, after substitution. */
  readonly raw: JsonObject;
  readonly file: string;
  readonly pointer: string;
  /** Of `lockstep.json`. */
  readonly guard: GuardConfig;
  /** The project has a script of its own in this place, which is run instead of what is built in. */
  readonly hasScript: (file: string) => boolean;
}

/** Gives a mapping that passed every check its final shape. */
export function readMapping(json: MappingJson, place: MappingPlace): MappingConfig {
  const { pointer } = place;
  return {
    name: json.name,
    source: trimPath(json.source),
    target: trimPath(json.target),
    links: json.links === undefined || json.links === '' || json.links === json.name ? null : json.links,
    linkQualifiers: readQualifiers(json.linkQualifiers, pointer),
    enableLinking: json.enableLinking,
    enableSync: json.enableSync,
    queuedSync: readQueuedSync(json.queuedSync),
    sourceIdsCaseSensitive: json.sourceIdsCaseSensitive,
    targetIdsCaseSensitive: json.targetIdsCaseSensitive,
    properties: json.properties.map((property, i) => readProperty(property, `${pointer}/properties/${i}`)),
    policies: json.policies.map((policy, i) => readPolicy(policy, `${pointer}/policies/${i}`)),
    correlation: readCorrelation(json, pointer, place.hasScript),
    sourceCondition: readSourceCondition(json.sourceCondition as Json | undefined, `${pointer}/sourceCondition`),
    scripts: readScripts(MAPPING_SCRIPTS, json, pointer),
    sourceQuery: readSetQuery(json.sourceQuery),
    targetQuery: readSetQuery(json.targetQuery),
    sourceQueryFullEntry: json.sourceQueryFullEntry ?? null,
    targetQueryFullEntry: json.targetQueryFullEntry ?? null,
    runTargetPhase: json.runTargetPhase ?? null,
    allowEmptySourceSet: json.allowEmptySourceSet,
    correlateEmptyTargetSet: json.correlateEmptyTargetSet,
    prefetchLinks: json.prefetchLinks,
    taskThreads: json.taskThreads,
    feedSize: json.feedSize,
    reconSourceQueryPaging: json.reconSourceQueryPaging,
    reconSourceQueryPageSize: json.reconSourceQueryPageSize ?? null,
    guard: readGuard(place.guard, json.guard),
    raw: place.raw,
    file: place.file,
    pointer,
  };
}

function readQueuedSync(json: MappingJson['queuedSync']): QueuedSyncConfig | null {
  if (json?.enabled !== true) return null;
  const { maxRetries, retryDelay: retryDelayMs, postRetryAction } = json;
  return { maxRetries, retryDelayMs, afterwards: postRetryAction === 'logged-ignore' ? 'ignore' : 'set-aside' };
}

export function trimPath(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}

/** A script has a `type` and a text; any other object lists values (specification §3.1). */
export function isScript(value: Json | undefined): value is JsonObject {
  return (
    isJsonObject(value) &&
    typeof value['type'] === 'string' &&
    ('source' in value || 'file' in value || 'name' in value)
  );
}

function readQualifiers(json: MappingJson['linkQualifiers'], pointer: string): LinkQualifiersConfig {
  if (json === undefined) return { kind: 'list', names: [DEFAULT_QUALIFIER] };
  if (Array.isArray(json)) return { kind: 'list', names: [...new Set(json)] };
  return { kind: 'script', script: readScript(json, `${pointer}/linkQualifiers`) };
}

function readProperty(json: PropertyJson, pointer: string): PropertyMappingConfig {
  return {
    source: json.source === undefined ? null : parsePointer(json.source),
    target: parsePointer(json.target),
    condition: readCondition(json.condition, `${pointer}/condition`),
    transform: json.transform === undefined ? null : readScript(json.transform, `${pointer}/transform`),
    default: json.default ?? null,
    ifAbsent: json.ifAbsent,
    pointer,
  };
}

function readPolicy(json: PolicyJson, pointer: string): PolicyConfig {
  return {
    situation: json.situation,
    action: readAction(json.action, `${pointer}/action`),
    condition: readCondition(json.condition, `${pointer}/condition`),
    postAction: json.postAction === undefined ? null : readScript(json.postAction, `${pointer}/postAction`),
    pointer,
  };
}

function readAction(json: PolicyJson['action'], pointer: string): PolicyConfig['action'] {
  if (typeof json === 'string') return { kind: 'fixed', action: json };
  if (isScriptJson(json)) return { kind: 'script', script: readScript(json, pointer) };
  return { kind: 'approval', approval: readApproval(json.approval) };
}

function isScriptJson(json: Exclude<PolicyJson['action'], string>): json is ScriptJson {
  return 'type' in json;
}

function readApproval({ approvers, then: action, onReject, name, description }: ApprovalJson): ApprovalConfig {
  return {
    approvers: typeof approvers === 'string' ? [approvers] : approvers,
    action: action ?? null,
    onReject: onReject ?? null,
    name: name ?? null,
    description: description ?? null,
  };
}

function readCondition(json: string | ScriptJson | undefined, pointer: string): ConditionConfig | null {
  if (json === undefined || (typeof json === 'string' && json.trim() === '')) return null;
  if (typeof json !== 'string') return { kind: 'script', script: readScript(json, pointer) };
  return { kind: 'filter', text: json, filter: checkedFilter(json), pointer };
}

function readSourceCondition(json: Json | undefined, pointer: string): ConditionConfig | null {
  if (typeof json === 'string') return readCondition(json, pointer);
  const script = isScript(json) ? scriptSchema.safeParse(json) : null;
  if (script?.success === true) return readCondition(script.data, pointer);
  return isJsonObject(json) && Object.keys(json).length > 0 ? { kind: 'values', values: json, pointer } : null;
}

function checkedFilter(text: string): Filter {
  const result = readFilter(text);
  assert(result.ok, `filter was checked before: ${text}`);
  return result.filter;
}
