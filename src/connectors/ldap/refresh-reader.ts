import type { FeedChange } from '../../model/change-feed.ts';
import type { RowFault, StoredObject } from '../../model/object-set.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import type { SearchItem } from '../../ldap/client/ldap-search.ts';
import { readSyncInfo, readSyncState, uuidText, type SyncInfo } from '../../ldap/controls/sync-request.ts';
import { containersAround, type Containers } from './containers.ts';
import type { EntryMemory, ToldEntry } from './entry-memory.ts';
import { expired, isLeftOut, modifierOf, type FeedScope } from './feed-scope.ts';
import { readRows } from './ldap-scope.ts';
import { entryId, isFault } from './read-entry.ts';
import { rowsBelow } from './rows-below.ts';

/** Makes changes of what a server sends in answer to a sync request. */
export interface RefreshReader {
  read(items: readonly SearchItem[]): Promise<void>;
  /** The end of a refresh: whatever was not named is gone, unless deletes were told. */
  finish(refreshDeletes: boolean): void;
  readonly waiting: number;
  /** So many of the changes that wait. */
  take(count: number): readonly ReadChange[];
  /** The last cookie that came in between; null: none. */
  readonly cookie: Buffer | null;
  readonly isRefreshing: boolean;
}

export interface ReadChange {
  /** Null: there is nothing to tell, only to remember. */
  readonly change: Omit<FeedChange, 'token'> | null;
  readonly entries: readonly ToldEntry[];
}

interface State {
  readonly scope: FeedScope;
  readonly memory: EntryMemory;
  readonly purpose: 'names' | 'objects';
  readonly signal: AbortSignal | undefined;
  /** Servers of Netscape's line tell differences, whatever they say at the end, and without operational attributes. */
  readonly isNetscape: boolean;
  readonly idOf: ((uuid: string) => string) | null;
  readonly containers: Containers | null;
  waiting: ReadChange[];
  /** UUIDs of what is still there; null: the server did not list them. */
  present: Set<string> | null;
  readonly named: Set<string>;
  cookie: Buffer | null;
  isRefreshing: boolean;
}

/** `names`: only ids are read. */
export function refreshReader(
  scope: FeedScope,
  memory: EntryMemory,
  purpose: 'names' | 'objects',
  signal?: AbortSignal,
): RefreshReader {
  const isNetscape = scope.facts.rootDse.vendorName !== null;
  const state: State = {
    scope,
    memory,
    purpose,
    signal,
    isNetscape,
    idOf: directId(scope.uidAttribute, isNetscape),
    containers: containersAround(scope),
    waiting: [],
    present: null,
    named: new Set(),
    cookie: null,
    isRefreshing: true,
  };
  return {
    read: (items) => readItems(state, items),
    finish: (refreshDeletes) => finish(state, refreshDeletes),
    take: (count) => {
      const taken = state.waiting.slice(0, count);
      state.waiting = state.waiting.slice(count);
      return taken;
    },
    get waiting() {
      return state.waiting.length;
    },
    get cookie() {
      return state.cookie;
    },
    get isRefreshing() {
      return state.isRefreshing;
    },
  };
}

async function readItems(state: State, items: readonly SearchItem[]): Promise<void> {
  let entries: LdapEntry[] = [];
  for (const item of items) {
    if (item.kind === 'entry') entries.push(item);
    if (item.kind !== 'intermediate') continue;
    await readEntries(state, entries);
    entries = [];
    const info = readSyncInfo(item);
    if (info !== null) readInfo(state, info);
  }
  await readEntries(state, entries);
}

function readInfo(state: State, info: SyncInfo): void {
  if (info.cookie !== null) state.cookie = info.cookie;
  switch (info.kind) {
    case 'newCookie':
      return;
    case 'refreshDelete':
    case 'refreshPresent':
      if (info.kind === 'refreshPresent') state.present ??= new Set();
      if (!info.refreshDone) return;
      finish(state, info.kind === 'refreshDelete');
      state.isRefreshing = false;
      return;
    case 'idSet':
      for (const uuid of info.uuids.map((one) => one.toString('hex'))) {
        if (info.refreshDeletes) remove(state, uuid);
        else (state.present ??= new Set()).add(uuid);
      }
  }
}

async function readEntries(state: State, entries: readonly LdapEntry[]): Promise<void> {
  const { scope, purpose, signal, isNetscape, containers } = state;
  const sent = entries.filter((entry) => isSent(entry.controls) && !isPlace(state, entry));
  const rows = purpose === 'names' || isNetscape ? null : await readRows(scope, sent, signal);
  let at = 0;
  for (const entry of entries) {
    const { state: kind, uuid: bytes, cookie } = readSyncState(entry.controls)!;
    const uuid = bytes.toString('hex');
    if (cookie !== null) state.cookie = cookie;
    if (kind === 'present') (state.present ??= new Set()).add(uuid);
    else if (kind === 'delete') remove(state, uuid, entry.dn);
    else if (isPlace(state, entry)) await addPlace(state, entry, uuid);
    else {
      add(state, entry, uuid, rows?.[at++] ?? null);
      if (containers?.isContainer(entry) === true) await addPlace(state, entry, uuid);
    }
  }
}

function isPlace({ containers }: State, entry: LdapEntry): boolean {
  return containers !== null && containers.isContainer(entry) && !containers.isOfScope(entry);
}

/** What is below an entry that has another name now has one, too. */
async function addPlace(state: State, entry: LdapEntry, uuid: string): Promise<void> {
  const { scope, memory, purpose, idOf, waiting, signal } = state;
  const place: ToldEntry = { uuid, id: null, place: entry.dn };
  const isElsewhere = purpose === 'objects' && memory.places.get(uuid) !== entry.dn;
  if (isElsewhere && idOf === null && !memory.isComplete) throw forgotten(scope);
  const below = isElsewhere ? await rowsBelow(scope, entry.dn, signal) : [];
  for (const { row, uuid: own } of below) {
    const before = own === null ? undefined : memory.ids.get(own);
    const previousId = before === undefined || before === row.id ? null : before;
    const entries = own === null ? [] : [{ uuid: own, id: row.id }];
    waiting.push({ change: { kind: 'createOrUpdate', id: row.id, previousId, object: row.object }, entries });
  }
  waiting.push({ change: null, entries: [place] });
}

function add(state: State, entry: LdapEntry, uuid: string, row: StoredObject | RowFault | null): void {
  const { scope, memory, idOf, purpose } = state;
  state.named.add(uuid);
  const id = idOf?.(uuid) ?? entryId(entry, scope.uidAttribute);
  if (id === null || (purpose === 'objects' && isLeftOut(scope, modifierOf(entry)))) return;
  if (idOf === null && purpose === 'objects' && !memory.isComplete) throw forgotten(scope);
  if (row !== null && isFault(row)) {
    const text = `${scope.path}: ${row.place} cannot be read, its change is passed over: ${row.message}`;
    scope.directory.log.write('warn', text);
    return;
  }
  const before = memory.ids.get(uuid);
  const previousId = before === undefined || before === id ? null : before;
  const object = row?.object ?? null;
  state.waiting.push({ change: { kind: 'createOrUpdate', id, previousId, object }, entries: [{ uuid, id }] });
}

/** `dn`: where the server says it. */
function remove({ scope, memory, idOf, waiting }: State, uuid: string, dn?: string): void {
  if (memory.places.has(uuid) && !memory.ids.has(uuid)) return;
  const id = idOf?.(uuid) ?? memory.ids.get(uuid) ?? (scope.uidAttribute === 'dn' ? dn : undefined);
  if (id !== undefined) waiting.push(deletion(id, uuid));
  else if (!memory.isComplete) throw forgotten(scope);
}

function finish(state: State, refreshDeletes: boolean): void {
  const { isNetscape, present, named, memory, scope, waiting } = state;
  const hasNothing = present === null && named.size === 0;
  if (refreshDeletes || isNetscape || hasNothing || !state.isRefreshing || state.purpose === 'names') return;
  if (!memory.isComplete) throw expired(scope, 'the server no longer knows what was deleted since');
  for (const [uuid, id] of memory.ids)
    if (present?.has(uuid) !== true && !named.has(uuid)) waiting.push(deletion(id, uuid));
}

function isSent(controls: LdapEntry['controls']): boolean {
  const kind = readSyncState(controls)?.state;
  return kind === 'add' || kind === 'modify';
}

function deletion(id: string, uuid: string): ReadChange {
  return { change: { kind: 'delete', id, previousId: null, object: null }, entries: [{ uuid, id: null }] };
}

/** How ids follow from the UUIDs of content synchronization; null: they do not. */
function directId(uidAttribute: string, isNetscape: boolean): ((uuid: string) => string) | null {
  const name = uidAttribute.toLowerCase();
  if (name === 'entryuuid' && !isNetscape) return (uuid) => uuidText(Buffer.from(uuid, 'hex'));
  if (name === 'nsuniqueid' && isNetscape) return (uuid) => uuid.replace(/^(.{8})(.{8})(.{8})(.{8})$/, '$1-$2-$3-$4');
  return null;
}

function forgotten(scope: FeedScope): Error {
  return expired(
    scope,
    `the directory names changed entries by UUID; the "${scope.uidAttribute}" that they had is not known since the last start`,
  );
}
