import { Failure } from '../../base/failure.ts';
import type { JsonObject } from '../../base/json.ts';
import { NO_MEMORY } from '../../live/retry-rule.ts';
import { stageAnswer } from '../../live/stage.ts';
import type { FeedPage, FeedRequest } from '../../model/change-feed.ts';
import { holdLease, ownerName, type HeldLease } from '../../recon/lease.ts';
import type { RequestContext } from '../../resource/context.ts';
import { openFeedMemory } from './feed-memory.ts';
import { openLiveBook } from './live-book.ts';
import { handlePage, type PageEnd } from './live-pages.ts';
import { replayLetters, type Replayed } from './live-replay.ts';
import { latestToken, resync, takeDownAll } from './live-resync.ts';
import type { LivePorts, LiveRun } from './live-run.ts';
import { liveSource, openFeed, type LiveSource } from './live-source.ts';
import type { Lockstep } from '../lockstep.ts';
import { openShadowStore, type ShadowStore } from './shadow-store.ts';

/** Brings the changes of external systems in (specification §6). */
export interface LiveSync {
  /**
   * Handles what has changed in a source since the last call, and answers its stage document. The first call stores the token of now and
   * handles nothing. A change that fails is no failure of the call; the stage says so. Rejects with `not-found`, `bad-request`,
   * `unsupported`, `locked` (another call is under way), `unreachable` and what else reads reject with.
   */
  call(source: string, options: CallOptions, context: RequestContext): Promise<JsonObject>;
  /**
   * As `call`, but where the system can push it goes on with what happens, until the signal is aborted, a change stops it, or the
   * connection is lost (then it rejects).
   */
  follow(source: string, options: FollowOptions): Promise<Followed>;
  /** Pushes what dead letters of a system are about, as it is now; those that arrive are removed. Null: all of them. */
  replay(system: string, id: string | null, context: RequestContext): Promise<Replayed>;
  /** Stops what is under way between two batches, and waits for that. */
  close(): Promise<void>;
}

export interface CallOptions {
  /** The answer tells which change failed, and not only why. */
  readonly isDetailed: boolean;
}

export interface FollowOptions {
  readonly context: RequestContext;
  readonly signal: AbortSignal;
  /** A page was handled. */
  readonly onPage?: () => void;
}

export interface Followed {
  readonly end: PageEnd;
  readonly canPush: boolean;
}

const PAGE_SIZE = 1000;

export function openLiveSync(lockstep: Lockstep, ports: LivePorts): LiveSync {
  const closing = new AbortController();
  const working = new Set<Promise<unknown>>();
  const walked = new Map<string, string>();
  const watched = async <T>(work: () => Promise<T>): Promise<T> => {
    closing.signal.throwIfAborted();
    const done = work();
    const settled = done.catch(() => {});
    working.add(settled);
    return done.finally(() => working.delete(settled));
  };
  const during = <T>(path: string, context: RequestContext, work: (run: LiveRun) => Promise<T>): Promise<T> =>
    watched(() => {
      const source = liveSource(lockstep, path);
      const signal = context.signal === undefined ? closing.signal : AbortSignal.any([context.signal, closing.signal]);
      return withRun({ lockstep, ports, source, context, signal, walked }, work);
    });
  return {
    call: (path, { isDetailed }, context) =>
      during(path, context, async (run) => {
        if (await begin(run)) await walk(run, run.feed.changes(tokenOf(run), request(run)));
        return stageAnswer(run.source.id, run.book.rev, run.book.doc, isDetailed);
      }),
    follow: (path, { context, signal, onPage }) =>
      during(path, { ...context, signal }, async (run) => {
        const { feed } = run;
        await begin(run);
        const canPush = feed.watch !== undefined;
        const asked = request(run);
        const pages = canPush ? feed.watch!(tokenOf(run), asked) : feed.changes(tokenOf(run), asked);
        return { end: await walk(run, pages, onPage), canPush };
      }),
    replay: (system, id, context) =>
      watched(() => replayLetters(lockstep, system, id, { context, signal: closing.signal })),
    close: async () => {
      closing.abort(new Failure('canceled', 'the server is being stopped'));
      await Promise.all(working);
    },
  };
}

interface Asked {
  readonly lockstep: Lockstep;
  readonly ports: LivePorts;
  readonly source: LiveSource;
  readonly context: RequestContext;
  readonly signal: AbortSignal;
  readonly walked: Map<string, string>;
}

/** One walk through each source at a time, in all processes; one through all types of a system keeps out those of its types. */
async function withRun<T>(asked: Asked, work: (run: LiveRun) => Promise<T>): Promise<T> {
  const { lockstep, source, ports, signal, walked } = asked;
  const pin = lockstep.pin();
  const leases: HeldLease[] = [];
  try {
    for (const name of new Set([source.path, ...source.collections])) leases.push(await liveLease(lockstep, name));
    const { fence } = leases[0]!;
    const book = await openLiveBook(lockstep.repository, source.id, fence);
    const memory = await openFeedMemory(lockstep.repository, source.path);
    const stores = new Map<string, ShadowStore>();
    for (const one of source.collections) stores.set(one, await openShadowStore(lockstep, one));
    const shadows = (collection: string): ShadowStore => stores.get(collection)!;
    const context: RequestContext = { ...asked.context, cause: 'liveSync', signal };
    const opened = await openFeed({ lockstep, pin, shadows, walked }, source, signal);
    const letters = new Set<string>();
    const view = { left: 0 };
    const run = {
      lockstep,
      ports,
      source,
      book,
      memory,
      fence,
      pin,
      context,
      signal,
      shadows,
      view,
      letters,
      ...opened,
    };
    return await work(run);
  } catch (error) {
    throw signal.aborted ? stopped(source) : found(source, error);
  } finally {
    for (const lease of leases.toReversed()) await lease.release();
    await pin.release();
  }
}

function stopped({ path }: LiveSource): Failure {
  return new Failure('canceled', `liveSync of ${path} was stopped; the next call goes on where it was`, {
    retryable: true,
  });
}

/** Whoever reads changes of a collection holds it. Rejects with `locked`. */
export async function liveLease({ repository, newId }: Lockstep, path: string): Promise<HeldLease> {
  try {
    return await holdLease(repository.leases, `liveSync/${path}`, ownerName(newId()));
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'locked') throw error;
    throw new Failure('locked', `liveSync of ${path} is running already; wait for its end`, { retryable: true });
  }
}

/** False: this was the first call, or took the place of one; there is nothing to walk through. */
async function begin(run: LiveRun): Promise<boolean> {
  const { book, feed } = run;
  if (book.stage === null) {
    const token = await latestToken(run);
    await takeDownAll(run);
    const stage = { token, nativeType: feed.nativeType, lastException: null, resync: null };
    await book.write({ stage, memory: NO_MEMORY });
    return false;
  }
  const { resync: open } = book.stage;
  if (open === null) return true;
  await resync(run, String(open['reason'] ?? 'an earlier reconciliation was not finished'));
  return false;
}

async function walk(run: LiveRun, pages: AsyncIterable<FeedPage>, onPage?: () => void): Promise<PageEnd> {
  let isWritten = false;
  try {
    for await (const page of pages) {
      const end = await handlePage(run, page);
      isWritten = true;
      if (end === 'stopped') return end;
      onPage?.();
    }
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'expired') throw error;
    return resync(run, error.message);
  }
  await finish(run, isWritten);
  return 'handled';
}

/** Everything is handled: nothing has to be remembered, and the document tells of the call. */
async function finish({ book, feed }: LiveRun, isWritten: boolean): Promise<void> {
  const { retry, ahead } = book.memory;
  const isForgotten = retry === null && ahead.size === 0;
  if (isWritten && isForgotten) return;
  const stage = { token: book.stage!.token, nativeType: feed.nativeType, lastException: null, resync: null };
  await book.write({ stage, memory: isForgotten ? book.memory : NO_MEMORY });
}

/** The source is known here: what is missing is missing there, and 404 would say something else. */
function found(source: LiveSource, error: unknown): unknown {
  if (!(error instanceof Failure) || error.code !== 'not-found') return error;
  return new Failure('incomplete-read', `${source.path}: ${error.message}`, { cause: error, retryable: true });
}

function tokenOf({ book }: LiveRun): NonNullable<LiveRun['book']['stage']>['token'] {
  return book.stage!.token;
}

function request({ signal, memory }: LiveRun): FeedRequest & { readonly signal: AbortSignal } {
  return { pageSize: PAGE_SIZE, signal, memory };
}
