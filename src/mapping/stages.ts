import type { Json, JsonObject } from '../base/json.ts';
import type { Action } from '../model/action.ts';
import type { Situation } from '../model/situation.ts';
import type { Hook } from './program-payload.ts';

/** What a batch of objects passes through, and what crosses into the script host and back at each stage. All JSON. */
export interface Stages {
  qualifiers: { item: QualifiersItem; result: readonly string[] };
  source: { item: SourceItem; result: SourceResult };
  ask: { item: AskItem; result: AskResult };
  validTarget: { item: ValidTargetItem; result: boolean };
  decide: { item: DecideItem; result: DecideResult };
  hook: { item: HookItem; result: null };
  postAction: { item: PostActionItem; result: null };
  onRecon: { item: JsonObject; result: null };
  result: { item: ResultItem; result: null };
}

export type StageName = keyof Stages;

export interface QualifiersItem {
  readonly object: JsonObject | null;
  readonly oldValue: JsonObject | null;
  readonly returnAll: boolean;
}

export interface SourceItem {
  readonly source: JsonObject;
  readonly linkQualifier: string;
  /** False when there is a link, or when correlation is skipped for the whole run. */
  readonly wantsCorrelation: boolean;
  /** The target phase: `sourceCondition` is not asked there (specification §4.4). */
  readonly skipsCondition?: boolean;
}

/** The source object, or as much of it as the scripts look at. */
export type AskItem = Omit<SourceItem, 'skipsCondition'>;

/** By position in `asks`. */
export interface AskResult {
  readonly values: readonly Json[];
  /** Positions of the scripts that threw, or were not asked. */
  readonly without?: readonly number[];
}

export interface SourceResult {
  readonly isValid: boolean;
  /** What the correlation query gave; absent when there is none for this qualifier. */
  readonly query?: JsonObject;
  /** What the correlation script gave. */
  readonly ids?: readonly string[];
}

export interface ValidTargetItem {
  readonly target: JsonObject;
  readonly linkQualifier: string;
}

export interface DecideItem {
  readonly phase: 'source' | 'target';
  readonly situation: Situation;
  readonly source: JsonObject | null;
  readonly target: JsonObject | null;
  readonly oldSource: JsonObject | null;
  readonly linkQualifier: string;
  readonly sourceId: string | null;
  readonly targetId: string | null;
  readonly ambiguousTargetIds: readonly string[] | null;
  /** Null: no reconciliation runs. */
  readonly reconId: string | null;
  /** Tell how each attribute came about. */
  readonly trace?: boolean;
  /** Do this instead of what the policies say (performAction, applying an approved change). */
  readonly action?: Action;
}

export interface DecideResult {
  readonly action: Action;
  /** `policies[2]` or `default`. */
  readonly rule: string;
  /** Index of the policy, null for the default. */
  readonly policy: number | null;
  /** The mapped target object, without `_rev`; only for CREATE, and for UPDATE when something differs. */
  readonly object: JsonObject | null;
  /** Top-level attributes that differ from the target that was read. */
  readonly changed: readonly string[];
  /** What people are asked to allow; `action` is ASYNC then. Hooks of the mapping have not been called for it. */
  readonly proposed?: Pick<DecideResult, 'action' | 'object' | 'changed'>;
  readonly trace?: readonly AttributeTrace[];
}

export interface AttributeTrace {
  readonly target: string;
  /** Pointer of the source attribute; null when the entry has none. */
  readonly source: string | null;
  readonly step: 'mapped' | 'skipped' | 'kept' | 'script';
  readonly input: Json;
  readonly output: Json;
  /** `condition not met`, `default used`, `transformed`. */
  readonly note: string;
}

export interface HookItem {
  readonly hook: Hook;
  readonly source: JsonObject | null;
  readonly sourceId: string | null;
  readonly target: JsonObject | null;
  readonly targetId: string | null;
  readonly oldSource: JsonObject | null;
  readonly situation: Situation | null;
  readonly linkQualifier: string;
}

export interface PostActionItem {
  readonly policy: number;
  readonly source: JsonObject | null;
  readonly target: JsonObject | null;
  readonly action: Action;
  readonly situation: Situation | null;
  readonly sourceAction: boolean;
  readonly linkQualifier: string;
  readonly reconId: string | null;
}

export interface ResultItem {
  readonly source: JsonObject;
  readonly target: JsonObject;
  readonly global: JsonObject;
}
