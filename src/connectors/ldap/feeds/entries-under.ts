import type { LdapEntry } from '../../../ldap/codec/ldap-entry.ts';
import type { Filter } from '../../../ldap/filter/filter.ts';
import type { FeedScope } from './feed-scope.ts';
import { entriesIn } from '../ldap-scan.ts';

export interface EntriesWanted {
  readonly filter: Filter;
  readonly attributes: readonly string[];
  readonly bases: readonly string[];
}

/** Entries under these names, over a connection that is opened for them. Rejects as searches do. */
export async function* entriesUnder(
  scope: FeedScope,
  { filter, attributes, bases }: EntriesWanted,
  signal?: AbortSignal,
): AsyncGenerator<readonly LdapEntry[], void, undefined> {
  const connection = await scope.directory.connections.own(signal);
  const question = { filter, attributes, compiled: null, isChecked: false };
  try {
    yield* entriesIn(scope, connection, question, signal === undefined ? {} : { signal }, bases);
  } finally {
    connection.close();
  }
}

/** The same over the shared connection, in one piece: for searches that find few. */
export async function fewEntriesUnder(
  { directory }: FeedScope,
  { filter, attributes, bases }: EntriesWanted,
  signal?: AbortSignal,
): Promise<readonly LdapEntry[]> {
  const found: LdapEntry[] = [];
  for (const base of bases)
    await directory.read(async (connection) => {
      for await (const items of connection.search({ base, filter, attributes }, { signal }))
        for (const item of items) if (item.kind === 'entry') found.push(item);
    }, signal);
  return found;
}
