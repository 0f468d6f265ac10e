import { Failure } from '../../src/base/failure.ts';
import type { Json, JsonObject } from '../../src/base/json.ts';
import type { Connector, ConnectorKind } from '../../src/connector/contract.ts';
import { connectorKinds } from '../../src/app/connector-kinds.ts';
import { memoryConnector } from '../../src/connectors/memory/memory-connector.ts';
import type { ChangeFeed, FeedChange, FeedPage, FeedRequest } from '../../src/model/change-feed.ts';
import type { ObjectSet } from '../../src/model/object-set.ts';

interface Logged {
  readonly no: number;
  readonly type: string;
  readonly kind: FeedChange['kind'];
  readonly id: string;
  readonly previousId: string | null;
  readonly object: JsonObject | null;
  readonly isOutOfView?: boolean;
}

/** A directory in memory with a change log of its own: what a connector with a feed looks like from outside. */
export interface FakeDirectory {
  put(id: string, attributes: JsonObject, type?: string): Promise<void>;
  remove(id: string, type?: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Tells it as gone, although it is there, as directories do of what can no longer be seen. */
  hide(id: string): void;
  /** Changes up to this number are forgotten. */
  forget(upTo: number): void;
  readonly last: number;
  /** Thrown by every call while set. */
  fault: Failure | null;
  /** The walk breaks after so many pages. */
  breaksAfter: number;
  pageLimit: number;
  /** As tokens of cookies are: pages can be gone on with, single changes cannot. */
  isResumable: boolean;
  canPush: boolean;
  hidesObjects: boolean;
  /** Ends every `watch` with a lost connection. */
  dropWatchers(): void;
  readonly watchers: number;
}

const directories = new Map<string, Directory>();

export function fakeDirectory(name: string): FakeDirectory {
  const found = directories.get(name);
  if (found === undefined) throw new Error(`${name} is not open; a call opens it`);
  return found;
}

class Directory implements FakeDirectory {
  readonly log: Logged[] = [];
  readonly sets: (type: string) => ObjectSet;
  readonly #waiting = new Set<() => void>();
  #next = 1;
  forgotten = 0;
  drops = 0;
  fault: Failure | null = null;
  breaksAfter = Infinity;
  pageLimit = Infinity;
  isResumable = true;
  canPush = false;
  hidesObjects = false;
  watchers = 0;

  constructor(sets: (type: string) => ObjectSet) {
    this.sets = sets;
  }

  get last(): number {
    return this.#next - 1;
  }

  async put(id: string, attributes: JsonObject, type = 'account'): Promise<void> {
    const set = this.sets(type);
    const exists = (await set.readMany([id])).has(id);
    const object = { ...attributes };
    const [outcome] = await set.write([
      exists ? { kind: 'update', id, rev: null, object, changed: Object.keys(object) } : { kind: 'create', id, object },
    ]);
    if (!outcome!.ok) throw new Error(outcome!.message);
    await this.#note(exists ? 'update' : 'create', id, null, type);
  }

  async remove(id: string, type = 'account'): Promise<void> {
    const [outcome] = await this.sets(type).write([{ kind: 'delete', id, rev: null }]);
    if (!outcome!.ok) throw new Error(outcome!.message);
    await this.#note('delete', id, null, type);
  }

  async rename(from: string, to: string): Promise<void> {
    const set = this.sets('account');
    const { _id, _rev, ...object } = (await set.readMany([from])).get(from)!.object;
    await set.write([{ kind: 'delete', id: from, rev: null }]);
    await set.write([{ kind: 'create', id: to, object }]);
    await this.#note('update', to, from, 'account');
  }

  hide(id: string): void {
    const change = { type: 'account', kind: 'delete', id, previousId: null, object: null, isOutOfView: true } as const;
    this.log.push({ no: this.#next++, ...change });
    this.wake();
  }

  forget(upTo: number): void {
    this.forgotten = upTo;
  }

  dropWatchers(): void {
    this.drops++;
    this.wake();
  }

  wake(): void {
    for (const one of this.#waiting) one();
    this.#waiting.clear();
  }

  nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async #note(kind: FeedChange['kind'], id: string, previousId: string | null, type: string): Promise<void> {
    const found = (await this.sets(type).readMany([id])).get(id)?.object ?? null;
    this.log.push({ no: this.#next++, type, kind, id, previousId, object: found });
    this.wake();
  }
}

class Feed implements ChangeFeed {
  readonly nativeType = 'integer';
  readonly #directory: Directory;
  readonly #type: string;

  constructor(directory: Directory, type: string) {
    this.#directory = directory;
    this.#type = type;
  }

  async latest(): Promise<Json> {
    this.#check();
    return this.#directory.last;
  }

  async *changes(after: Json, { pageSize }: FeedRequest): AsyncIterable<FeedPage> {
    const { isResumable, pageLimit } = this.#directory;
    const told = this.#told(after).map((one) => this.#changeOf(one));
    const size = isResumable ? Math.min(pageSize, pageLimit) : 1;
    let count = 0;
    for (let from = 0; from < told.length; from += size) {
      this.#check();
      if (count++ >= this.#directory.breaksAfter) throw new Failure('unreachable', 'the connection was lost');
      const changes = told.slice(from, from + size);
      yield { changes, token: changes.at(-1)!.token, isResumable };
    }
  }

  #check(): void {
    if (this.#directory.fault !== null) throw this.#directory.fault;
  }

  #told(after: Json): readonly Logged[] {
    this.#check();
    const { forgotten, last, log } = this.#directory;
    const from = after === null ? 0 : Number(after);
    if (!Number.isInteger(from) || from < forgotten || from > last)
      throw new Failure('expired', `change number ${JSON.stringify(after)} is no longer in the change log`);
    return log.filter(({ no, type }) => no > from && (this.#type === '__ALL__' || this.#type === type));
  }

  #changeOf({ no, kind, id, previousId, object, type, isOutOfView = false }: Logged): FeedChange {
    const shown = this.#directory.hidesObjects ? null : object;
    const objectType = this.#type === '__ALL__' ? { objectType: type } : {};
    return { kind, id, previousId, object: shown, token: no, isOutOfView, ...objectType };
  }
}

/** The same of a directory that can push. */
class PushingFeed extends Feed {
  readonly #pushing: Directory;

  constructor(directory: Directory, type: string) {
    super(directory, type);
    this.#pushing = directory;
  }

  async *watch(after: Json, request: FeedRequest & { readonly signal: AbortSignal }): AsyncIterable<FeedPage> {
    const directory = this.#pushing;
    const { signal } = request;
    const { drops } = directory;
    let token = after;
    directory.watchers++;
    try {
      while (!signal.aborted) {
        if (directory.drops !== drops) throw new Failure('unreachable', 'the connection was lost');
        const change = directory.nextChange(signal);
        let isNews = false;
        for await (const page of this.changes(token, request)) {
          isNews = true;
          yield page;
          token = page.token;
        }
        if (!isNews) await change;
      }
    } finally {
      directory.watchers--;
    }
  }
}

/** Registered as `fake-directory`. */
export const fakeDirectoryKind: ConnectorKind = {
  ...memoryConnector,
  connectorNames: ['fake-directory'],
  create: (config, services) => {
    const inner = memoryConnector.create(config, services);
    const directory = directories.get(config.name) ?? new Directory((type) => inner.objectSet(type));
    directories.set(config.name, directory);
    const connector: Connector = {
      name: inner.name,
      test: (signal) => inner.test(signal),
      objectSet: (type) => directory.sets(type),
      feed: async (type) => {
        if (directory.fault !== null) throw directory.fault;
        return directory.canPush ? new PushingFeed(directory, type) : new Feed(directory, type);
      },
      close: () => inner.close(),
    };
    return connector;
  },
};

(connectorKinds as ConnectorKind[]).push(fakeDirectoryKind);

/** Those of earlier tests are forgotten. */
export function forgetDirectories(): void {
  directories.clear();
}
