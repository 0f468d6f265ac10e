import { isJsonObject, type Json } from '../../../base/json.ts';
import type { ChangeFeed, FeedPage, FeedRequest } from '../../../model/change-feed.ts';
import { entriesOf } from '../../../ldap/client/entries-of.ts';
import { FLAG_CONTROLS, flagControl } from '../../../ldap/controls/plain-controls.ts';
import { allOf, type Filter } from '../../../ldap/filter/filter.ts';
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
import { EntryMemory } from './entry-memory.ts';
import type { ReadChange } from './feed-page.ts';
import { expired, type FeedScope } from './feed-scope.ts';
import { touchFilter, toldOfTouched, touchOf, type TouchedWalk } from './touched-entries.ts';

/**
 * Active Directory: what has an update sequence number above that of the token, deleted entries included. Tokens name the domain
 * controller, since every one counts for itself; that of another one is `expired`. A walk has one token, at its end. Where ids are
 * not GUIDs, nothing can be told without a memory (`expired`).
 */
export function usnFeed(scope: FeedScope): ChangeFeed {
  return notifying(scope, {
    nativeType: 'object',
    latest: async (signal, remember) => {
      const token = { ...(await controllerState(scope, signal)) };
      await rememberAll(scope, signal, remember);
      return token;
    },
    changes: (after, request) => changes(scope, after, request),
  });
}

async function* changes(scope: FeedScope, after: Json, request: FeedRequest): AsyncIterable<FeedPage> {
  const { signal } = request;
  const held = tokenOf(scope, after);
  // Read before the search: what comes meanwhile is told again.
  const next = await controllerState(scope, signal);
  if (next.server !== held.server)
    throw expired(scope, `the token is of the domain controller ${held.server}, not of ${next.server}`);
  refuseSetBack(scope, held, next);
  if (next.usn === held.usn) return;
  const memory = await EntryMemory.open(scope, request.memory);
  const pages = new PageBuilder(memory, request.pageSize);
  const walk: TouchedWalk = { scope, memory, signal };
  for await (const told of touchedSince(walk, BigInt(held.usn) + 1n)) yield* pages.add(told, after);
  yield* pages.end(after, { ...next });
}

async function* touchedSince(walk: TouchedWalk, usn: bigint): AsyncGenerator<readonly ReadChange[], void, undefined> {
  const { scope, signal } = walk;
  const since: Filter = { kind: 'greaterOrEqual', attribute: 'uSNChanged', value: String(usn) };
  const filter = allOf(since, touchFilter(scope, containersAround(scope)));
  const controls = [flagControl(FLAG_CONTROLS.showDeleted)];
  for (const base of contextsOf(scope) ?? scope.bases) {
    const connection = await scope.directory.connections.own(signal);
    try {
      const query = { base, filter, attributes: ['objectGUID', 'isDeleted'] };
      const { pageSize } = scope.directory.settings;
      const search = connection.pagedSearch(query, { controls, pageSize, signal });
      for await (const entries of entriesOf(search, { references: 'skip' }))
        yield* toldOfTouched(walk, entries.map(touchOf));
    } finally {
      connection.close();
    }
  }
}

function tokenOf(scope: FeedScope, token: Json): ControllerState {
  if (!isJsonObject(token) || typeof token['server'] !== 'string' || !/^\d{1,19}$/.test(String(token['usn'])))
    throw expired(scope, 'the token is none of update sequence numbers');
  const { server, invocation, usn } = token;
  return { server, invocation: typeof invocation === 'string' ? invocation : '', usn: String(usn) };
}
