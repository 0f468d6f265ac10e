import { allOf, equalTo, EVERY_ENTRY, type Filter } from '../../ldap/filter/filter.ts';
import type { LdapSettings } from './ldap-settings.ts';

/** The entries that a native type stands for. */
export interface EntryClass {
  readonly nativeType: string;
  /** Classes of a new entry. */
  readonly objectClasses: readonly string[];
  /** What entries match. */
  readonly filter: Filter;
}

/** `__ACCOUNT__`, `__GROUP__`, `__ALL__`, or the name of an object class (specification §10.8). */
export function entryClass(nativeType: string, { account, group }: LdapSettings): EntryClass {
  if (nativeType === '__ACCOUNT__') return withFilter(nativeType, account.objectClasses, account.searchFilter);
  if (nativeType === '__GROUP__') return withFilter(nativeType, group.objectClasses, group.searchFilter);
  if (nativeType === '__ALL__') return { nativeType, objectClasses: [], filter: EVERY_ENTRY };
  return withFilter(nativeType, [nativeType], null);
}

function withFilter(nativeType: string, objectClasses: readonly string[], searchFilter: Filter | null): EntryClass {
  // Every entry is of the class top, and few servers have an index for that.
  const telling = objectClasses.filter((name) => name.toLowerCase() !== 'top');
  const classes = telling.length === 0 ? [EVERY_ENTRY] : telling.map((name) => equalTo('objectClass', name));
  return { nativeType, objectClasses, filter: allOf(...classes, ...(searchFilter === null ? [] : [searchFilter])) };
}
