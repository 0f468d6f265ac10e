import { dnKey } from '../../ldap/dn/compare-dn.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import { LdapFailure } from '../../ldap/ldap-failure.ts';
import type { StoredObject } from '../../model/object-set.ts';
import { feedAttributes, type FeedScope } from './feed-scope.ts';
import { entriesIn } from './ldap-scan.ts';
import { readRows } from './ldap-scope.ts';
import { isFault } from './read-entry.ts';

const NO_SUCH_OBJECT = 32;

/** An object, and the UUID of its entry in hexadecimal, as content synchronization names it; null where the server does not show it. */
export interface RowBelow {
  readonly row: StoredObject;
  readonly uuid: string | null;
}

/** The objects of the scope below an entry. None where the entry is not there. */
export async function rowsBelow(scope: FeedScope, dn: string, signal?: AbortSignal): Promise<readonly RowBelow[]> {
  const connection = await scope.directory.connections.own(signal);
  const found: RowBelow[] = [];
  const question = {
    filter: scope.filter,
    attributes: feedAttributes(scope, 'entryUUID', 'nsUniqueId'),
    compiled: null,
    isChecked: false,
  };
  try {
    for await (const entries of entriesIn(scope, connection, question, signal === undefined ? {} : { signal }, [dn])) {
      const inner = entries.filter((entry) => dnKey(entry.dn) !== dnKey(dn));
      const rows = await readRows(scope, inner, signal);
      for (const [i, row] of rows.entries()) if (!isFault(row)) found.push({ row, uuid: uuidOf(inner[i]!, scope) });
    }
    return found;
  } catch (error) {
    if (error instanceof LdapFailure && error.result?.code === NO_SUCH_OBJECT) return [];
    throw error;
  } finally {
    connection.close();
  }
}

function uuidOf(entry: LdapEntry, { facts }: FeedScope): string | null {
  const text = entry.text(facts.rootDse.vendorName === null ? 'entryUUID' : 'nsUniqueId');
  return text?.replaceAll('-', '').toLowerCase() ?? null;
}
