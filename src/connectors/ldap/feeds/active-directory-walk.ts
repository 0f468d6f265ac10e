import { Failure } from '../../../base/failure.ts';
import type { Json, JsonObject } from '../../../base/json.ts';
import type { ChangeFeed, FeedPage, FeedRequest, Remember } from '../../../model/change-feed.ts';
import { isWithin } from '../../../ldap/dn/compare-dn.ts';
import { FLAG_CONTROLS, flagControl } from '../../../ldap/controls/plain-controls.ts';
import { containersAround } from './containers.ts';
import { newMemory, type EntryMemory, type ToldEntry } from './entry-memory.ts';
import { entriesUnder } from './entries-under.ts';
import { feedPage, type ReadChange } from './feed-page.ts';
import { expired, type FeedScope } from './feed-scope.ts';
import { entryId } from '../read-entry.ts';
import { guidOf } from './touched-entries.ts';
import { watchByWakeUp } from './wake-up-watch.ts';

/** Which domain controller answers, and how far it has come. Its numbers are its own. */
export interface ControllerState {
  readonly server: string;
  /** Another one after it was restored from a backup; empty where it may not be read. */
  readonly invocation: string;
  readonly usn: string;
}

export async function controllerState({ directory, path }: FeedScope, signal?: AbortSignal): Promise<ControllerState> {
  return directory.read(async (connection) => {
    const names = ['highestCommittedUSN', 'dsServiceName'];
    const dse = await connection.read('', names, { signal });
    const usn = dse?.text('highestCommittedUSN') ?? null;
    if (usn === null || !/^\d{1,19}$/.test(usn))
      throw new Failure('incomplete-read', `${path}: the server does not tell its highestCommittedUSN`);
    const server = dse?.text('dsServiceName') ?? '';
    const service =
      server === '' ? null : await connection.read(server, ['invocationId'], { signal }).catch(() => null);
    return { server, invocation: service?.value('invocationId')?.toString('hex') ?? '', usn };
  }, signal);
}

/** Rejects where the domain controller of the token was set back: its numbers are given a second time. */
export function refuseSetBack(scope: FeedScope, held: ControllerState, now: ControllerState): void {
  if (held.server !== now.server) return;
  const isOther = held.invocation !== '' && now.invocation !== '' && held.invocation !== now.invocation;
  if (isOther || BigInt(now.usn) < BigInt(held.usn))
    throw expired(scope, 'the token is ahead of the domain controller: was it restored?');
}

/** The naming contexts that the base contexts are in, each once; null: one is in none. */
export function contextsOf({ facts, bases }: FeedScope): readonly string[] | null {
  const contexts = new Set<string>();
  for (const base of bases) {
    const around = facts.rootDse.namingContexts.filter((context) => isWithin(base, context));
    const [nearest] = around.toSorted((a, b) => b.length - a.length);
    if (nearest === undefined) return null;
    contexts.add(nearest);
  }
  return [...contexts];
}

/** Takes down which id every entry has, and where containers are. */
export async function rememberAll(scope: FeedScope, signal?: AbortSignal, remember?: Remember): Promise<void> {
  if (remember === undefined) return;
  const containers = containersAround(scope);
  const memory = newMemory(scope, remember);
  const filter = containers?.filter ?? scope.filter;
  const uid = scope.uidAttribute === 'dn' ? [] : [scope.uidAttribute];
  const attributes = ['objectGUID', 'objectClass', ...uid];
  for await (const entries of entriesUnder(scope, { filter, attributes, bases: scope.bases }, signal))
    await memory.take(
      entries.flatMap((entry): readonly ToldEntry[] => {
        const uuid = guidOf(entry);
        const isPlace = containers?.isContainer(entry) === true;
        const id = isPlace && !containers!.isOfScope(entry) ? null : entryId(entry, scope.uidAttribute);
        return [...(id === null ? [] : [{ uuid, id }]), ...(isPlace ? [{ uuid, id: null, place: entry.dn }] : [])];
      }),
    );
  await memory.complete();
}

/** Changes in pages that lead nowhere yet; whoever calls tells what is left with the token that they lead to. */
export class PageBuilder {
  readonly #memory: EntryMemory;
  readonly #pageSize: number;
  #waiting: ReadChange[] = [];

  constructor(memory: EntryMemory, pageSize: number) {
    this.#memory = memory;
    this.#pageSize = pageSize;
  }

  *add(changes: readonly ReadChange[], held: Json): Generator<FeedPage, void, undefined> {
    for (const change of changes) this.#waiting.push(change);
    while (this.#waiting.length > this.#pageSize) yield* this.#page(held);
  }

  /** Nothing has to be told before the token moves. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Everything, with a last page that leads to `next`. */
  *end(held: Json, next: JsonObject): Generator<FeedPage, void, undefined> {
    while (this.#waiting.length > this.#pageSize) yield* this.#page(held);
    yield* this.#page(next);
  }

  *#page(token: Json): Generator<FeedPage, void, undefined> {
    const taken = this.#waiting.slice(0, this.#pageSize);
    this.#waiting = this.#waiting.slice(this.#pageSize);
    yield* feedPage(this.#memory, taken, token);
  }
}

/** The feed, with a watch where the server says when something happens. */
export function notifying(scope: FeedScope, feed: ChangeFeed): ChangeFeed {
  const canNotify = scope.facts.rootDse.supportedControls.has(FLAG_CONTROLS.changeNotification);
  return canNotify ? { ...feed, watch: (after, request) => watchNotified(scope, feed, after, request) } : feed;
}

/** A notification of Active Directory only wakes up: what it says may be older than what is. */
function watchNotified(
  scope: FeedScope,
  feed: ChangeFeed,
  after: Json,
  request: FeedRequest & { readonly signal: AbortSignal },
): AsyncGenerator<FeedPage, void, undefined> {
  const controls = [FLAG_CONTROLS.changeNotification, FLAG_CONTROLS.showDeleted].map((oid) => flagControl(oid));
  const { signal } = request;
  return watchByWakeUp(scope, {
    after,
    signal,
    changes: (token) => feed.changes(token, request),
    searches: (connection) =>
      (contextsOf(scope) ?? scope.bases).map((base) =>
        connection.search(
          { base, filter: '(objectClass=*)', attributes: ['objectGUID'] },
          { controls, timeoutMs: 0, signal },
        ),
      ),
  });
}
