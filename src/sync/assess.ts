import type { Situation } from '../model/situation.ts';
import type { Evidence, SourceEvidence, TargetEvidence } from './evidence.ts';

type Validity = 'valid' | 'invalid';
type LinkState = 'linkedTargetExists' | 'linkedTargetMissing' | 'unlinked';
type Candidates = 'none' | 'one' | 'oneLinkedElsewhere' | 'many';

/** By validity and link; without a link, by the number of candidates. */
type SourceSideTable = Readonly<
  Record<
    Validity,
    {
      readonly linkedTargetExists: Situation;
      readonly linkedTargetMissing: Situation;
      readonly unlinked: Readonly<Record<Candidates, Situation>>;
    }
  >
>;

/**
 * Source phase, and create and update events: specification §4.2. Correlation is only asked when there is no link, so
 * the linked rows hold one situation each.
 */
export const SOURCE_TABLE: SourceSideTable = {
  valid: {
    linkedTargetExists: 'CONFIRMED',
    linkedTargetMissing: 'MISSING',
    unlinked: { none: 'ABSENT', one: 'FOUND', oneLinkedElsewhere: 'FOUND_ALREADY_LINKED', many: 'AMBIGUOUS' },
  },
  invalid: {
    linkedTargetExists: 'UNQUALIFIED',
    linkedTargetMissing: 'UNQUALIFIED',
    unlinked: { none: 'SOURCE_IGNORED', one: 'UNQUALIFIED', oneLinkedElsewhere: 'UNQUALIFIED', many: 'UNQUALIFIED' },
  },
};

/**
 * The source object is gone: specification §4.3. With a link, validity is that of the target (`validTarget`); without
 * one, that of the source's last known state. Without such a state nothing can be correlated: no candidates.
 */
export const GONE_TABLE: SourceSideTable = {
  valid: {
    linkedTargetExists: 'SOURCE_MISSING',
    linkedTargetMissing: 'LINK_ONLY',
    unlinked: { none: 'ALL_GONE', one: 'UNASSIGNED', oneLinkedElsewhere: 'UNASSIGNED', many: 'AMBIGUOUS' },
  },
  invalid: {
    linkedTargetExists: 'TARGET_IGNORED',
    linkedTargetMissing: 'LINK_ONLY',
    unlinked: { none: 'ALL_GONE', one: 'TARGET_IGNORED', oneLinkedElsewhere: 'TARGET_IGNORED', many: 'UNQUALIFIED' },
  },
};

/** Target phase: specification §4.4. An invalid target is ignored, whatever else is true of it. */
export const TARGET_TABLE: Readonly<
  Record<Validity, Readonly<Record<'unlinked' | 'sourceMissing' | 'sourceInvalid' | 'sourceValid', Situation>>>
> = {
  valid: {
    unlinked: 'UNASSIGNED',
    sourceMissing: 'SOURCE_MISSING',
    sourceInvalid: 'UNQUALIFIED',
    sourceValid: 'CONFIRMED',
  },
  invalid: {
    unlinked: 'TARGET_IGNORED',
    sourceMissing: 'TARGET_IGNORED',
    sourceInvalid: 'TARGET_IGNORED',
    sourceValid: 'TARGET_IGNORED',
  },
};

/** The situation that follows from the evidence. Total and pure. */
export function assess(evidence: Evidence): Situation {
  return evidence.kind === 'source' ? assessSource(evidence) : assessTarget(evidence);
}

function assessSource(evidence: SourceEvidence): Situation {
  const table = evidence.source === null ? GONE_TABLE : SOURCE_TABLE;
  const row = table[evidence.isValid ? 'valid' : 'invalid'];
  const state = linkState(evidence);
  return state === 'unlinked' ? row.unlinked[candidates(evidence)] : row[state];
}

function linkState(evidence: SourceEvidence): LinkState {
  if (evidence.link === null) return 'unlinked';
  return evidence.target === null ? 'linkedTargetMissing' : 'linkedTargetExists';
}

function candidates(evidence: SourceEvidence): Candidates {
  const { targets, isAlreadyLinked } = evidence.correlation;
  if (targets.length === 0) return 'none';
  if (targets.length > 1) return 'many';
  return isAlreadyLinked ? 'oneLinkedElsewhere' : 'one';
}

function assessTarget(evidence: TargetEvidence): Situation {
  const row = TARGET_TABLE[evidence.isValid ? 'valid' : 'invalid'];
  if (evidence.link === null) return row.unlinked;
  if (evidence.source === null) return row.sourceMissing;
  return evidence.isSourceValid ? row.sourceValid : row.sourceInvalid;
}
