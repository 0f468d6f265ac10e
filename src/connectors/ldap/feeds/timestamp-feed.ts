import { systemClock } from '../../../base/clock.ts';
import type { Json } from '../../../base/json.ts';
import type { ChangeFeed, FeedChange, FeedPage, FeedRequest } from '../../../model/change-feed.ts';
import type { LdapEntry } from '../../../ldap/codec/ldap-entry.ts';
import { allOf, anyOf, type Filter } from '../../../ldap/filter/filter.ts';
import {
  changed,
  expired,
  feedAttributes,
  isLeftOut,
  isTold,
  modifierOf,
  unread,
  type FeedScope,
} from './feed-scope.ts';
import { entriesIn } from '../ldap-scan.ts';
import { readRows } from '../ldap-scope.ts';
import { isFault } from '../read-entry.ts';

/** Clocks of two computers differ, and writes take their time: the first token lies so far back. */
const OVERLAP_MS = 60_000;

/**
 * What was created or modified since a time, by the directory's own timestamps: for servers that offer nothing better. Deletes are not
 * told, and neither is what an entry was called before. Times have whole seconds, so the last one is told again. Tokens are texts,
 * `yyyyMMddHHmmssZ` (Active Directory: `yyyyMMddHHmmss.0Z`).
 */
export function timestampFeed(scope: FeedScope): ChangeFeed {
  return {
    nativeType: 'string',
    latest: async () => timeText(scope, new Date(systemClock.nowMs() - OVERLAP_MS)),
    changes: (after, request) => changes(scope, after, request),
  };
}

async function* changes(scope: FeedScope, after: Json, request: FeedRequest): AsyncIterable<FeedPage> {
  const since = typeof after === 'string' ? normalized(after) : null;
  if (since === null) throw expired(scope, 'the token is no time of a directory');
  const token = timeOf(scope, since);
  const connection = await scope.directory.connections.own(request.signal);
  const question = {
    filter: allOf(scope.filter, changedSince(scope, token)),
    attributes: feedAttributes(scope, ...timesOf(scope)),
    compiled: null,
    isChecked: false,
  };
  let newest = since;
  let waiting: FeedChange[] = [];
  try {
    for await (const entries of entriesIn(scope, connection, question, request, scope.bases)) {
      for (const entry of entries) newest = later(scope, newest, entry);
      waiting.push(...(await changesOf(scope, entries, token, request.signal)));
      while (waiting.length > request.pageSize) {
        yield { changes: waiting.slice(0, request.pageSize), token, isResumable: false };
        waiting = waiting.slice(request.pageSize);
      }
    }
  } finally {
    connection.close();
  }
  yield { changes: waiting, token: timeOf(scope, newest), isResumable: false };
}

async function changesOf(
  scope: FeedScope,
  entries: readonly LdapEntry[],
  token: string,
  signal?: AbortSignal,
): Promise<readonly FeedChange[]> {
  const told = entries.filter((entry) => !isLeftOut(scope, modifierOf(entry)));
  return (await readRows(scope, told, signal)).flatMap((row) => {
    if (!isFault(row)) return [changed('createOrUpdate', row, null, token)];
    return isTold(scope, row) ? [unread('createOrUpdate', row.id, null, token)] : [];
  });
}

/** Active Directory does not search for the standard ones. */
function timesOf({ facts }: FeedScope): readonly string[] {
  return facts.isActiveDirectory ? ['whenChanged', 'whenCreated'] : ['modifyTimestamp', 'createTimestamp'];
}

function changedSince(scope: FeedScope, time: string): Filter {
  const from = (attribute: string): Filter => ({ kind: 'greaterOrEqual', attribute, value: time });
  return anyOf(...timesOf(scope).map(from));
}

/** Fourteen digits, in UTC; null for what is no time in UTC. */
function normalized(text: string): string | null {
  const match = /^(\d{14})(?:[.,]\d+)?Z$/.exec(text);
  return match === null ? null : match[1]!;
}

function later(scope: FeedScope, newest: string, entry: LdapEntry): string {
  const times = timesOf(scope).map((name) => normalized(entry.text(name) ?? ''));
  return times.reduce<string>((a, b) => (b !== null && b > a ? b : a), newest);
}

function timeOf({ facts }: FeedScope, digits: string): string {
  return facts.isActiveDirectory ? `${digits}.0Z` : `${digits}Z`;
}

function timeText(scope: FeedScope, time: Date): string {
  return timeOf(
    scope,
    time
      .toISOString()
      .replaceAll(/[^0-9]/g, '')
      .slice(0, 14),
  );
}
