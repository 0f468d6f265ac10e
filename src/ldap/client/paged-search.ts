import { Failure } from '../../base/failure.ts';
import type { LdapControl, SearchOperation } from '../codec/message.ts';
import { pagedResultsControl, readPagedResults } from '../controls/paged-results.ts';
import { LdapFailure } from '../ldap-failure.ts';
import type { Channel } from './channel.ts';
import { describeOperation } from './describe-operation.ts';
import { exchange } from './exchange.ts';
import { LdapSearch, type SearchSettings } from './ldap-search.ts';

/** Servers may give empty pages, but not endlessly. */
const MAX_EMPTY_PAGES = 10_000;
const FORGET_MS = 5000;

/** Whether a paged search goes on over a connection: servers keep one at a time, and the first one would lose its place. */
export interface PagingState {
  isBusy: boolean;
}

export interface PagedSettings {
  readonly pageSize: number;
  readonly state: PagingState;
}

/**
 * A search in pages (RFC 2696) that looks like one search. The next page is asked for as soon as the last one has ended. Only an empty
 * cookie ends it. Left early, it tells the server to forget its place before the loop is left.
 */
export function pagedSearch(
  channel: Channel,
  operation: SearchOperation,
  settings: SearchSettings,
  { pageSize, state }: PagedSettings,
): LdapSearch {
  if (!Number.isInteger(pageSize) || pageSize < 1) throw new Failure('bad-request', `a page of ${pageSize} entries`);
  const others = settings.controls;
  let cookie: Buffer = Buffer.alloc(0);
  let emptyPages = 0;
  return new LdapSearch(channel, operation, {
    ...settings,
    controls: [...others, pagedResultsControl(pageSize)],
    onStart: () => {
      if (state.isBusy) throw busy(operation);
      state.isBusy = true;
    },
    followUp: (result, pageCount) => {
      const next = readPagedResults(result.controls)?.cookie ?? Buffer.alloc(0);
      emptyPages = pageCount === 0 ? emptyPages + 1 : 0;
      if (emptyPages > MAX_EMPTY_PAGES) throw endless(operation);
      cookie = next;
      return next.length === 0 ? null : [...others, pagedResultsControl(pageSize, next)];
    },
    onEnd: async () => {
      if (cookie.length > 0) await forget(channel, operation, [...others, pagedResultsControl(0, cookie)]);
      state.isBusy = false;
    },
  });
}

/** A courtesy: what the server says to it does not matter, only that it has said it. Not waited for without end, whatever else goes on. */
async function forget(channel: Channel, operation: SearchOperation, controls: readonly LdapControl[]): Promise<void> {
  if (!channel.isOpen) return;
  await exchange(channel, operation, controls, { timeoutMs: 0, signal: AbortSignal.timeout(FORGET_MS) }).catch(
    () => {},
  );
}

function busy(operation: SearchOperation): Failure {
  const text = `${describeOperation(operation)} cannot begin: a paged search goes on over this connection; open another one`;
  return new Failure('conflict', text);
}

function endless(operation: SearchOperation): LdapFailure {
  const text = `${describeOperation(operation)} gave ${MAX_EMPTY_PAGES} empty pages and no end`;
  return new LdapFailure('protocol', 'incomplete-read', text);
}
