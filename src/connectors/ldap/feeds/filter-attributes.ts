import type { Filter } from '../../../ldap/filter/filter.ts';

/** The attributes that a filter looks at. */
export function filterAttributes(filter: Filter): readonly string[] {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.filters.flatMap(filterAttributes);
    case 'not':
      return filterAttributes(filter.filter);
    case 'extensible':
      return filter.attribute === null ? [] : [filter.attribute];
    case 'present':
    case 'equal':
    case 'greaterOrEqual':
    case 'lessOrEqual':
    case 'approximate':
    case 'substrings':
      return [filter.attribute];
  }
}
