import { parsePointer } from '../../base/json-pointer.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import { leavesOf } from './check-correlation.ts';

const COMPARISON = /(?:^|[\s("'`])\/?([A-Za-z_]\w{0,63})\s+eq\s/g;
const MAX_ATTRIBUTES = 20;

/**
 * Top-level attributes of a collection that correlation queries of the mappings onto it compare: those of expression
 * trees, and those that stand before an `eq` in the text of scripts. They are worth an index; a wrong guess costs one.
 */
export function comparedAttributes(mappings: readonly MappingConfig[], collection: string): readonly string[] {
  const names = mappings
    .filter((mapping) => mapping.target === collection)
    .flatMap((mapping) => mapping.correlation)
    .flatMap((correlation) => {
      if (correlation.kind === 'tree') return leavesOf(correlation.tree).map((leaf) => parsePointer(leaf)[0] ?? '');
      return [...(correlation.script.source ?? '').matchAll(COMPARISON)].map((match) => match[1]!);
    });
  return [...new Set(names)].filter((name) => name !== '' && !name.startsWith('_')).slice(0, MAX_ATTRIBUTES);
}
