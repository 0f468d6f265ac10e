import { Failure } from '../../../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../base/json.ts';
import { mergeIterables } from '../../../base/merge-iterables.ts';
import type { ChangeFeed, FeedPage, FeedRequest, Remember } from '../../../model/change-feed.ts';
import type { LdapConnection } from '../../../ldap/client/ldap-connection.ts';
import type { LdapSearch, SearchItem } from '../../../ldap/client/ldap-search.ts';
import { readSyncDone, readSyncState, syncRequestControl } from '../../../ldap/controls/sync-request.ts';
import { LdapFailure } from '../../../ldap/ldap-failure.ts';
import { containersAround } from './containers.ts';
import { EntryMemory, newMemory, type ToldEntry } from './entry-memory.ts';
import { feedPage, type ReadChange } from './feed-page.ts';
import { expired, feedAttributes, type FeedScope } from './feed-scope.ts';
import { entryId } from '../read-entry.ts';
import { refreshReader, type RefreshReader } from './refresh-reader.ts';
import { idOfUuid } from './sync-uuids.ts';

const REFRESH_REQUIRED = 4096;
const UNWILLING = 53;

/** Cookies by base, in Base64. */
type Cookies = Readonly<Record<string, string>>;

/**
 * Content synchronization (RFC 4533): the server tells what differs from what it told last. The token holds the server's cookies. A
 * refresh has one token, at its end; what happens as it is watched has its own each time. Which entry has which id is remembered: a
 * server names entries by UUID. Where ids are no UUIDs, nothing can be told without that memory (`expired`).
 */
export function contentSyncFeed(scope: FeedScope): ChangeFeed {
  return {
    nativeType: 'object',
    latest: async (signal, remember) => tokenOf(await startCookies(scope, signal, remember)),
    changes: (after, request) => refresh(scope, after, request),
    watch: (after, request) => watch(scope, after, request),
  };
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
async function startCookies(scope: FeedScope, signal?: AbortSignal, remember?: Remember): Promise<Cookies> {
  const cookies: Record<string, string> = {};
  const memory = newMemory(scope, remember);
  const toldOf = entryNames(scope);
  for (const base of scope.bases) {
    const connection = await scope.directory.connections.own(signal);
    try {
      const search = start(scope, connection, base, { mode: 'refreshOnly', cookie: null, purpose: 'names' }, signal);
      for await (const items of search) await memory.take(items.flatMap(toldOf));
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
  await memory.complete();
  return cookies;
}

function entryNames(scope: FeedScope): (item: SearchItem) => readonly ToldEntry[] {
  const containers = containersAround(scope);
  const idOf = idOfUuid(scope);
  return (item) => {
    const sync = item.kind === 'entry' ? readSyncState(item.controls) : null;
    if (item.kind !== 'entry' || sync === null) return [];
    const uuid = sync.uuid.toString('hex');
    const isPlace = containers?.isContainer(item) === true;
    const id = isPlace && !containers!.isOfScope(item) ? null : (idOf?.(uuid) ?? entryId(item, scope.uidAttribute));
    return [...(id === null ? [] : [{ uuid, id }]), ...(isPlace ? [{ uuid, id: null, place: item.dn }] : [])];
  };
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

/** One walk, under all bases. */
interface Walk {
  readonly scope: FeedScope;
  readonly memory: EntryMemory;
  readonly request: FeedRequest;
  cookies: Cookies;
}

/** Part of what a base has to tell. `cookie` null: it leads nowhere yet. */
interface Part {
  readonly base: string;
  readonly taken: readonly ReadChange[];
  readonly cookie: string | null;
}

async function openWalk(scope: FeedScope, after: Json, request: FeedRequest): Promise<Walk> {
  const cookies = cookiesOf(scope, after);
  return { scope, request, cookies, memory: await EntryMemory.open(scope, request.memory) };
}

async function* refresh(scope: FeedScope, after: Json, request: FeedRequest): AsyncIterable<FeedPage> {
  const walk = await openWalk(scope, after, request);
  for (const base of scope.bases) for await (const part of refreshPart(walk, base)) yield* pageOf(walk, part);
}

async function* refreshPart(walk: Walk, base: string): AsyncGenerator<Part, void, undefined> {
  const { scope, memory, request } = walk;
  const cookie = walk.cookies[base]!;
  const connection = await scope.directory.connections.own(request.signal);
  const reader = refreshReader(scope, memory, request.signal);
  const telling: Telling = { reader, base, pageSize: request.pageSize };
  try {
    const search = start(scope, connection, base, { mode: 'refreshOnly', cookie, purpose: 'objects' }, request.signal);
    for await (const items of search) for await (const _ of reader.read(items)) yield* told(telling, null);
    const done = readSyncDone(search.result.controls);
    for await (const _ of reader.finish(done?.refreshDeletes ?? true)) yield* told(telling, null);
    yield* told(telling, nextCookie(scope, done?.cookie ?? null) ?? cookie);
  } catch (error) {
    throw syncFailure(scope, error);
  } finally {
    connection.close();
  }
}

interface Telling {
  readonly reader: RefreshReader;
  readonly base: string;
  readonly pageSize: number;
}

/** What is gathered, in parts. `next` null: only full ones, which lead nowhere yet; otherwise all of it, and the last part leads there. */
function* told({ reader, base, pageSize }: Telling, next: string | null): Generator<Part, void, undefined> {
  const keep = next === null ? pageSize - 1 : pageSize;
  while (reader.waiting > keep) yield { base, taken: reader.take(pageSize), cookie: null };
  if (next !== null) yield { base, taken: reader.take(pageSize), cookie: next };
}

function* pageOf(walk: Walk, { base, taken, cookie }: Part): Generator<FeedPage, void, undefined> {
  const isNews = cookie !== null && cookie !== walk.cookies[base];
  if (taken.length === 0 && !isNews) return;
  if (cookie !== null) walk.cookies = { ...walk.cookies, [base]: cookie };
  yield* feedPage(walk.memory, taken, tokenOf(walk.cookies));
}

/** An empty cookie is what a server gives that did not understand ours, and told everything as if it were a difference. */
function nextCookie(scope: FeedScope, cookie: Buffer | null): string | null {
  if (cookie === null) return null;
  if (cookie.length === 0) throw expired(scope, 'the server did not recognize the token');
  return cookie.toString('base64');
}

async function* watch(
  scope: FeedScope,
  after: Json,
  request: FeedRequest & { readonly signal: AbortSignal },
): AsyncIterable<FeedPage> {
  const { signal } = request;
  try {
    const walk = await openWalk(scope, after, request);
    const open = (inner: AbortSignal): readonly AsyncIterable<Part>[] =>
      scope.bases.map((base) => watchPart({ ...walk, request: { ...request, signal: inner } }, base));
    for await (const part of mergeIterables(open, signal)) yield* pageOf(walk, part);
  } catch (error) {
    if (!signal.aborted) throw syncFailure(scope, error);
  }
}

async function* watchPart(
  { scope, memory, request, cookies }: Walk,
  base: string,
): AsyncGenerator<Part, void, undefined> {
  const { signal } = request;
  const reader = refreshReader(scope, memory, signal);
  const telling: Telling = { reader, base, pageSize: request.pageSize };
  let cookie = cookies[base]!;
  const connection = await scope.directory.connections.own(signal);
  try {
    const search = start(scope, connection, base, { mode: 'refreshAndPersist', cookie, purpose: 'objects' }, signal);
    for await (const items of search) {
      for await (const _ of reader.read(items)) yield* told(telling, null);
      if (reader.isRefreshing) continue;
      cookie = nextCookie(scope, reader.cookie) ?? cookie;
      yield* told(telling, cookie);
    }
    throw new Failure('incomplete-read', `${scope.path}: the server has ended the search for changes`, {
      retryable: true,
    });
  } finally {
    connection.close();
  }
}

function syncFailure(scope: FeedScope, error: unknown): unknown {
  if (!(error instanceof LdapFailure)) return error;
  const code = error.result?.code ?? 0;
  if (code === REFRESH_REQUIRED || code === UNWILLING)
    return expired(scope, `the server cannot go on from the token (${error.message})`);
  return error;
}
