import { Failure } from '../../base/failure.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { LdapConnection } from '../../ldap/client/ldap-connection.ts';
import type { Modification } from '../../ldap/codec/message.ts';
import { dnKey, isSameDn } from '../../ldap/dn/compare-dn.ts';
import { LdapFailure } from '../../ldap/ldap-failure.ts';
import { GROUPS, POSIX_GROUPS } from './attribute-plan.ts';
import type { ReadyScope } from './ldap-scope.ts';
import { groupsOf, ldapGroups, posixGroups, posixNameOf, type Membership } from './membership.ts';

const NO_SUCH_ATTRIBUTE = 16;
const VALUE_EXISTS = 20;
const NO_SUCH_OBJECT = 32;

/** What groups call an entry. */
export interface MemberNames {
  readonly dn: string;
  /** Null: it has none, or nobody asked. */
  readonly posixName: string | null;
}

/** Looked at before the entry is renamed or deleted, where groups are to follow it. */
export async function memberNames(scope: ReadyScope, dn: string, signal?: AbortSignal): Promise<MemberNames> {
  const { maintainsPosixGroups } = scope.directory.settings;
  return { dn, posixName: maintainsPosixGroups ? await posixNameOf(scope, dn, signal) : null };
}

/**
 * Makes an entry a member of exactly the groups that are given, of each kind that is. `isNew`: it is in none yet. Rejects with
 * `invalid-data` for a group that is not there.
 */
export async function setGroups(
  scope: ReadyScope,
  dn: string,
  native: JsonObject,
  { isNew, signal }: { readonly isNew: boolean; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const given = native[GROUPS];
  if (given !== undefined) await setKind(scope, ldapGroups(scope.directory.settings), dn, given, isNew, signal);
  const posix = native[POSIX_GROUPS];
  if (posix === undefined) return;
  const name = await posixNameOf(scope, dn, signal);
  if (name !== null) await setKind(scope, posixGroups(), name, posix, isNew, signal);
  else if (listOf(posix).length > 0)
    throw new Failure('invalid-data', `posixGroups: "${dn}" has no uid, by which these groups name their members`);
}

function listOf(wanted: Json): readonly string[] {
  return (Array.isArray(wanted) ? wanted : wanted === null ? [] : [wanted]).map(String);
}

async function setKind(
  scope: ReadyScope,
  kind: Membership,
  member: string,
  wanted: Json,
  isNew: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const before = isNew ? [] : await groupsOf(scope, kind, member, signal);
  const known = new Map(before.map((name) => [dnKey(name), name]));
  const asked = new Map(listOf(wanted).map((name) => [dnKey(name), name]));
  for (const [key, group] of asked) if (!known.has(key)) await join(scope, kind, group, member);
  for (const [key, group] of known) if (!asked.has(key)) await leave(scope, kind, group, member);
}

/** Lets groups follow an entry that was renamed (`after`) or deleted (null), as configured. What the server has done already is left as it is. */
export async function followMember(
  scope: ReadyScope,
  before: MemberNames,
  after: string | null,
  signal?: AbortSignal,
): Promise<void> {
  const { settings } = scope.directory;
  const isMoved = after === null || !isSameDn(before.dn, after);
  if (settings.maintainsGroups && isMoved) await replaceMember(scope, ldapGroups(settings), before.dn, after, signal);
  if (!settings.maintainsPosixGroups || before.posixName === null) return;
  const name = after === null ? null : await posixNameOf(scope, after, signal);
  if (name !== before.posixName) await replaceMember(scope, posixGroups(), before.posixName, name, signal);
}

async function replaceMember(
  scope: ReadyScope,
  kind: Membership,
  before: string,
  after: string | null,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const group of await groupsOf(scope, kind, before, signal)) {
    if (after !== null) await join(scope, kind, group, after);
    await leave(scope, kind, group, before);
  }
}

function join(scope: ReadyScope, kind: Membership, group: string, member: string): Promise<void> {
  const changes: readonly Modification[] = [{ operation: 'add', name: kind.attribute, values: [member] }];
  return change(scope, kind, group, changes, VALUE_EXISTS);
}

function leave(scope: ReadyScope, kind: Membership, group: string, member: string): Promise<void> {
  const changes: readonly Modification[] = [{ operation: 'delete', name: kind.attribute, values: [member] }];
  return change(scope, kind, group, changes, NO_SUCH_ATTRIBUTE);
}

async function change(
  { directory }: ReadyScope,
  { native }: Membership,
  group: string,
  changes: readonly Modification[],
  harmless: number,
): Promise<void> {
  try {
    await directory.write((connection: LdapConnection) => connection.modify(group, changes));
  } catch (error) {
    if (!(error instanceof LdapFailure) || error.result === null) throw error;
    if (error.result.code === harmless) return;
    if (error.result.code === NO_SUCH_OBJECT)
      throw new Failure('invalid-data', `${native}: there is no group "${group}"`, { cause: error });
    throw error;
  }
}
