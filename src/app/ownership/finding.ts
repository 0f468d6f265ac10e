import type { Diagnostic } from '../../base/diagnostic.ts';

/** What kind of thing was found. Others rely on the words: they are in the answer of `check --json`. */
export type FindingCode =
  | 'two-writers'
  | 'hook-overwrites'
  | 'unstable-cycle'
  | 'cycle-at-rest'
  | 'written-every-run'
  | 'unreachable-policy'
  | 'mutable-key'
  | 'unknown-attribute'
  | 'missing-required'
  | 'cascading-delete'
  | 'deletes-of-others'
  | 'duplicates'
  | 'never-at-rest'
  | 'not-tried'
  | 'secret-in-the-open'
  | 'startup-order';

/** A `note` is worth knowing and no fault: it is told by `check` only, and counts nowhere. */
export interface Finding extends Diagnostic {
  readonly code: FindingCode;
  readonly severity: 'warning' | 'note';
  readonly hint: string;
}
