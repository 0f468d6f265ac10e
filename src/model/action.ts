import type { Situation } from './situation.ts';

/** What is done about a situation (reference 003, §actions). */
export const ACTIONS = [
  'CREATE',
  'UPDATE',
  'DELETE',
  'LINK',
  'UNLINK',
  'EXCEPTION',
  'REPORT',
  'NOREPORT',
  'ASYNC',
  'IGNORE',
] as const;

export type Action = (typeof ACTIONS)[number];

export function isAction(text: string): text is Action {
  return (ACTIONS as readonly string[]).includes(text);
}

/** The action of a situation that no policy names (reference 003; rulings 1 and 2 of the specification). */
export const DEFAULT_ACTION: Readonly<Record<Situation, Action>> = {
  CONFIRMED: 'UPDATE',
  FOUND: 'UPDATE',
  FOUND_ALREADY_LINKED: 'EXCEPTION',
  ABSENT: 'CREATE',
  AMBIGUOUS: 'EXCEPTION',
  MISSING: 'EXCEPTION',
  UNQUALIFIED: 'DELETE',
  TARGET_IGNORED: 'IGNORE',
  SOURCE_IGNORED: 'IGNORE',
  LINK_ONLY: 'EXCEPTION',
  ALL_GONE: 'IGNORE',
  UNASSIGNED: 'EXCEPTION',
  SOURCE_MISSING: 'EXCEPTION',
};
