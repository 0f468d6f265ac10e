import { Failure } from '../../base/failure.ts';
import type { LdapConnection } from '../../ldap/client/ldap-connection.ts';
import { LdapFailure } from '../../ldap/ldap-failure.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import type { ScanPage, ScanRequest } from '../../model/object-set.ts';
import { questionOf, type LdapQuestion } from './ldap-question.ts';
import type { ReadyScope } from './ldap-scope.ts';
import { ScanPager } from './scan-pager.ts';
import { searchEntries, withRemedy } from './search-entries.ts';
import { placeOf, type Place } from './trail.ts';
import type { Walk, WalkKey } from './walk-keeper.ts';

/**
 * Every entry of the scope, in pages, over a connection of its own. A cursor says how many entries were read, and which. Going on behind
 * it, the search itself goes on where it is still open; otherwise everything is read again and what is known is passed over. Where
 * nobody remembers what was read, the same entries have to come in front: else the cursor is refused with `conflict`.
 */
export async function* scanEntries(
  scope: ReadyScope,
  request: ScanRequest,
  isTrusting: boolean,
): AsyncGenerator<ScanPage, void, undefined> {
  const question = questionOf(scope, request.query, isTrusting);
  const after = request.after === undefined || request.after === null ? null : placeOf(scope.path, request.after);
  const { walks } = scope.directory;
  const key: WalkKey = {
    question: JSON.stringify([scope.path, request.query ?? null, isTrusting]),
    pageSize: Math.max(1, request.pageSize),
  };
  let walk = (after === null ? null : walks.resume(key, after)) ?? scanWalk(scope, question, key, after);
  let isLeft = true;
  let last = after;
  try {
    for (let isFirst = true; ; isFirst = false) {
      isLeft = false;
      const next = await walk.next(request.signal).catch((error: unknown) => {
        if (last !== null) walks.remember(key.question, last, walk.trail);
        if (!isFirst || after === null || !isLost(error)) throw scanFailure(scope, error);
        walk.close();
        walk = scanWalk(scope, question, key, after);
        return walk.next(request.signal);
      });
      if (next.done === true) return;
      isLeft = !next.value.isLast;
      last = placeOf(scope.path, next.value.cursor);
      yield next.value;
    }
  } finally {
    if (isLeft && request.signal?.aborted !== true) walks.park(key, walk);
    else walk.close();
  }
}

/** A search that was kept open, and that the server has ended meanwhile. */
function isLost(error: unknown): boolean {
  return error instanceof LdapFailure && error.reason === 'lost';
}

function scanWalk(scope: ReadyScope, question: LdapQuestion, key: WalkKey, after: Place | null): Walk {
  const abort = new AbortController();
  const known = after === null ? null : scope.directory.walks.trailTo(key.question, after);
  const pager = new ScanPager(scope, question, { pageSize: key.pageSize, signal: abort.signal, after, known });
  const pages = pagesOf(scope, question, pager, abort.signal);
  return {
    trail: pager.trail,
    next: async (signal) => {
      signal?.throwIfAborted();
      const stop = (): void => abort.abort(signal?.reason);
      signal?.addEventListener('abort', stop, { once: true });
      try {
        return await pages.next();
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    },
    close: () => {
      abort.abort(new Failure('canceled', `${scope.path}: the scan was given up`));
      pages.return().catch(() => {});
    },
  };
}

async function* pagesOf(
  scope: ReadyScope,
  question: LdapQuestion,
  pager: ScanPager,
  signal: AbortSignal,
): AsyncGenerator<ScanPage, void, undefined> {
  if (question.filter !== null) {
    const connection = await scope.directory.connections.own(signal);
    try {
      for await (const entries of entriesIn(scope, connection, question, { signal })) yield* pager.take(entries);
    } finally {
      connection.close();
    }
  }
  signal.throwIfAborted();
  yield pager.last();
}

/** Every entry that is asked for, under the base contexts or these. */
export async function* entriesIn(
  scope: ReadyScope,
  connection: LdapConnection,
  { filter, attributes }: Pick<LdapQuestion, 'filter' | 'attributes'> & Partial<LdapQuestion>,
  { signal }: Pick<ScanRequest, 'signal'>,
  bases: readonly string[] = scope.directory.settings.baseContexts,
): AsyncGenerator<readonly LdapEntry[], void, undefined> {
  const timeoutMs = scope.directory.settings.timeouts.searchMs;
  for (const base of bases)
    yield* searchEntries(
      scope,
      connection,
      { base, filter: filter!, attributes },
      { signal, timeoutMs, isPaged: true },
    );
}

/** A base that is not there is no empty set. */
function scanFailure({ path, directory }: ReadyScope, error: unknown): unknown {
  if (!(error instanceof LdapFailure) || error.code !== 'not-found') return withRemedy(path, error);
  const bases = directory.settings.baseContexts.join(', ');
  return new Failure('incomplete-read', `${path}: ${error.message}; check "baseContexts" (${bases})`, { cause: error });
}
