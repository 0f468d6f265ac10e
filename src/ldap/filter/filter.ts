import type { LdapValue } from '../codec/message.ts';

/** A search filter (RFC 4511 §4.5.1.7). */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | { readonly kind: 'present'; readonly attribute: string }
  | {
      readonly kind: 'equal' | 'greaterOrEqual' | 'lessOrEqual' | 'approximate';
      readonly attribute: string;
      readonly value: LdapValue;
    }
  | SubstringsFilter
  | ExtensibleFilter;

/** At least one of the three has to be given. */
export interface SubstringsFilter {
  readonly kind: 'substrings';
  readonly attribute: string;
  readonly initial: LdapValue | null;
  readonly any: readonly LdapValue[];
  readonly final: LdapValue | null;
}

/** At least attribute or rule has to be given. */
export interface ExtensibleFilter {
  readonly kind: 'extensible';
  readonly attribute: string | null;
  readonly rule: string | null;
  /** Attributes of the DN count as well. */
  readonly isDnIncluded: boolean;
  readonly value: LdapValue;
}

/** Filters are not nested deeper: a bound for text, for bytes, and for the stack. */
export const MAX_FILTER_DEPTH = 200;

/** `(objectClass=*)`: every entry. */
export const EVERY_ENTRY: Filter = { kind: 'present', attribute: 'objectClass' };

/** All of these; the one itself where it is only one. */
export function allOf(...filters: readonly Filter[]): Filter {
  return filters.length === 1 ? filters[0]! : { kind: 'and', filters };
}

/** Any of these; the one itself where it is only one. */
export function anyOf(...filters: readonly Filter[]): Filter {
  return filters.length === 1 ? filters[0]! : { kind: 'or', filters };
}

export function equalTo(attribute: string, value: LdapValue): Filter {
  return { kind: 'equal', attribute, value };
}
