import { Failure } from '../../../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../../base/json.ts';
import type { ChangeFeed, FeedPage, FeedRequest } from '../../../model/change-feed.ts';
import type { LdapConnection } from '../../../ldap/client/ldap-connection.ts';
import type { LdapSearch } from '../../../ldap/client/ldap-search.ts';
import { DIR_SYNC_FLAGS, dirSyncControl, readDirSync, type DirSyncResult } from '../../../ldap/controls/dir-sync.ts';
import { EVERY_ENTRY, type Filter } from '../../../ldap/filter/filter.ts';
import { LdapFailure } from '../../../ldap/ldap-failure.ts';
import {
  contextsOf,
  controllerState,
  notifying,
  PageBuilder,
  refuseSetBack,
  rememberAll,
  type ControllerState,
} from './active-directory-walk.ts';
import { containersAround } from './containers.ts';
import type { Directory, DirectoryFacts } from '../directory.ts';
import { EntryMemory } from './entry-memory.ts';
import { expired, type FeedScope } from './feed-scope.ts';
import { filterAttributes } from './filter-attributes.ts';
import { touchFilter, toldOfTouched, touchOf, type Touch } from './touched-entries.ts';

const UNAVAILABLE = 12;
const INSUFFICIENT_RIGHTS = 50;
const UNWILLING = 53;
const MAX_BYTES = 1024 * 1024;
const NOTHING: Filter = { kind: 'not', filter: EVERY_ENTRY };

/**
 * Active Directory's own way to tell changes ([MS-ADTS] 3.1.1.3.4.1.3): which entries of a naming context have changed in what is asked
 * for, deleted ones included. They are read as they are now. The token holds the server's cookies by naming context; one that
 * the server does not take is `expired`, and so is one of a domain controller that was set back.
 */
export function dirSyncFeed(scope: FeedScope, flags: number): ChangeFeed {
  return notifying(scope, {
    nativeType: 'object',
    latest: async (signal, remember) => {
      const controller = await controllerState(scope, signal);
      const cookies: Record<string, string> = {};
      for (const context of contextsOf(scope) ?? [])
        cookies[context] = await presentCookie(scope, context, flags, signal);
      await rememberAll(scope, signal, remember);
      return { cookies, ...controller };
    },
    changes: (after, request) => changes(scope, flags, after, request),
  });
}

export type DirSyncOffer =
  | { readonly ok: true; readonly flags: number }
  /** `isNews`: it was not said before. */
  | { readonly ok: false; readonly why: string; readonly isNews: boolean };

const offers = new WeakMap<DirectoryFacts, Map<string, DirSyncOffer>>();

/** Whether the account may use it: with the right to replicate, else for what it may see. */
export async function dirSyncOffer(scope: FeedScope, signal?: AbortSignal): Promise<DirSyncOffer> {
  const { directory, facts, bases } = scope;
  const known = offers.get(facts) ?? new Map<string, DirSyncOffer>();
  offers.set(facts, known);
  const key = JSON.stringify(bases);
  const offer = known.get(key);
  if (offer !== undefined) return offer.ok ? offer : { ...offer, isNews: false };
  const found = await tryDirSync(directory, contextsOf(scope), signal);
  known.set(key, found);
  return found;
}

async function tryDirSync(
  directory: Directory,
  contexts: readonly string[] | null,
  signal?: AbortSignal,
): Promise<DirSyncOffer> {
  if (contexts === null) return { ok: false, why: 'a base context is in no naming context', isNews: true };
  let why = '';
  for (const flags of [0, DIR_SYNC_FLAGS.objectSecurity])
    try {
      for (const context of contexts)
        await directory.read(async (connection) => {
          const question = { context, flags, cookie: Buffer.alloc(0), filter: NOTHING, attributes: ['objectGUID'] };
          for await (const _ of search(connection, question, signal));
        }, signal);
      return { ok: true, flags };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      why = error.message;
    }
  return { ok: false, why, isNews: true };
}

function isRefusal(error: unknown): error is LdapFailure {
  return (
    error instanceof LdapFailure && [UNAVAILABLE, INSUFFICIENT_RIGHTS, UNWILLING].includes(error.result?.code ?? 0)
  );
}

interface DirSyncQuestion {
  readonly context: string;
  readonly flags: number;
  readonly cookie: Buffer;
  readonly filter: Filter;
  readonly attributes: readonly string[];
}

function search(
  connection: LdapConnection,
  { context, flags, cookie, filter, attributes }: DirSyncQuestion,
  signal?: AbortSignal,
): LdapSearch {
  const control = dirSyncControl({ flags, maxBytes: MAX_BYTES, cookie });
  // A server may think long about what has changed; a connection that is dead is noticed all the same.
  return connection.search({ base: context, filter, attributes }, { controls: [control], timeoutMs: 0, signal });
}

/** Asks for nothing from the beginning on: the cookie behind that is the present one. */
async function presentCookie(scope: FeedScope, context: string, flags: number, signal?: AbortSignal): Promise<string> {
  const connection = await scope.directory.connections.own(signal);
  try {
    let cookie: Buffer = Buffer.alloc(0);
    for (let hasMore = true; hasMore;) {
      const asked = search(connection, { context, flags, cookie, filter: NOTHING, attributes: ['objectGUID'] }, signal);
      for await (const _ of asked);
      ({ hasMore, cookie } = resultOf(scope, asked, cookie));
    }
    return cookie.toString('base64');
  } finally {
    connection.close();
  }
}

/** Rejects where a server says that there is more, and stays where it is. */
function resultOf(scope: FeedScope, { result }: LdapSearch, before: Buffer): DirSyncResult {
  const next = readDirSync(result.controls);
  if (next === null || next.cookie.length === 0 || (next.hasMore && next.cookie.equals(before)))
    throw new Failure('incomplete-read', `${scope.path}: the server gives no cookie to go on with`);
  return next;
}

interface DirSyncToken extends ControllerState {
  readonly cookies: Readonly<Record<string, string>>;
}

async function* changes(scope: FeedScope, flags: number, after: Json, request: FeedRequest): AsyncIterable<FeedPage> {
  const { signal } = request;
  let held = tokenOf(scope, after);
  const now = await controllerState(scope, signal);
  refuseSetBack(scope, held, now);
  if (now.server === held.server && now.usn === held.usn) return;
  const memory = await EntryMemory.open(scope, request.memory);
  const pages = new PageBuilder(memory, request.pageSize);
  const [filter, attributes] = [touchFilter(scope, containersAround(scope)), attributesOf(scope)];
  const contexts = Object.keys(held.cookies);
  for (const context of contexts) {
    const connection = await scope.directory.connections.own(signal);
    try {
      for (let hasMore = true; hasMore;) {
        const cookie = Buffer.from(held.cookies[context]!, 'base64');
        const asked = search(connection, { context, flags, cookie, filter, attributes }, signal);
        for await (const touches of touchesOf(asked))
          for await (const told of toldOfTouched({ scope, memory, signal }, touches))
            yield* pages.add(told, { ...held });
        const result = resultOf(scope, asked, cookie);
        hasMore = result.hasMore;
        const cookies = { ...held.cookies, [context]: result.cookie.toString('base64') };
        const isLast = !hasMore && context === contexts.at(-1);
        // Numbers of the controller only say whether it was set back.
        const next = { ...held, cookies, ...(isLast ? now : {}) };
        if (!pages.isEmpty || isLast) yield* pages.end({ ...held }, { ...next });
        held = next;
      }
    } catch (error) {
      throw isRefusal(error) ? expired(scope, `the server does not take the token (${error.message})`) : error;
    } finally {
      connection.close();
    }
  }
}

async function* touchesOf(asked: LdapSearch): AsyncGenerator<readonly Touch[], void, undefined> {
  for await (const items of asked) yield items.flatMap((item) => (item.kind === 'entry' ? [touchOf(item)] : []));
}

/** Only what is asked for counts as changed. Renames and moves are changes of `name` and `parentGUID`. */
function attributesOf(scope: FeedScope): readonly string[] {
  const { plan, directory, filter } = scope;
  const { attributes } = directory.settings.sync;
  const wanted = attributes.length > 0 ? attributes : plan.wanted.filter((name) => name !== '1.1');
  const own = ['objectGUID', 'name', 'parentGUID', 'isDeleted', 'objectClass'];
  return [...new Set([...own, ...wanted, ...filterAttributes(filter)])];
}

function tokenOf(scope: FeedScope, token: Json): DirSyncToken {
  const cookies = isJsonObject(token) ? token['cookies'] : undefined;
  if (!isJsonObject(token) || !isJsonObject(cookies) || !/^\d{1,19}$/.test(String(token['usn'])))
    throw expired(scope, 'the token is none of DirSync');
  const missing = (contextsOf(scope) ?? []).find((context) => typeof cookies[context] !== 'string');
  if (missing !== undefined) throw expired(scope, `the token says nothing of changes under "${missing}"`);
  const wanted = (contextsOf(scope) ?? []).map((context) => [context, String(cookies[context])]);
  const { server, invocation, usn } = token;
  return {
    cookies: Object.fromEntries(wanted) as Record<string, string>,
    server: typeof server === 'string' ? server : '',
    invocation: typeof invocation === 'string' ? invocation : '',
    usn: String(usn),
  } satisfies DirSyncToken & JsonObject;
}
