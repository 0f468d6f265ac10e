import { dnKey } from '../../../ldap/dn/compare-dn.ts';
import { LdapFailure } from '../../../ldap/ldap-failure.ts';
import type { StoredObject } from '../../../model/object-set.ts';
import { entriesUnder } from './entries-under.ts';
import { feedAttributes, type FeedScope } from './feed-scope.ts';
import { readRows } from '../ldap-scope.ts';
import { isFault } from '../read-entry.ts';
import { uuidOf } from './sync-uuids.ts';

const NO_SUCH_OBJECT = 32;

/** An object, and the UUID of its entry in hexadecimal, as content synchronization names it; null where the server does not show it. */
export interface RowBelow {
  readonly row: StoredObject;
  readonly dn: string;
  readonly uuid: string | null;
}

/** The objects of the scope below an entry, some at a time. None where the entry is not there. */
export async function* rowsBelow(
  scope: FeedScope,
  dn: string,
  signal?: AbortSignal,
): AsyncGenerator<readonly RowBelow[], void, undefined> {
  const attributes = feedAttributes(scope, 'entryUUID', 'nsUniqueId');
  const above = dnKey(dn);
  try {
    for await (const entries of entriesUnder(scope, { filter: scope.filter, attributes, bases: [dn] }, signal)) {
      const inner = entries.filter((entry) => dnKey(entry.dn) !== above);
      const rows = await readRows(scope, inner, signal);
      yield rows.flatMap((row, i) => (isFault(row) ? [] : [{ row, dn: inner[i]!.dn, uuid: uuidOf(scope, inner[i]!) }]));
    }
  } catch (error) {
    if (!(error instanceof LdapFailure) || error.result?.code !== NO_SUCH_OBJECT) throw error;
  }
}
