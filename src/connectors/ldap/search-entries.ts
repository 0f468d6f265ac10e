import { Failure } from '../../base/failure.ts';
import type { LdapConnection } from '../../ldap/client/ldap-connection.ts';
import type { LdapSearch } from '../../ldap/client/ldap-search.ts';
import type { SearchQuery } from '../../ldap/client/search-query.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import { LdapFailure } from '../../ldap/ldap-failure.ts';
import type { Directory, DirectoryFacts } from './directory.ts';
import { elsewhere, referralOf } from './referral.ts';

/** Where searches are put, and what is done about parts of the tree that are on other servers. */
export interface SearchPlace {
  readonly directory: Directory;
  readonly facts: DirectoryFacts;
  /** `fail` is `referralsHandling` throw, and follow where `followsReferrals` is not set. */
  readonly references: 'fail' | 'skip';
  readonly followsReferrals: boolean;
}

export interface SearchOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
  /** In pages, where the server has them: for searches that may find much, over a connection of their own. */
  readonly isPaged?: boolean;
}

const UNAVAILABLE_EXTENSION = 12;
const UNWILLING = 53;
const LIMITS: ReadonlySet<number> = new Set([4, 11]);
const REFERRAL = 10;
/** Servers that are gone through for one search, one referring to the next. */
const MAX_HOPS = 8;

/** Did the server give less than there is, because there is more than it gives at once? */
export function isSizeLimit(error: unknown): boolean {
  return error instanceof LdapFailure && LIMITS.has(error.result?.code ?? 0);
}

/** The entries of a search, batch by batch; those of other servers behind them. Ends normally only where everything was read. */
export async function* searchEntries(
  place: SearchPlace,
  connection: LdapConnection,
  query: SearchQuery,
  options: SearchOptions = {},
): AsyncGenerator<readonly LdapEntry[], void, undefined> {
  const open: { readonly urls: readonly string[]; readonly hops: number }[] = [];
  const visited = new Set<string>();
  const note = (urls: readonly string[], hops: number): void => {
    if (place.references === 'skip') return;
    if (!place.followsReferrals) throw elsewhere(urls, 'it was not read');
    const key = urls.join(' ').toLowerCase();
    if (!visited.has(key)) open.push({ urls, hops });
    visited.add(key);
  };
  yield* here(place, connection, query, options, (urls) => note(urls, 1));
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { urls, hops } = next;
    if (hops > MAX_HOPS) throw elsewhere(urls, `it was not read: ${MAX_HOPS} servers refer to one another`);
    const other = await referralOf(place.directory, urls, query, options.signal);
    try {
      yield* here(place, other.connection, other.query, options, (more) => note(more, hops + 1));
    } finally {
      other.connection.close();
    }
  }
}

/** What one server has. A referral instead of a result is one more part that is elsewhere. */
async function* here(
  place: SearchPlace,
  connection: LdapConnection,
  query: SearchQuery,
  options: SearchOptions,
  note: (urls: readonly string[]) => void,
): AsyncGenerator<readonly LdapEntry[], void, undefined> {
  try {
    const isPaged = options.isPaged === true && place.facts.hasPages;
    yield* isPaged
      ? inPages(place, connection, query, options, note)
      : entriesAndReferences(connection.search(query, requestOptions(options)), note);
  } catch (error) {
    const { code = 0, referrals = [] } = error instanceof LdapFailure ? (error.result ?? {}) : {};
    if (code !== REFERRAL || referrals.length === 0 || !place.followsReferrals) throw error;
    note(referrals);
  }
}

/** How pages are asked for: at most so many entries each, or none at all. */
interface Paging {
  readonly size: number;
  readonly isRefused: boolean;
}

/** With smaller pages where the server refuses them, and without any where it refuses all. What it takes is kept in mind. */
async function* inPages(
  { directory }: SearchPlace,
  connection: LdapConnection,
  query: SearchQuery,
  options: SearchOptions,
  note: (urls: readonly string[]) => void,
): AsyncGenerator<readonly LdapEntry[], void, undefined> {
  const { pageSize } = directory.settings;
  const asked = requestOptions(options);
  let paging: Paging | null = directory.paging.accepted ?? { size: pageSize, isRefused: false };
  while (paging !== null) {
    const { size, isRefused } = paging as Paging;
    const search: LdapSearch = isRefused
      ? connection.search(query, asked)
      : connection.pagedSearch(query, { ...asked, pageSize: size });
    let isBegun = false;
    try {
      for await (const entries of entriesAndReferences(search, note)) {
        isBegun ||= entries.length > 0;
        if (isBegun) accept(directory, { size, isRefused });
        yield entries;
      }
      return;
    } catch (error) {
      paging = isBegun ? null : easier({ size, isRefused }, error);
      if (paging === null) throw error;
    }
  }
}

/** What to try next; null: nothing. */
function easier({ size, isRefused }: Paging, error: unknown): Paging | null {
  if (isRefused || !(error instanceof LdapFailure)) return null;
  if (isSizeLimit(error) && size > 1) return { size: Math.floor(size / 2), isRefused: false };
  const isOut = isSizeLimit(error) || [UNAVAILABLE_EXTENSION, UNWILLING].includes(error.result?.code ?? 0);
  return isOut ? { size, isRefused: true } : null;
}

function accept({ paging, settings, system, log }: Directory, accepted: Paging): void {
  const { size, isRefused } = accepted;
  const isNews = paging.accepted?.size !== size || paging.accepted.isRefused !== isRefused;
  paging.accepted = accepted;
  if (!isNews || (size === settings.pageSize && !isRefused)) return;
  const how = isRefused
    ? 'gives no pages: everything is asked for at once'
    : `gives no larger pages than ${size} entries`;
  log.write('warn', `${system}: the server ${how} ("blockSize" is ${settings.pageSize})`);
}

function requestOptions({ signal, timeoutMs }: SearchOptions): { signal: AbortSignal | undefined; timeoutMs?: number } {
  return { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

async function* entriesAndReferences(
  search: LdapSearch,
  note: (urls: readonly string[]) => void,
): AsyncGenerator<readonly LdapEntry[], void, undefined> {
  for await (const items of search) {
    const entries: LdapEntry[] = [];
    for (const item of items) {
      if (item.kind === 'entry') entries.push(item);
      else if (item.kind === 'reference') note(item.urls);
    }
    yield entries;
  }
}

/** A read that a limit of the server ended, with what to do about it. */
export function withRemedy(path: string, error: unknown): unknown {
  if (!(error instanceof LdapFailure) || error.result === null) return error;
  const remedy = REMEDIES[error.result.code];
  if (remedy === undefined) return error;
  const { retryable, message } = error;
  return new Failure('incomplete-read', `${path}: ${message}; ${remedy}`, { retryable, cause: error });
}

const LIMIT_REMEDY = 'raise the limit that the server has for this account, or lower "blockSize"';
const REMEDIES: Readonly<Record<number, string>> = {
  3: 'raise the time limit that the server has for this account, or give it an index for the filter',
  4: LIMIT_REMEDY,
  10: 'set "host" to the server that has it, or "referralsHandling" to follow or ignore',
  11: LIMIT_REMEDY,
};
