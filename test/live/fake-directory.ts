import { Failure } from '../../src/base/failure.ts';
import type { Json, JsonObject } from '../../src/base/json.ts';
import type { Connector, ConnectorKind } from '../../src/connector/contract.ts';
import { connectorKinds } from '../../src/app/connector-kinds.ts';
import { memoryConnector } from '../../src/connectors/memory/memory-connector.ts';
import type { ChangeFeed, FeedChange, FeedPage } from '../../src/model/change-feed.ts';
import type { ObjectSet } from '../../src/model/object-set.ts';

interface Logged {
  readonly no: number;
  readonly type: string;
  readonly kind: FeedChange['kind'];
  readonly id: string;
  readonly previousId: string | null;
  readonly object: JsonObject | null;
}

/** A directory in memory with a change log of its own: what a connector with a feed looks like from outside. */
export interface FakeDirectory {
  put(id: string, attributes: JsonObject, type?: string): Promise<void>;
  remove(id: string, type?: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
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
      exists
        ? { kind: 'update', id, rev: null, object, changed: ['name', 'mail', 'note'] }
        : { kind: 'create', id, object },
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

function feedOf(directory: Directory, type: string): ChangeFeed {
  const check = (): void => {
    if (directory.fault !== null) throw directory.fault;
  };
  const told = (after: Json): readonly Logged[] => {
    check();
    const from = after === null ? 0 : Number(after);
    if (!Number.isInteger(from) || from < directory.forgotten || from > directory.last)
      throw new Failure('expired', `change number ${JSON.stringify(after)} is no longer in the change log`);
    return directory.log.filter((one) => one.no > from && (type === '__ALL__' || one.type === type));
  };
  const changeOf = ({ no, kind, id, previousId, object, type: own }: Logged): FeedChange => ({
    kind,
    id,
    previousId,
    object: directory.hidesObjects ? null : object,
    token: no,
    ...(type === '__ALL__' ? { objectType: own } : {}),
  });
  async function* pages(after: Json, pageSize: number): AsyncIterable<FeedPage> {
    const changes = told(after).map(changeOf);
    const size = Math.min(pageSize, directory.pageLimit);
    let count = 0;
    for (let from = 0; from < changes.length; from += size) {
      check();
      if (count++ >= directory.breaksAfter) throw new Failure('unreachable', 'the connection was lost');
      const part = changes.slice(from, from + size);
      yield { changes: part, token: part.at(-1)!.token, isResumable: directory.isResumable };
    }
  }
  const feed: ChangeFeed = {
    nativeType: 'integer',
    latest: async () => {
      check();
      return directory.last;
    },
    changes: (after, { pageSize }) => pages(after, pageSize),
  };
  if (!directory.canPush) return feed;
  return {
    ...feed,
    watch: async function* (after, { pageSize, signal }) {
      const drops = directory.drops;
      let token = after;
      directory.watchers++;
      try {
        while (!signal.aborted) {
          if (directory.drops !== drops) throw new Failure('unreachable', 'the connection was lost');
          const change = directory.nextChange(signal);
          for await (const page of pages(token, pageSize)) {
            yield page;
            token = page.token;
          }
          if (!told(token).some(({ no }) => no > Number(token))) await change;
        }
      } finally {
        directory.watchers--;
      }
    },
  };
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
        return feedOf(directory, type);
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
