import { Failure } from '../../../base/failure.ts';
import type { Json } from '../../../base/json.ts';
import type { ChangeFeed, FeedChange, FeedNote, FeedPage, FeedRequest, Remember } from '../../../model/change-feed.ts';
import { entriesOf } from '../../../ldap/client/entries-of.ts';
import type { LdapConnection } from '../../../ldap/client/ldap-connection.ts';
import { PERSISTENT_SEARCH, persistentSearchControl } from '../../../ldap/controls/persistent-search.ts';
import { LdapFailure } from '../../../ldap/ldap-failure.ts';
import { LOG_ATTRIBUTES, readLoggedChange, type LoggedChange } from './change-log-entry.ts';
import { changesOf } from './change-log-changes.ts';
import { expired, type FeedScope } from './feed-scope.ts';
import { watchByWakeUp } from './wake-up-watch.ts';

const UNREADABLE =
  "Unable to locate the DS replication change log suffix. Please make sure it's enabled, and changelog-read access is granted.";

interface LogRange {
  readonly base: string;
  /** Number of the first entry that is kept. */
  readonly first: number;
  readonly last: number;
}

/**
 * The change log of Sun's line of servers: numbered changes with the names of their entries, which are then read. Tokens are integers. A
 * token that the log no longer reaches back to, or that is ahead of it, is `expired`; so is one whose change is another one now, because the
 * server was restored: what the last change handled was is remembered.
 */
export function changeLogFeed(scope: FeedScope): ChangeFeed {
  const feed: ChangeFeed = {
    nativeType: 'integer',
    latest: (signal, remember) => latest(scope, signal, remember),
    changes: (after, request) => changesAfter(scope, after, request),
  };
  const canWatch = scope.facts.rootDse.supportedControls.has(PERSISTENT_SEARCH);
  return canWatch ? { ...feed, watch: (after, request) => watch(scope, after, request) } : feed;
}

async function latest(scope: FeedScope, signal?: AbortSignal, remember?: Remember): Promise<Json> {
  const range = await logRange(scope, signal);
  if (remember !== undefined) await remember(notesOf(await readLog(scope, range, range.last, range.last, signal)));
  return range.last;
}

const LAST = 'log/last';

/** What is remembered of the last of these. */
function notesOf(logged: readonly LoggedChange[]): readonly FeedNote[] {
  const last = logged.at(-1);
  return last === undefined ? [] : [{ key: LAST, value: identityOf(last) }];
}

function identityOf({ number, type, dn, ids, time }: LoggedChange): string {
  return [number, time, type, dn, ...ids.values()].join(' ');
}

/** A log that has another change under the number of the last one that was handled is another log. */
async function ensureSameLog(
  scope: FeedScope,
  range: LogRange,
  at: number,
  { memory, signal }: FeedRequest,
): Promise<void> {
  const kept = (await memory?.read([LAST]))?.get(LAST);
  const number = Number(kept?.split(' ')[0] ?? Number.NaN);
  if (!Number.isSafeInteger(number) || number > at || number < range.first) return;
  const [present] = await readLog(scope, range, number, number, signal);
  if (present !== undefined && identityOf(present) !== kept)
    throw expired(scope, `change ${number} of the change log is not the one that was handled: the server was set back`);
}

/** Rejects with `denied` where the log is not there, or may not be read. */
async function logRange({ directory, facts }: FeedScope, signal?: AbortSignal): Promise<LogRange> {
  const base = facts.rootDse.changeLog ?? 'cn=changelog';
  const names = ['firstChangeNumber', 'lastChangeNumber'];
  const dse = await directory.read((connection) => connection.read('', names, { signal }), signal);
  const [first, last] = names.map((name) => Number(dse?.text(name) ?? Number.NaN));
  if (!Number.isSafeInteger(last) || !(await isReadable(directory, base, signal)))
    throw new Failure('denied', UNREADABLE);
  return { base, first: Number.isSafeInteger(first) ? first! : 0, last: last! };
}

async function isReadable(directory: FeedScope['directory'], base: string, signal?: AbortSignal): Promise<boolean> {
  try {
    return (await directory.read((connection) => connection.read(base, ['1.1'], { signal }), signal)) !== null;
  } catch (error) {
    if (error instanceof LdapFailure && error.code === 'denied') return false;
    throw error;
  }
}

async function* changesAfter(
  scope: FeedScope,
  after: Json,
  request: FeedRequest,
): AsyncGenerator<FeedPage, void, undefined> {
  const { signal } = request;
  const range = await logRange(scope, signal);
  let at = startOf(scope, after, range);
  await ensureSameLog(scope, range, at, request);
  const size = Math.max(1, Math.min(scope.directory.settings.sync.changeLogBlockSize, request.pageSize));
  if (at >= range.last) {
    if (at !== after) yield { changes: [], token: at, isResumable: true };
    return;
  }
  while (at < range.last) {
    const end = Math.min(at + size, range.last);
    const logged = await readLog(scope, range, at + 1, end, signal);
    if (logged.length === 0 && end === range.last) await ensureVisible(scope, range, signal);
    yield* pagesOf(await changesOf(scope, logged, signal), end, { pageSize: request.pageSize, notes: notesOf(logged) });
    at = end;
  }
}

/** Some changes bring others along (what is below a renamed entry), so that there may be more than a page. */
function* pagesOf(
  changes: readonly FeedChange[],
  end: number,
  { pageSize, notes }: { readonly pageSize: number; readonly notes: readonly FeedNote[] },
): Generator<FeedPage, void, undefined> {
  for (let from = 0; from === 0 || from < changes.length; from += pageSize) {
    const part = changes.slice(from, from + pageSize);
    const isLast = from + pageSize >= changes.length;
    yield { changes: part, token: isLast ? end : part.at(-1)!.token, isResumable: true, notes: isLast ? notes : [] };
  }
}

function startOf(scope: FeedScope, after: Json, { first, last }: LogRange): number {
  if (after === null) return first - 1;
  if (typeof after !== 'number' || !Number.isSafeInteger(after))
    throw expired(scope, 'the token is none of a directory with a change log');
  if (after > last) {
    const { resetSyncToken } = scope.directory.settings.sync;
    if (resetSyncToken === 'first') return first - 1;
    if (resetSyncToken === 'last') return last;
    throw expired(scope, `the token ${after} is ahead of the change log, which ends with ${last}`);
  }
  if (after + 1 < first) throw expired(scope, `the change log begins with ${first}, behind the token ${after}`);
  return after;
}

async function readLog(
  { directory }: FeedScope,
  { base }: LogRange,
  from: number,
  to: number,
  signal?: AbortSignal,
): Promise<readonly LoggedChange[]> {
  const { changeNumberAttribute: name, attributes } = { ...directory.settings.sync, attributes: LOG_ATTRIBUTES };
  const filter = `(&(${name}>=${from})(${name}<=${to}))`;
  const query = { base, scope: 'one', filter, attributes: [name, ...attributes] } as const;
  const found = await directory.read(async (connection: LdapConnection) => {
    const changes: LoggedChange[] = [];
    for await (const entries of entriesOf(connection.search(query, { signal })))
      for (const entry of entries) {
        const change = readLoggedChange(entry, name);
        if (change !== null) changes.push(change);
      }
    return changes;
  }, signal);
  return found.sort((a, b) => a.number - b.number);
}

/** A log that shows nothing although it goes on is one that may not be read. */
async function ensureVisible({ directory }: FeedScope, { base, last }: LogRange, signal?: AbortSignal): Promise<void> {
  const dn = `${directory.settings.sync.changeNumberAttribute}=${last},${base}`;
  const entry = await directory.read((connection) => connection.read(dn, ['1.1'], { signal }), signal);
  if (entry === null) throw new Failure('denied', UNREADABLE);
}

/** A search that goes on says when the log has grown; what has grown is then read as always. */
async function* watch(
  scope: FeedScope,
  after: Json,
  request: FeedRequest & { readonly signal: AbortSignal },
): AsyncGenerator<FeedPage, void, undefined> {
  const { signal } = request;
  const { base } = await logRange(scope, signal);
  const controls = [persistentSearchControl(true, ['add'])];
  yield* watchByWakeUp(scope, {
    after,
    signal,
    searches: (connection) => [
      connection.search({ base, scope: 'one', attributes: ['1.1'] }, { controls, timeoutMs: 0, signal }),
    ],
    changes: (token) => changesAfter(scope, token, request),
  });
}
