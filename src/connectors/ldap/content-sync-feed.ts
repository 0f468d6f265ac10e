import { Failure } from '../../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import type { ChangeFeed, FeedPage, FeedRequest } from '../../model/change-feed.ts';
import type { LdapConnection } from '../../ldap/client/ldap-connection.ts';
import type { LdapSearch } from '../../ldap/client/ldap-search.ts';
import { readSyncDone, syncRequestControl } from '../../ldap/controls/sync-request.ts';
import { LdapFailure } from '../../ldap/ldap-failure.ts';
import { containersAround } from './containers.ts';
import type { EntryMemory } from './entry-memory.ts';
import { expired, feedAttributes, type FeedScope } from './feed-scope.ts';
import { refreshReader, type RefreshReader } from './refresh-reader.ts';

const REFRESH_REQUIRED = 4096;
const UNWILLING = 53;

/** Cookies by base, in Base64. */
type Cookies = Readonly<Record<string, string>>;

/**
 * Content synchronization (RFC 4533): the server tells what differs from what it told last. The token holds the server's cookies. A
 * refresh has one token, at its end; what happens as it is watched has its own each time.
 *
 * Where ids are no UUIDs, `memory` knows which entry had which. It is filled by `latest`, and does not outlive the process: the first
 * changes after a start are then `expired`.
 */
export function contentSyncFeed(scope: FeedScope, memory: EntryMemory): ChangeFeed {
  const feed: ChangeFeed = {
    nativeType: 'object',
    latest: async (signal) => tokenOf(await startCookies(scope, memory, signal)),
    changes: (after, request) => refresh(scope, memory, after, request),
  };
  return scope.bases.length > 1 ? feed : { ...feed, watch: (after, request) => watch(scope, memory, after, request) };
}

function tokenOf(cookies: Cookies): JsonObject {
  return { cookies };
}

function cookiesOf(scope: FeedScope, token: Json): Cookies {
  const cookies = isJsonObject(token) ? token['cookies'] : undefined;
  if (!isJsonObject(cookies)) throw expired(scope, 'the token is none of a directory with content synchronization');
  const missing = scope.bases.find((base) => typeof cookies[base] !== 'string' || cookies[base] === '');
  if (missing !== undefined) throw expired(scope, `the token says nothing of changes under "${missing}"`);
  return cookies as Record<string, string>;
}

/** Reads names and UUIDs of everything; the server tells the cookie behind that. */
async function startCookies(scope: FeedScope, memory: EntryMemory, signal?: AbortSignal): Promise<Cookies> {
  const cookies: Record<string, string> = {};
  const reader = refreshReader(scope, memory, 'names');
  memory.clear();
  for (const base of scope.bases) {
    const connection = await scope.directory.connections.own(signal);
    try {
      const search = start(scope, connection, base, { mode: 'refreshOnly', cookie: null, purpose: 'names' }, signal);
      for await (const items of search) await reader.read(items);
      const cookie = readSyncDone(search.result.controls)?.cookie ?? null;
      if (cookie === null || cookie.length === 0)
        throw new Failure('incomplete-read', `${scope.path}: the server gives no cookie for changes under "${base}"`);
      cookies[base] = cookie.toString('base64');
    } catch (error) {
      throw syncFailure(scope, error);
    } finally {
      connection.close();
    }
  }
  memory.put(reader.take(reader.waiting).flatMap(({ entries }) => entries));
  memory.complete(tokenOf(cookies));
  return cookies;
}

interface Mode {
  readonly mode: 'refreshOnly' | 'refreshAndPersist';
  readonly cookie: string | null;
  readonly purpose: 'names' | 'objects';
}

function start(
  scope: FeedScope,
  connection: LdapConnection,
  base: string,
  { mode, cookie, purpose }: Mode,
  signal?: AbortSignal,
): LdapSearch {
  const { uidAttribute } = scope;
  const names = uidAttribute === 'dn' ? ['objectClass'] : ['objectClass', uidAttribute];
  const attributes = purpose === 'names' ? names : feedAttributes(scope, 'objectClass');
  const control = syncRequestControl({ mode, cookie: cookie === null ? null : Buffer.from(cookie, 'base64') });
  const query = { base, filter: containersAround(scope)?.filter ?? scope.filter, attributes };
  // A server may think long about what has changed; a connection that is dead is noticed all the same.
  return connection.search(query, { controls: [control], timeoutMs: 0, signal });
}

async function* refresh(
  scope: FeedScope,
  memory: EntryMemory,
  after: Json,
  request: FeedRequest,
): AsyncIterable<FeedPage> {
  let cookies = cookiesOf(scope, after);
  memory.goOn(after);
  for (const base of scope.bases) {
    const connection = await scope.directory.connections.own(request.signal);
    const reader = refreshReader(scope, memory, 'objects', request.signal);
    const telling: Telling = { reader, memory, pageSize: request.pageSize };
    const held = tokenOf(cookies);
    try {
      const mode: Mode = { mode: 'refreshOnly', cookie: cookies[base]!, purpose: 'objects' };
      const search = start(scope, connection, base, mode, request.signal);
      for await (const items of search) {
        await reader.read(items);
        yield* told(telling, held, null);
      }
      const done = readSyncDone(search.result.controls);
      reader.finish(done?.refreshDeletes ?? true);
      cookies = withCookie(scope, cookies, base, done?.cookie ?? null);
    } catch (error) {
      throw syncFailure(scope, error);
    } finally {
      connection.close();
    }
    yield* told(telling, held, tokenOf(cookies));
  }
}

/**
 * What is gathered, in pages. `next` null: only full ones, which lead nowhere yet; otherwise all of it, and the last page leads there.
 */
function* told(
  { reader, memory, pageSize }: Telling,
  held: JsonObject,
  next: JsonObject | null,
): Generator<FeedPage, void, undefined> {
  const keep = next === null ? pageSize - 1 : pageSize;
  while (reader.waiting > keep) {
    yield page(reader, memory, pageSize, held);
    memory.handled();
  }
  if (next === null) return;
  yield page(reader, memory, pageSize, next);
  memory.handled();
}

interface Telling {
  readonly reader: RefreshReader;
  readonly memory: EntryMemory;
  readonly pageSize: number;
}

function page(reader: RefreshReader, memory: EntryMemory, pageSize: number, token: JsonObject): FeedPage {
  const taken = reader.take(pageSize);
  memory.telling(
    taken.flatMap(({ entries }) => entries),
    token,
  );
  const changes = taken.flatMap(({ change }) => (change === null ? [] : [{ ...change, token }]));
  return { changes, token, isResumable: false };
}

/** An empty cookie is what a server gives that did not understand ours, and told everything as if it were a difference. */
function withCookie(scope: FeedScope, cookies: Cookies, base: string, cookie: Buffer | null): Cookies {
  if (cookie === null) return cookies;
  if (cookie.length === 0) throw expired(scope, 'the server did not recognize the token');
  return { ...cookies, [base]: cookie.toString('base64') };
}

async function* watch(
  scope: FeedScope,
  memory: EntryMemory,
  after: Json,
  { signal, pageSize }: FeedRequest & { readonly signal: AbortSignal },
): AsyncIterable<FeedPage> {
  let cookies = cookiesOf(scope, after);
  memory.goOn(after);
  const base = scope.bases[0]!;
  const reader = refreshReader(scope, memory, 'objects', signal);
  const telling: Telling = { reader, memory, pageSize };
  try {
    const connection = await scope.directory.connections.own(signal);
    try {
      const mode: Mode = { mode: 'refreshAndPersist', cookie: cookies[base]!, purpose: 'objects' };
      const search = start(scope, connection, base, mode, signal);
      for await (const items of search) {
        await reader.read(items);
        if (reader.isRefreshing) {
          yield* told(telling, tokenOf(cookies), null);
          continue;
        }
        const next = withCookie(scope, cookies, base, reader.cookie);
        if (reader.waiting > 0 || next[base] !== cookies[base]) yield* told(telling, tokenOf(cookies), tokenOf(next));
        cookies = next;
      }
      throw new Failure('incomplete-read', `${scope.path}: the server has ended the search for changes`, {
        retryable: true,
      });
    } finally {
      connection.close();
    }
  } catch (error) {
    if (signal.aborted) return;
    throw syncFailure(scope, error);
  }
}

function syncFailure(scope: FeedScope, error: unknown): unknown {
  if (!(error instanceof LdapFailure)) return error;
  const code = error.result?.code ?? 0;
  if (code === REFRESH_REQUIRED || code === UNWILLING)
    return expired(scope, `the server cannot go on from the token (${error.message})`);
  return error;
}
