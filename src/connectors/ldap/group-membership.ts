import { Failure } from '../../base/failure.ts';
import type { Json } from '../../base/json.ts';
import type { LdapConnection } from '../../ldap/client/ldap-connection.ts';
import type { Modification } from '../../ldap/codec/message.ts';
import { dnKey } from '../../ldap/dn/compare-dn.ts';
import { LdapFailure } from '../../ldap/ldap-failure.ts';
import type { Directory } from './directory.ts';
import { groupsOf } from './ldap-scope.ts';

const NO_SUCH_ATTRIBUTE = 16;
const VALUE_EXISTS = 20;
const NO_SUCH_OBJECT = 32;

/** Makes an entry a member of exactly these groups. `isNew`: it is in none yet. Rejects with `invalid-data` for a group that is not there. */
export async function setGroups(
  directory: Directory,
  dn: string,
  wanted: Json,
  { isNew, signal }: { readonly isNew: boolean; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const names = (Array.isArray(wanted) ? wanted : wanted === null ? [] : [wanted]).map(String);
  const before = isNew ? [] : await groupsOf(directory, dn, signal);
  const known = new Map(before.map((name) => [dnKey(name), name]));
  const asked = new Map(names.map((name) => [dnKey(name), name]));
  const { groupMemberAttribute: name } = directory.settings;
  for (const [key, group] of asked)
    if (!known.has(key)) await change(directory, group, [{ operation: 'add', name, values: [dn] }], VALUE_EXISTS);
  for (const [key, group] of known)
    if (!asked.has(key))
      await change(directory, group, [{ operation: 'delete', name, values: [dn] }], NO_SUCH_ATTRIBUTE);
}

/** Lets groups follow an entry that was renamed (`after`) or deleted (null). What the server has done already is left as it is. */
export async function followMember(
  directory: Directory,
  before: string,
  after: string | null,
  signal?: AbortSignal,
): Promise<void> {
  const { groupMemberAttribute: name } = directory.settings;
  for (const group of await groupsOf(directory, before, signal)) {
    const added: readonly Modification[] = after === null ? [] : [{ operation: 'add', name, values: [after] }];
    await change(directory, group, added, VALUE_EXISTS);
    await change(directory, group, [{ operation: 'delete', name, values: [before] }], NO_SUCH_ATTRIBUTE);
  }
}

async function change(
  directory: Directory,
  group: string,
  changes: readonly Modification[],
  harmless: number,
): Promise<void> {
  if (changes.length === 0) return;
  try {
    await directory.write((connection: LdapConnection) => connection.modify(group, changes));
  } catch (error) {
    if (!(error instanceof LdapFailure) || error.result === null) throw error;
    if (error.result.code === harmless) return;
    if (error.result.code === NO_SUCH_OBJECT)
      throw new Failure('invalid-data', `ldapGroups: there is no group "${group}"`, { cause: error });
    throw error;
  }
}
