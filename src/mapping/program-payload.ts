import type { Filter } from '../base/query-filter.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Action } from '../model/action.ts';
import type { Situation } from '../model/situation.ts';
import type { ApprovalConfig } from './mapping-config.ts';

/** Index of a script in the session that runs the program. */
export type Slot = number;

/** A condition: a script that must give exactly `true`, a filter over the script's variables, or the 2014 object form. */
export type ConditionRef =
  | { readonly kind: 'script'; readonly slot: Slot }
  | { readonly kind: 'filter'; readonly filter: Filter }
  | { readonly kind: 'values'; readonly values: JsonObject };

export type CorrelationRef =
  | { readonly kind: 'query'; readonly slot: Slot }
  | { readonly kind: 'ids'; readonly slot: Slot }
  /** `properties` are those of the mapping that the tree names; it may be another one. */
  | { readonly kind: 'tree'; readonly tree: Json; readonly properties: readonly PropertyStep[] };

export interface PropertyStep {
  readonly target: readonly string[];
  /** Null: no `source` key, so the value starts as null. Empty: the whole source object. */
  readonly source: readonly string[] | null;
  readonly condition: ConditionRef | null;
  readonly transform: Slot | null;
  /** Null when there is none: the default of a missing value is null either way. */
  readonly default: Json;
  /** `keep`: leave the target attribute alone when the value is null (ours); `clear`: write the null (OpenIDM). */
  readonly ifAbsent: 'keep' | 'clear';
  /** Link qualifier this entry is for; null for all. */
  readonly linkQualifier: string | null;
  /** Who owns the attribute, if it is not this mapping: then only a new object gets it. */
  readonly owner?: string;
}

export interface PolicyStep {
  readonly situation: Situation;
  readonly action: Action | { readonly slot: Slot };
  readonly condition: ConditionRef | null;
  readonly postAction: Slot | null;
  /** People are asked first: `action` is ASYNC, and this is what they are asked. */
  readonly approval?: ApprovalConfig;
}

export const HOOKS = ['onCreate', 'onUpdate', 'onDelete', 'onLink', 'onUnlink', 'postMapping'] as const;
export type Hook = (typeof HOOKS)[number];

/** A script that is asked before it is known whether its value is needed: `ask-ahead.ts`. */
export interface Ask {
  readonly slot: Slot;
  /** The variable that the place gives it, beside `linkQualifier`. */
  readonly variable: 'source' | 'object';
  /** Where in the source object its value lies; empty for the whole; null: the value is null. */
  readonly at: readonly string[] | null;
  readonly isCorrelation: boolean;
}

/** A compiled mapping as data: JSON, so that it can cross into the script host. */
export interface ProgramPayload {
  readonly mapping: string;
  /** The mapping's own text, for scripts that look at `mappingConfig`. */
  readonly mappingConfig: JsonObject;
  readonly qualifiers: { readonly list: readonly string[] } | { readonly slot: Slot };
  readonly validSource: Slot | null;
  readonly validTarget: Slot | null;
  readonly sourceCondition: ConditionRef | null;
  /** By link qualifier; `*` for every qualifier. */
  readonly correlation: Readonly<Record<string, CorrelationRef>>;
  readonly properties: readonly PropertyStep[];
  /** Attributes that an update leaves as they are, whatever scripts say (pointers as tokens). */
  readonly notOwned?: readonly (readonly string[])[];
  readonly defaultMapping: Slot | null;
  readonly policies: readonly PolicyStep[];
  readonly hooks: Readonly<Record<Hook, Slot | null>>;
  readonly result: Slot | null;
  readonly onRecon: Slot | null;
  readonly targetIdsCaseSensitive: boolean;
  readonly asks?: readonly Ask[];
}
