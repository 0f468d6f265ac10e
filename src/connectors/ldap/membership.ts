import type { LdapConnection } from '../../ldap/client/ldap-connection.ts';
import { copyEntry } from '../../ldap/codec/copy-entry.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import { allOf, equalTo, type Filter } from '../../ldap/filter/filter.ts';
import type { Directory } from './directory.ts';
import { entryClass } from './entry-class.ts';
import type { LdapSettings } from './ldap-settings.ts';
import { searchEntries, type SearchPlace } from './search-entries.ts';

/** A kind of groups, and how they name their members. */
export interface Membership {
  /** For messages. */
  readonly native: string;
  readonly filter: Filter;
  readonly attribute: string;
}

/** Groups that name their members by DN, in `groupMemberAttribute`. */
export function ldapGroups(settings: LdapSettings): Membership {
  const { filter } = entryClass('__GROUP__', settings);
  return { native: 'ldapGroups', filter, attribute: settings.groupMemberAttribute };
}

/** Groups of RFC 2307, that name their members by `uid`. */
export function posixGroups(): Membership {
  return { native: 'posixGroups', filter: equalTo('objectClass', 'posixGroup'), attribute: 'memberUid' };
}

/** What posix groups call an entry: its first `uid`. Null: it has none. */
export async function posixNameOf(
  { directory }: { readonly directory: Directory },
  dn: string,
  signal?: AbortSignal,
): Promise<string | null> {
  const entry = await directory.read((connection) => connection.read(dn, ['uid'], { signal }), signal);
  return entry?.text('uid') ?? null;
}

/** DNs of the groups that have this member. */
export async function groupsOf(
  place: SearchPlace,
  { filter, attribute }: Membership,
  member: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const found = await findEntries(place, allOf(equalTo(attribute, member), filter), ['1.1'], signal);
  return found.map((group) => group.dn);
}

/** Entries under the base contexts, in memory of their own. For searches that find few. */
async function findEntries(
  place: SearchPlace,
  filter: Filter,
  attributes: readonly string[],
  signal?: AbortSignal,
): Promise<readonly LdapEntry[]> {
  const { directory } = place;
  const found: LdapEntry[] = [];
  for (const base of directory.settings.baseContexts) {
    await directory.read(async (connection: LdapConnection) => {
      for await (const entries of searchEntries(place, connection, { base, filter, attributes }, { signal }))
        for (const entry of entries) found.push(copyEntry(entry));
    }, signal);
  }
  return found;
}
