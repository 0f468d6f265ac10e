import type { JsonObject } from '../base/json.ts';
import type { Link } from '../model/link.ts';
import type { Query, StoredObject } from '../model/object-set.ts';

/**
 * Everything that was found out about one source object under one link qualifier. A value: from here on nothing is read.
 * Built by gather, consumed by assess, plan and explain.
 */
export interface SourceEvidence {
  readonly kind: 'source';
  readonly sourceId: string;
  /** Null: the object was asked for by id and does not exist (any more). */
  readonly source: JsonObject | null;
  readonly linkQualifier: string;
  readonly isValid: boolean;
  readonly link: Link | null;
  /** The link's target id, whether or not that object still exists. */
  readonly linkedTargetId: string | null;
  /** The link's target, when there is a link; the one correlated target otherwise. */
  readonly target: StoredObject | null;
  readonly correlation: Correlation;
}

/** What was found out about one target object that no source object accounted for. */
export interface TargetEvidence {
  readonly kind: 'target';
  readonly target: StoredObject;
  readonly linkQualifier: string;
  readonly isValid: boolean;
  readonly link: Link | null;
  readonly linkedSourceId: string | null;
  /** The link's source object; null when there is no link, or when it is gone. */
  readonly source: StoredObject | null;
  readonly isSourceValid: boolean;
}

export type Evidence = SourceEvidence | TargetEvidence;

export interface Correlation {
  /** `none`: not configured, skipped, or not needed because there is a link. */
  readonly kind: 'none' | 'queried';
  /** What was asked, for explanations. */
  readonly query: Query | null;
  readonly targets: readonly StoredObject[];
  /** The single target belongs to another source object already. */
  readonly isAlreadyLinked: boolean;
  /** The link by which it does. */
  readonly holder: Link | null;
}

export const NO_CORRELATION: Correlation = {
  kind: 'none',
  query: null,
  targets: [],
  isAlreadyLinked: false,
  holder: null,
};
