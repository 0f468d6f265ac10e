import { setTimeout as sleepFor } from 'node:timers/promises';
import { Failure } from '../../../base/failure.ts';
import type { Json } from '../../../base/json.ts';
import type { FeedPage } from '../../../model/change-feed.ts';
import type { LdapConnection } from '../../../ldap/client/ldap-connection.ts';
import type { LdapSearch } from '../../../ldap/client/ldap-search.ts';
import { LdapFailure } from '../../../ldap/ldap-failure.ts';
import type { FeedScope } from './feed-scope.ts';

export interface WakeUpWatch {
  readonly after: Json;
  readonly signal: AbortSignal;
  /** Searches that go on, and give something whenever there is something to be asked for. */
  readonly searches: (connection: LdapConnection) => readonly LdapSearch[];
  /** What has changed since a token; its pages say how far that is. */
  readonly changes: (after: Json) => AsyncIterable<FeedPage>;
}

/**
 * Asked all the same, in doubling intervals: a server may say that there is something before it shows it, and nobody says from when on a
 * search is heard.
 */
const SHORTEST_QUIET_MS = 250;
const LONGEST_QUIET_MS = 30_000;
/** Where the server refuses to say it. */
const POLL_MS = 5000;

/** Results with which servers refuse such a search: 11, 12, 50, 51, 53. */
const REFUSED = new Set([11, 12, 50, 51, 53]);

/** Asks for changes whenever the server says that there are some. What happens before the first answer is not missed. */
export async function* watchByWakeUp(scope: FeedScope, watch: WakeUpWatch): AsyncGenerator<FeedPage, void, undefined> {
  const { signal, changes } = watch;
  let token = watch.after;
  try {
    const connection = await scope.directory.connections.own(signal);
    try {
      const alarm = openAlarm(scope, watch.searches(connection));
      while (true) {
        for await (const page of changes(token)) {
          yield page;
          token = page.token;
        }
        await alarm(signal);
      }
    } finally {
      connection.close();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Resolves when there may be something to ask for. Rejects as searches do, and where one has ended. */
function openAlarm(scope: FeedScope, searches: readonly LdapSearch[]): (signal: AbortSignal) => Promise<void> {
  let longestMs = LONGEST_QUIET_MS;
  let quietMs = SHORTEST_QUIET_MS;
  let isRinging = false;
  let failure: unknown = null;
  let wake = (): void => {};
  const ring = (): void => {
    isRinging = true;
    wake();
  };
  const listen = async (search: LdapSearch): Promise<void> => {
    try {
      for await (const _ of search) ring();
      throw new Failure('incomplete-read', `${scope.path}: the server has ended the search for changes`, {
        retryable: true,
      });
    } catch (error) {
      if (error instanceof LdapFailure && REFUSED.has(error.result?.code ?? 0)) {
        if (longestMs !== POLL_MS) tellPolling(scope, error.message);
        longestMs = POLL_MS;
      } else failure ??= error;
      ring();
    }
  };
  for (const search of searches) void listen(search);
  return async (signal) => {
    if (!isRinging) await wait(Math.min(quietMs, longestMs), signal, (woken) => (wake = woken));
    quietMs = isRinging ? SHORTEST_QUIET_MS : Math.min(2 * quietMs, LONGEST_QUIET_MS);
    if (failure !== null) throw failure;
    signal.throwIfAborted();
    isRinging = false;
  };
}

async function wait(ms: number, signal: AbortSignal, onWake: (wake: () => void) => void): Promise<void> {
  const early = new AbortController();
  onWake(() => early.abort());
  await sleepFor(ms, undefined, { signal: AbortSignal.any([signal, early.signal]) }).catch(() => {});
}

function tellPolling({ path, directory }: FeedScope, why: string): void {
  directory.log.write(
    'warn',
    `${path}: the server does not push changes (${why}); it is asked every ${POLL_MS / 1000} seconds`,
  );
}
