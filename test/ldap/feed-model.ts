import { isDeepStrictEqual } from 'node:util';
import { silentLog } from '../../src/base/log.ts';
import type { Json, JsonObject } from '../../src/base/json.ts';
import type { Connector, ObjectTypeConfig, PropertyConfig } from '../../src/connector/contract.ts';
import { ldapConnector } from '../../src/connectors/ldap/ldap-connector.ts';
import type { ChangeFeed, FeedMemory, FeedNote, FeedPage } from '../../src/model/change-feed.ts';
import type { ObjectSet } from '../../src/model/object-set.ts';
import { connectorConfig, settingsFor, type DirectoryLogin } from './conformance-subject.ts';

export const property = (nativeName: string, more: Partial<PropertyConfig> = {}): PropertyConfig => ({
  type: 'string',
  itemType: null,
  nativeName,
  nativeType: 'string',
  isRequired: false,
  flags: [],
  ...more,
});

export const PERSON: ObjectTypeConfig = {
  nativeType: '__ACCOUNT__',
  properties: {
    dn: property('__NAME__', { isRequired: true }),
    uid: property('uid'),
    cn: property('cn'),
    sn: property('sn'),
    mail: property('mail', { type: 'array', itemType: 'string' }),
    city: property('l'),
  },
};

export function personConnector(login: DirectoryLogin, more: JsonObject = {}): Connector {
  const config = connectorConfig(settingsFor(login, more), { account: PERSON });
  return ldapConnector.create(config, { projectDirectory: '/', log: silentLog });
}

/** What a feed wants kept, as LiveSync keeps it. */
export class KeptNotes implements FeedMemory {
  readonly notes = new Map<string, string>();

  readonly keep = async (notes: readonly FeedNote[]): Promise<void> => {
    for (const { key, value } of notes)
      if (value === null) this.notes.delete(key);
      else this.notes.set(key, value);
  };

  async read(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return new Map(keys.flatMap((key) => (this.notes.has(key) ? [[key, this.notes.get(key)!] as const] : [])));
  }

  async keysOf(values: readonly string[]): Promise<readonly FeedNote[]> {
    return [...this.notes].flatMap(([key, value]) => (values.includes(value) ? [{ key, value }] : []));
  }

  async *all(): AsyncIterable<readonly FeedNote[]> {
    const notes = [...this.notes].map(([key, value]) => ({ key, value }));
    for (let from = 0; from < notes.length; from += 10) yield notes.slice(from, from + 10);
  }
}

/** What somebody holds who was only ever told of changes. */
export class FeedModel {
  readonly objects = new Map<string, JsonObject>();
  token: Json = null;
  readonly memory = new KeptNotes();
  readonly #set: ObjectSet;

  constructor(set: ObjectSet) {
    this.#set = set;
  }

  /** Begins with everything, as the first LiveSync and a reconciliation do. */
  async begin(feed: ChangeFeed): Promise<void> {
    this.memory.notes.clear();
    this.token = await feed.latest(undefined, this.memory.keep);
    this.objects.clear();
    for (const [id, object] of await contentOf(this.#set)) this.objects.set(id, object);
  }

  async walk(feed: ChangeFeed, pageSize = 1000): Promise<readonly FeedPage[]> {
    const pages: FeedPage[] = [];
    for await (const page of feed.changes(this.token, { pageSize, memory: this.memory })) {
      pages.push(page);
      await this.take(page);
    }
    return pages;
  }

  async take({ changes, token, notes = [] }: FeedPage): Promise<void> {
    for (const { kind, id, previousId, object } of changes) {
      if (previousId !== null) this.objects.delete(previousId);
      const present = kind === 'delete' ? null : (object ?? (await this.#set.readMany([id])).get(id)?.object);
      if (present === null || present === undefined) this.objects.delete(id);
      else this.objects.set(id, present);
    }
    this.token = token;
    await this.memory.keep(notes);
  }

  async isRight(): Promise<boolean> {
    return isDeepStrictEqual(sorted(this.objects), sorted(await contentOf(this.#set)));
  }
}

export async function contentOf(set: ObjectSet): Promise<ReadonlyMap<string, JsonObject>> {
  const content = new Map<string, JsonObject>();
  for await (const page of set.scan({ pageSize: 1000 }))
    for (const { id, object } of page.objects) content.set(id, object);
  return content;
}

export function sorted(objects: ReadonlyMap<string, JsonObject>): readonly (readonly [string, JsonObject])[] {
  return [...objects].sort(([a], [b]) => (a < b ? -1 : 1));
}
