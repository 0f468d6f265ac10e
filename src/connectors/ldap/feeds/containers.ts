import type { LdapEntry } from '../../../ldap/codec/ldap-entry.ts';
import { anyOf, equalTo, type Filter } from '../../../ldap/filter/filter.ts';
import type { FeedScope } from './feed-scope.ts';

/** Classes of entries that others are below. */
const CLASSES =
  'organizationalUnit organization domain dcObject country locality container nsContainer builtinDomain'.split(' ');

/**
 * Entries that are told only because others are below them: when one is renamed nobody says so of those. Null: they cannot be told from
 * the entries of the scope.
 */
export interface Containers {
  /** The scope, and these. */
  readonly filter: Filter;
  isContainer(entry: LdapEntry): boolean;
  /** It has the classes of the scope. */
  isOfScope(entry: LdapEntry): boolean;
}

export function containersAround({ filter, entryClass, facts, directory }: FeedScope): Containers | null {
  const own = new Set(entryClass.objectClasses.map((name) => name.toLowerCase()).filter((name) => name !== 'top'));
  const known = CLASSES.filter((name) => facts.schema === null || facts.schema.objectClass(name) !== null);
  const classes = new Set(known.map((name) => name.toLowerCase()));
  const isAmbiguous = [...own].some((name) => classes.has(name));
  const { account, group } = directory.settings;
  const isNarrowed = account.searchFilter !== null || group.searchFilter !== null;
  if (own.size === 0 || known.length === 0 || (isAmbiguous && isNarrowed)) return null;
  const classesOf = (entry: LdapEntry): readonly string[] =>
    entry.texts('objectClass').map((name) => name.toLowerCase());
  return {
    filter: anyOf(filter, ...known.map((name) => equalTo('objectClass', name))),
    isContainer: (entry) => classesOf(entry).some((name) => classes.has(name)),
    isOfScope: (entry) => {
      const present = new Set(classesOf(entry));
      return [...own].every((name) => present.has(name));
    },
  };
}
