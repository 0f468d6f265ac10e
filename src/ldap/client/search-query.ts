import type { AliasDereference, SearchOperation, SearchScope } from '../codec/message.ts';
import { EVERY_ENTRY, type Filter } from '../filter/filter.ts';
import { parseFilter } from '../filter/parse-filter.ts';

/** What to search. Only the base is needed. */
export interface SearchQuery {
  /** The empty text is the root: with scope `base`, the root DSE. */
  readonly base: string;
  /** Default `subtree`. */
  readonly scope?: SearchScope;
  /** Text is RFC 4515. Default: every entry. */
  readonly filter?: Filter | string;
  /** See `SearchOperation.attributes`. Default: all user attributes. */
  readonly attributes?: readonly string[];
  readonly sizeLimit?: number;
  readonly timeLimitSeconds?: number;
  readonly typesOnly?: boolean;
  /** Default `never`. */
  readonly dereference?: AliasDereference;
}

/** The operation for a query. Throws `Failure('bad-request')` for a filter that is none. */
export function searchOperation(query: SearchQuery): SearchOperation {
  const { filter = EVERY_ENTRY } = query;
  return {
    kind: 'search',
    base: query.base,
    scope: query.scope ?? 'subtree',
    dereference: query.dereference ?? 'never',
    sizeLimit: query.sizeLimit ?? 0,
    timeLimitSeconds: query.timeLimitSeconds ?? 0,
    typesOnly: query.typesOnly ?? false,
    filter: typeof filter === 'string' ? parseFilter(filter) : filter,
    attributes: query.attributes ?? [],
  };
}
