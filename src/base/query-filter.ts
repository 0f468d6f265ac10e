import type { Json } from './json.ts';
import { compileFilter } from './query-filter-compile.ts';

export { compileFilter } from './query-filter-compile.ts';
export { formatFilter } from './query-filter-format.ts';
export { parseFilter } from './query-filter-parse.ts';

/** A parsed query filter (specification §1.4). */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | { readonly kind: 'always'; readonly value: boolean }
  | { readonly kind: 'present'; readonly pointer: readonly string[] }
  | {
      readonly kind: 'compare';
      readonly operator: ComparisonOperator;
      readonly pointer: readonly string[];
      readonly value: string | number | boolean;
    };

/**
 * `ew` ends with; `ca` contains all: the values of the attribute include the literal, which for one literal is `eq`.
 * Both are extended operators of the grammar; others are refused by the parser.
 */
export type ComparisonOperator = 'eq' | 'co' | 'sw' | 'lt' | 'le' | 'gt' | 'ge' | 'ew' | 'ca';

export interface MatchOptions {
  /** Strings compare by exact letters (repository, connectors) or without regard to case (conditions of a mapping). */
  readonly caseSensitive: boolean;
}

/**
 * Whether `object` satisfies the filter. Never throws.
 *
 * A value matches only a literal of its own kind (string, number, boolean); an array matches by any of its elements;
 * what is missing matches nothing. Strings compare by UTF-16 code units. For many objects use `compileFilter`.
 */
export function matches(filter: Filter, object: Json, options: MatchOptions): boolean {
  return compileFilter(filter, options)(object);
}
