import type { Filter } from '../base/query-filter.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Action } from '../model/action.ts';
import type { ScriptConfig } from '../model/script-config.ts';
import type { Situation } from '../model/situation.ts';

/**
 * One mapping of `conf/sync.json` (specification §3) after substitution, checks and defaults. Everything that can be
 * wrong by itself has been reported before a value of this type exists.
 */
export interface MappingConfig {
  readonly name: string;
  /** Collection paths, without leading or trailing slash. */
  readonly source: string;
  readonly target: string;
  /** Name of the mapping whose links are shared; null: this mapping owns its links. */
  readonly links: string | null;
  readonly linkQualifiers: LinkQualifiersConfig;
  readonly enableLinking: boolean;
  /** False: implicit sync and LiveSync pass the mapping by. */
  readonly enableSync: boolean;
  /** Null: changes are pushed within the request that makes them. */
  readonly queuedSync: QueuedSyncConfig | null;
  readonly sourceIdsCaseSensitive: boolean;
  readonly targetIdsCaseSensitive: boolean;
  readonly properties: readonly PropertyMappingConfig[];
  readonly policies: readonly PolicyConfig[];
  /** Empty: nothing is correlated. At most one entry applies to a link qualifier. */
  readonly correlation: readonly CorrelationConfig[];
  readonly sourceCondition: ConditionConfig | null;
  /** The scripts of the mapping by the key under which they are configured; absent keys are not configured. */
  readonly scripts: Readonly<Partial<Record<MappingScript, ScriptConfig>>>;
  readonly sourceQuery: SetQueryConfig;
  readonly targetQuery: SetQueryConfig;
  /** Null: found out from the shape of the result. */
  readonly sourceQueryFullEntry: boolean | null;
  readonly targetQueryFullEntry: boolean | null;
  /** Null: on for `recon`, off for `reconById`. */
  readonly runTargetPhase: boolean | null;
  readonly allowEmptySourceSet: boolean;
  readonly correlateEmptyTargetSet: boolean;
  readonly prefetchLinks: boolean;
  readonly taskThreads: number;
  readonly feedSize: number;
  readonly reconSourceQueryPaging: boolean;
  /** Null: as the engine likes. */
  readonly reconSourceQueryPageSize: number | null;
  /** Already merged: built-in limits, then those of `lockstep.json`, then those of the mapping. */
  readonly guard: GuardConfig;
  /** Attributes of the target that belong to somebody else: updates by this mapping leave them as they are. Absent: none. */
  readonly notOwned?: readonly NotOwned[];
  /** As written, after substitution: what scripts see as `mappingConfig` and `config/sync` shows. */
  readonly raw: JsonObject;
  /** Where it stands: `conf/sync.json`, `/mappings/0`. */
  readonly file: string;
  readonly pointer: string;
}

export interface NotOwned {
  /** Tokens of the pointer. */
  readonly target: readonly string[];
  /** The mapping that owns it, or the target collection itself. */
  readonly owner: string;
}

/** Pushes are left to the outbox. */
export interface QueuedSyncConfig {
  /** Attempts after the first; -1: without end. */
  readonly maxRetries: number;
  /** Before the first retry, in milliseconds. */
  readonly retryDelayMs: number;
  /** After the last attempt. `set-aside`: kept, visible and replayable. `ignore`: logged and dropped. */
  readonly afterwards: 'set-aside' | 'ignore';
}

export const MAPPING_SCRIPTS = [
  'validSource',
  'validTarget',
  'onCreate',
  'onUpdate',
  'onDelete',
  'onLink',
  'onUnlink',
  'postMapping',
  'defaultMapping',
  'onRecon',
  'result',
] as const;

export type MappingScript = (typeof MAPPING_SCRIPTS)[number];

export type LinkQualifiersConfig =
  | { readonly kind: 'list'; readonly names: readonly string[] }
  | { readonly kind: 'script'; readonly script: ScriptConfig };

/** Specification §3.2. */
export interface PropertyMappingConfig {
  /** Tokens of the pointer; `[]`: the whole source object; null: no `source` key. */
  readonly source: readonly string[] | null;
  /** Never empty. */
  readonly target: readonly string[];
  readonly condition: ConditionConfig | null;
  readonly transform: ScriptConfig | null;
  /** Null: no default. */
  readonly default: Json;
  /** A value that is null in the end clears the target (as in OpenIDM), or leaves it alone (ours). */
  readonly ifAbsent: 'clear' | 'keep';
  readonly pointer: string;
}

/** Specification §3.4. */
export interface PolicyConfig {
  readonly situation: Situation;
  readonly action:
    | { readonly kind: 'fixed'; readonly action: Action }
    | { readonly kind: 'script'; readonly script: ScriptConfig }
    | { readonly kind: 'approval'; readonly approval: ApprovalConfig };
  readonly condition: ConditionConfig | null;
  readonly postAction: ScriptConfig | null;
  readonly pointer: string;
}

/** People are asked before anything is done: `{"approval": {…}}` in place of an action (ours). */
export interface ApprovalConfig {
  /** Names of roles, and query filters over managed users; whoever fits one of them may answer. */
  readonly approvers: readonly string[];
  /** What is proposed; null: the default action of the situation. */
  readonly action: Action | null;
  /** What is done when it is turned down; null: nothing. */
  readonly onReject: Action | null;
  /** What the task is called; null: a sentence that says what would be done. */
  readonly name: string | null;
  readonly description: string | null;
}

export type ConditionConfig =
  | { readonly kind: 'filter'; readonly text: string; readonly filter: Filter; readonly pointer: string }
  | { readonly kind: 'script'; readonly script: ScriptConfig }
  /** Only `sourceCondition`: every key must match (specification §3.1, the object form of 2014). */
  | { readonly kind: 'values'; readonly values: JsonObject; readonly pointer: string };

/** Specification §3.3. `linkQualifier` null: for every qualifier. */
export type CorrelationConfig =
  /** The script gives a query. */
  | { readonly kind: 'query'; readonly linkQualifier: string | null; readonly script: ScriptConfig }
  /** The script gives the target ids itself. */
  | { readonly kind: 'script'; readonly linkQualifier: string | null; readonly script: ScriptConfig }
  /** `ui/correlateTreeToQueryFilter.js`: no script needs to run. `mapping` names the mapping whose properties give the values. */
  | {
      readonly kind: 'tree';
      readonly linkQualifier: string | null;
      readonly tree: CorrelationTree;
      readonly mapping: string;
      readonly pointer: string;
    };

/** A leaf is a target attribute. */
export type CorrelationTree =
  | { readonly kind: 'leaf'; readonly attribute: string }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly CorrelationTree[] };

/** `sourceQuery`, `targetQuery` (specification §5.5). */
export interface SetQueryConfig {
  /** Where the query is sent instead of the mapping's source or target. */
  readonly resourceName: string | null;
  readonly query:
    | { readonly kind: 'all' }
    | { readonly kind: 'filter'; readonly text: string; readonly filter: Filter }
    | { readonly kind: 'id'; readonly queryId: string; readonly parameters: JsonObject }
    | { readonly kind: 'expression'; readonly text: string; readonly parameters: JsonObject };
}

/**
 * How much a run may do before it waits for approval. A class is held as a whole when its number is above `max`, or when
 * it is above `percentFloor` and its share of the linked objects is above `maxPercent`. Null: no limit.
 */
export interface GuardConfig {
  readonly isEnabled: boolean;
  readonly delete: GuardLimit;
  readonly unlink: GuardLimit;
  /** So many changes of a class are never held for their percentage alone: a share of a small set says little. */
  readonly percentFloor: number;
  /** False: deletes of several correlated targets of one source object always wait for approval. */
  readonly allowAmbiguousDelete: boolean;
}

export interface GuardLimit {
  readonly max: number | null;
  readonly maxPercent: number | null;
}

export const DEFAULT_GUARD: GuardConfig = {
  isEnabled: true,
  delete: { max: null, maxPercent: 10 },
  unlink: { max: null, maxPercent: 10 },
  percentFloor: 20,
  allowAmbiguousDelete: false,
};
