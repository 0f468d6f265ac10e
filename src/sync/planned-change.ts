import type { Json, JsonObject } from '../base/json.ts';
import type { Action } from '../model/action.ts';
import type { Link } from '../model/link.ts';
import type { ObjectWrite } from '../model/object-set.ts';
import type { ChangeClass } from '../model/run.ts';
import type { Situation } from '../model/situation.ts';
import type { Hook } from '../mapping/program-payload.ts';
import type { ApprovalConfig } from '../mapping/mapping-config.ts';
import type { AttributeTrace } from '../mapping/stages.ts';
import type { Evidence } from './evidence.ts';

/** How an entry is counted. Every entry has exactly one outcome; their sum is the number of entries. */
export const OUTCOMES = [
  'created',
  'updated',
  'unchanged',
  'deleted',
  'held',
  'exceptions',
  'ignored',
  'failed',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What is to be done with the link. */
export type LinkIntent =
  /** Target id null: the one that the create will assign. */
  | { readonly kind: 'create'; readonly sourceId: string; readonly targetId: string | null }
  | { readonly kind: 'retarget'; readonly link: Link; readonly targetId: string | null }
  | { readonly kind: 'delete'; readonly link: Link };

/** One decision, as a value: what will be written, why, and what it changes. Nothing is read to apply it. */
export interface PlannedChange {
  readonly evidence: Evidence;
  /** Null when the object's own evaluation failed before a situation was known. */
  readonly situation: Situation | null;
  readonly action: Action;
  /** `policies[2]` or `default`. */
  readonly rule: string;
  readonly policy: number | null;
  readonly changeClass: ChangeClass;
  /** What it counts as once it is applied. */
  readonly outcome: Outcome;
  readonly sourceId: string | null;
  readonly targetId: string | null;
  readonly write: ObjectWrite | null;
  /** UNQUALIFIED with several candidates: all of them are to be deleted. */
  readonly ambiguousTargetIds: readonly string[] | null;
  readonly link: LinkIntent | null;
  /** To be called before the write, in this order. */
  readonly hooks: readonly Hook[];
  readonly before: JsonObject | null;
  readonly after: Json;
  readonly message: string | null;
  readonly detail: JsonObject | null;
  /** False for NOREPORT and ASYNC, and for an unchanged object unless everything is to be logged. */
  readonly isReported: boolean;
  readonly trace: readonly AttributeTrace[] | null;
  /** People are asked before it is done; `before` and `after` are of what it would change. */
  readonly proposed?: ProposedChange;
}

export interface ProposedChange {
  readonly action: Action;
  readonly changeClass: ChangeClass;
  /** Of the policy that asks. */
  readonly approval: ApprovalConfig;
}
