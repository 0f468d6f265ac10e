import { Failure } from '../../base/failure.ts';
import { followMember, memberNames } from './group-membership.ts';
import { entriesByUid, readNamed } from './ldap-lookup.ts';
import type { ReadyScope } from './ldap-scope.ts';
import { request } from './write-request.ts';
import { entryId } from './read-entry.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';

/** Deletes the entry with this id; the id. Rejects with `not-found`. */
export async function deleteEntry(scope: ReadyScope, id: string, signal?: AbortSignal): Promise<string> {
  const { dn } = await entryWith(scope, id, ['1.1'], signal);
  const { timeouts } = scope.directory.settings;
  const names = await memberNames(scope, dn, signal);
  await request(scope, (connection) => connection.delete(dn, { signal, timeoutMs: timeouts.deleteMs }), signal);
  await followMember(scope, names, null, signal);
  return id;
}

/** The entry of the scope with this id. Rejects with `not-found`. */
export async function entryWith(
  scope: ReadyScope,
  id: string,
  attributes: readonly string[],
  signal?: AbortSignal,
): Promise<LdapEntry> {
  const { uidAttribute, path } = scope;
  const entry =
    uidAttribute === 'dn'
      ? await readNamed(scope, id, attributes, signal)
      : (await entriesByUid(scope, [id], [...attributes.filter((name) => name !== '1.1'), uidAttribute], signal)).find(
          (one) => entryId(one, uidAttribute) === id,
        );
  if (entry === null || entry === undefined) throw new Failure('not-found', `${path}/${id}: there is no such object`);
  return entry;
}
