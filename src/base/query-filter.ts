import type { Json } from './json.ts';

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

/** `ew` and `ca` are extended operators that only connectors know. */
export type ComparisonOperator = 'eq' | 'co' | 'sw' | 'lt' | 'le' | 'gt' | 'ge' | 'ew' | 'ca';

export interface MatchOptions {
  /** Strings compare by exact letters (repository, connectors) or without regard to case (conditions of a mapping). */
  readonly caseSensitive: boolean;
}

export function parseFilter(text: string): Filter {
  throw new Error(`not written yet: ${text}`);
}

export function matches(filter: Filter, object: Json, options: MatchOptions): boolean {
  throw new Error(`not written yet: ${JSON.stringify([filter, object, options])}`);
}
