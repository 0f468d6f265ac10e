import type { LdapEntry } from '../codec/ldap-entry.ts';
import { LdapFailure, readable } from '../ldap-failure.ts';
import type { LdapSearch, SearchItem } from './ldap-search.ts';

export interface EntriesOptions {
  /**
   * What to do where the server says that a part of the tree is elsewhere: `fail` (the read is incomplete; default), or `skip` for parts
   * that do not count, as Active Directory names them at the root of a domain.
   */
  readonly references?: 'fail' | 'skip';
}

/** The entries of a search, batch by batch. Ends normally only where everything was read. */
export async function* entriesOf(
  search: LdapSearch,
  { references = 'fail' }: EntriesOptions = {},
): AsyncGenerator<readonly LdapEntry[], void, undefined> {
  for await (const items of search) {
    if (isEntries(items)) {
      yield items;
      continue;
    }
    const entries: LdapEntry[] = [];
    for (const item of items) {
      if (item.kind === 'entry') entries.push(item);
      if (item.kind === 'reference' && references === 'fail') throw elsewhere(item.urls);
    }
    yield entries;
  }
}

function isEntries(items: readonly SearchItem[]): items is readonly LdapEntry[] {
  return items.every((item) => item.kind === 'entry');
}

function elsewhere(urls: readonly string[]): LdapFailure {
  const text = `a part of the tree is elsewhere: ${readable(urls.join(' or '))}; it was not read`;
  return new LdapFailure('result', 'incomplete-read', text);
}
