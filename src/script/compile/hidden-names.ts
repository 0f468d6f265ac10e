/** Parameters that a rewritten script gets beside its own; no script has such names by accident. */

/** The completion value, where `return` cannot carry it. */
export const VALUE = 'lockstep$value';
/** What `for each` visits. */
export const VALUES_OF = 'lockstep$values';

export function savedName(index: number): string {
  return `lockstep$saved${index}`;
}
