import type { FailureCode } from '../base/failure.ts';
import type { Link } from '../model/link.ts';

/** Why one unit of a commit cannot be written. All implementations say it in the same words. */
export interface UnitConflict {
  readonly code: FailureCode;
  readonly message: string;
}

export function objectExists(type: string, id: string): UnitConflict {
  return { code: 'exists', message: `${type}/${id} already exists` };
}

export function objectMissing(type: string, id: string): UnitConflict {
  return { code: 'not-found', message: `${type}/${id} does not exist` };
}

export function objectChanged(type: string, id: string, expectedRev: number): UnitConflict {
  return { code: 'revision', message: `${type}/${id} was changed meanwhile (expected revision ${expectedRev})` };
}

export function linkExists(link: Link): UnitConflict {
  const name = `${link.linkType} (${link.linkQualifier})`;
  return {
    code: 'exists',
    message: `link ${link.id}: ${link.firstId} or ${link.secondId} is already linked under ${name}, or the link's id is taken`,
  };
}

export function linkMissing(id: string): UnitConflict {
  return { code: 'not-found', message: `link ${id} does not exist` };
}

export function linkChanged(id: string, expectedRev: number): UnitConflict {
  return { code: 'revision', message: `link ${id} was changed meanwhile (expected revision ${expectedRev})` };
}

export function runMissing(runId: string): UnitConflict {
  return { code: 'not-found', message: `run ${runId} is not stored: commit its record first` };
}

export function entryExists(runId: string, seq: number): UnitConflict {
  return { code: 'exists', message: `run ${runId} already has an entry ${seq}` };
}

export function entryMissing(runId: string, seq: number): UnitConflict {
  return { code: 'not-found', message: `run ${runId} has no entry ${seq}` };
}

export function entryChanged(runId: string, seq: number, expected: string): UnitConflict {
  return { code: 'revision', message: `entry ${seq} of run ${runId} is no longer ${expected}` };
}
