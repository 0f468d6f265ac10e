/** What was found out about one source object, or about one left-over target object (reference 003, §situations). */
export const SITUATIONS = [
  'SOURCE_IGNORED',
  'MISSING',
  'FOUND',
  'AMBIGUOUS',
  'UNQUALIFIED',
  'CONFIRMED',
  'SOURCE_MISSING',
  'ABSENT',
  'TARGET_IGNORED',
  'UNASSIGNED',
  'FOUND_ALREADY_LINKED',
  'LINK_ONLY',
  'ALL_GONE',
] as const;

export type Situation = (typeof SITUATIONS)[number];

export function isSituation(text: string): text is Situation {
  return (SITUATIONS as readonly string[]).includes(text);
}
