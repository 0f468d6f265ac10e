import type { JsonObject } from '../../base/json.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import { entryId } from './read-entry.ts';
import { GROUPS, MEMBER_IDS, POSIX_GROUPS } from './attribute-plan.ts';
import { groupsOf, ldapGroups, posixGroups, posixNameOf } from './membership.ts';
import type { ReadyScope } from './ldap-scope.ts';

/** What an entry is seen with that stands in other entries: its groups, the ids of its members. */
export async function relatedValues(
  scope: ReadyScope,
  entry: LdapEntry,
  members: readonly string[],
  signal?: AbortSignal,
): Promise<JsonObject> {
  const { related } = scope.plan;
  const { settings } = scope.directory;
  const values: JsonObject = {};
  if (related.has(GROUPS)) values[GROUPS] = [...(await groupsOf(scope, ldapGroups(settings), entry.dn, signal))];
  if (related.has(POSIX_GROUPS)) {
    const name = await posixNameOf(scope, entry.dn, signal);
    values[POSIX_GROUPS] = name === null ? [] : [...(await groupsOf(scope, posixGroups(), name, signal))];
  }
  if (related.has(MEMBER_IDS)) values[MEMBER_IDS] = [...(await idsOf(scope, members, signal))];
  return Object.fromEntries(Object.entries(values).filter(([, list]) => (list as readonly string[]).length > 0));
}

/** Members that are not there, or not to be seen, have none. */
async function idsOf(
  { directory, uidAttribute }: ReadyScope,
  dns: readonly string[],
  signal?: AbortSignal,
): Promise<readonly string[]> {
  if (uidAttribute === 'dn') return dns;
  const ids = await Promise.all(
    dns.map(async (dn) => {
      const entry = await directory.read((connection) => connection.read(dn, [uidAttribute], { signal }), signal);
      return entry === null ? null : entryId(entry, uidAttribute);
    }),
  );
  return ids.filter((id) => id !== null);
}
