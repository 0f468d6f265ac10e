import { Failure } from '../../base/failure.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import { copyEntry } from '../../ldap/codec/copy-entry.ts';
import { allOf, anyOf, equalTo } from '../../ldap/filter/filter.ts';
import type { ReadyScope } from './ldap-scope.ts';
import { entryId } from './read-entry.ts';
import { searchEntries } from './search-entries.ts';

/**
 * The id of the entry with this user name and this password. User names are the values of `accountUserNameAttributes`, or a DN. Rejects with
 * `unauthorized` for everything that is not a login of exactly one entry, without saying which it was.
 */
export async function authenticate(
  scope: ReadyScope,
  userName: string,
  password: string,
  signal?: AbortSignal,
): Promise<string> {
  const { path, directory, uidAttribute } = scope;
  const refused = (cause?: unknown): Failure =>
    new Failure('unauthorized', `${path}: user name or password is wrong, or the account may not log in`, { cause });
  // A server takes an empty password for no login at all, and accepts it.
  if (userName === '' || password === '') throw refused();
  const found = await entriesNamed(scope, userName, signal);
  const [entry] = found;
  const id = found.length === 1 ? entryId(entry!, uidAttribute) : null;
  if (id === null) throw refused();
  try {
    await directory.connections.logIn(entry!.dn, password, signal);
  } catch (error) {
    if (error instanceof Failure && (error.code === 'unauthorized' || error.code === 'denied')) throw refused(error);
    throw error;
  }
  return id;
}

async function entriesNamed(
  scope: ReadyScope,
  userName: string,
  signal: AbortSignal | undefined,
): Promise<readonly LdapEntry[]> {
  const { directory, entryClass, uidAttribute } = scope;
  const { accountUserNameAttributes: names, baseContexts, timeouts } = directory.settings;
  const filter = allOf(anyOf(...names.map((name) => equalTo(name, userName))), entryClass.filter);
  const attributes = [uidAttribute === 'dn' ? '1.1' : uidAttribute];
  const found = new Map<string, LdapEntry>();
  for (const base of baseContexts)
    await directory.read(async (connection) => {
      const query = { base, filter, attributes };
      for await (const entries of searchEntries(scope, connection, query, { signal, timeoutMs: timeouts.searchMs }))
        for (const entry of entries) found.set(entry.dn, copyEntry(entry));
    }, signal);
  return [...found.values()];
}
