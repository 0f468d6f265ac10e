import { areFew } from '../../../model/few.ts';
import type { RowFault, StoredObject } from '../../../model/object-set.ts';
import type { LdapEntry } from '../../../ldap/codec/ldap-entry.ts';
import type { SearchItem } from '../../../ldap/client/ldap-search.ts';
import { readSyncInfo, readSyncState, type SyncInfo } from '../../../ldap/controls/sync-request.ts';
import { containersAround, type Containers } from './containers.ts';
import type { EntryMemory, Former } from './entry-memory.ts';
import { gone, remembered, updated, type ReadChange } from './feed-page.ts';
import { expired, isLeftOut, modifierOf, type FeedScope } from './feed-scope.ts';
import { readRows } from '../ldap-scope.ts';
import { entryId, isFault } from '../read-entry.ts';
import { NameQueue } from './name-queue.ts';
import { rowsBelow } from './rows-below.ts';
import { idOfUuid, isNetscape, uuidsOfScope, uuidsPresent } from './sync-uuids.ts';

/**
 * Makes changes of what a server sends in answer to a sync request. Each method gives control back whenever there is something to take.
 */
export interface RefreshReader {
  read(items: readonly SearchItem[]): AsyncGenerator<void, void, undefined>;
  /** The end of a refresh: whatever was not named is gone, unless deletes were told. */
  finish(refreshDeletes: boolean): AsyncGenerator<void, void, undefined>;
  readonly waiting: number;
  /** So many of the changes that wait. */
  take(count: number): readonly ReadChange[];
  /** The last cookie that came in between; null: none. */
  readonly cookie: Buffer | null;
  readonly isRefreshing: boolean;
}

interface State {
  readonly scope: FeedScope;
  readonly memory: EntryMemory;
  readonly signal: AbortSignal | undefined;
  readonly idOf: ((uuid: string) => string) | null;
  readonly containers: Containers | null;
  waiting: ReadChange[];
  /** UUIDs of what is still there; null: the server did not list them. */
  present: Set<string> | null;
  readonly named: Set<string>;
  readonly queue: NameQueue;
  /** A container is gone, and with it what was below, of which nothing was said. */
  hasLostPlace: boolean;
  cookie: Buffer | null;
  isRefreshing: boolean;
}

export function refreshReader(scope: FeedScope, memory: EntryMemory, signal?: AbortSignal): RefreshReader {
  const state: State = {
    scope,
    memory,
    signal,
    idOf: idOfUuid(scope),
    containers: containersAround(scope),
    waiting: [],
    present: null,
    named: new Set(),
    queue: new NameQueue(),
    hasLostPlace: false,
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

async function* readItems(state: State, items: readonly SearchItem[]): AsyncGenerator<void, void, undefined> {
  let entries: LdapEntry[] = [];
  for (const item of items) {
    if (item.kind === 'entry') entries.push(item);
    if (item.kind !== 'intermediate') continue;
    yield* readEntries(state, entries);
    entries = [];
    const info = readSyncInfo(item);
    if (info !== null) yield* readInfo(state, info);
  }
  yield* readEntries(state, entries);
  if (!state.isRefreshing) yield* sweep(state);
}

async function* readInfo(state: State, info: SyncInfo): AsyncGenerator<void, void, undefined> {
  if (info.cookie !== null) state.cookie = info.cookie;
  switch (info.kind) {
    case 'newCookie':
      return;
    case 'refreshDelete':
    case 'refreshPresent':
      if (info.kind === 'refreshPresent') state.present ??= new Set();
      if (!info.refreshDone) return;
      yield* finish(state, info.kind === 'refreshDelete');
      state.isRefreshing = false;
      state.present = null;
      state.named.clear();
      return;
    case 'idSet': {
      const uuids = info.uuids.map((one) => one.toString('hex'));
      if (!info.refreshDeletes) for (const uuid of uuids) (state.present ??= new Set()).add(uuid);
      else {
        await remove(
          state,
          uuids.map((uuid) => ({ uuid })),
        );
        yield;
      }
    }
  }
}

interface Sent {
  readonly uuid: string;
  readonly entry: LdapEntry;
}

async function* readEntries(state: State, entries: readonly LdapEntry[]): AsyncGenerator<void, void, undefined> {
  const sent: Sent[] = [];
  const lost: { uuid: string; dn: string }[] = [];
  for (const entry of entries) {
    const sync = readSyncState(entry.controls);
    if (sync === null) continue;
    if (sync.cookie !== null) state.cookie = sync.cookie;
    const uuid = sync.uuid.toString('hex');
    if (sync.state === 'present') (state.present ??= new Set()).add(uuid);
    else if (sync.state === 'delete') lost.push({ uuid, dn: entry.dn });
    else sent.push({ uuid, entry });
    // In the order of the server: what is gone before what has come, and the other way round.
    if (sync.state === 'delete' && sent.length > 0) yield* addAll(state, sent.splice(0));
    else if (sync.state !== 'delete' && lost.length > 0) await remove(state, lost.splice(0));
  }
  await remove(state, lost);
  yield* addAll(state, sent);
}

async function* addAll(state: State, sent: readonly Sent[]): AsyncGenerator<void, void, undefined> {
  const { containers } = state;
  const isContainer = ({ entry }: Sent): boolean => containers?.isContainer(entry) === true;
  const own = sent.filter((one) => !isContainer(one) || containers!.isOfScope(one.entry));
  await addRows(state, own, await rowsOf(state, own));
  yield;
  for (const one of sent.filter(isContainer)) yield* addPlace(state, one);
}

/** Null: the server leaves out what is needed. They are read from the set then. */
async function rowsOf(
  { scope, signal }: State,
  sent: readonly Sent[],
): Promise<readonly (StoredObject | RowFault)[] | null> {
  const entries = sent.map(({ entry }) => entry);
  return isNetscape(scope) ? null : readRows(scope, entries, signal);
}

async function addRows(
  state: State,
  sent: readonly Sent[],
  rows: readonly (StoredObject | RowFault)[] | null,
): Promise<void> {
  const known = new Map(await state.memory.ids(sent.map(({ uuid }) => uuid)));
  const holders = await holdersOf(state, sent);
  // While it is watched, one entry may come more than once.
  for (const [i, one] of sent.entries()) {
    const id = idIn(state, one);
    const former = known.get(one.uuid);
    const before = [...(id === null ? [] : (holders.get(id) ?? [])), ...(isAwaiting(state, former) ? [ABSENT] : [])];
    state.queue.put(one.uuid, before, () => add(state, one, rows?.[i] ?? null, former));
    if (id !== null) known.set(one.uuid, { told: id, moved: null });
  }
}

/** Stands in the queue for everything that is gone without anybody saying so. */
const ABSENT = 'absent';
const MAX_AWAITING = 10_000;

/** What is new comes behind what is gone, which may turn out at the end: it may be the same person, created anew. */
function isAwaiting({ isRefreshing, queue }: State, former: Former | undefined): boolean {
  return isRefreshing && former === undefined && queue.waiting < MAX_AWAITING;
}

function idIn({ idOf, scope }: State, { uuid, entry }: Sent): string | null {
  return idOf?.(uuid) ?? entryId(entry, scope.uidAttribute);
}

/** Who had the ids of these. As it is watched, the server tells in the order in which it happened. */
async function holdersOf(state: State, sent: readonly Sent[]): Promise<ReadonlyMap<string, readonly string[]>> {
  if (state.idOf !== null || !state.isRefreshing) return new Map();
  return state.memory.holders(sent.flatMap((one) => idIn(state, one) ?? []));
}

function add(state: State, sent: Sent, row: StoredObject | RowFault | null, former: Former | undefined): void {
  const { scope } = state;
  const { uuid, entry } = sent;
  if (state.isRefreshing) state.named.add(uuid);
  const id = idIn(state, sent);
  if (id === null) return;
  const known = { uuid, id, former };
  if (isLeftOut(scope, modifierOf(entry))) return tell(state, { change: null, entries: remembered(known) });
  refuseForgotten(state);
  // One that cannot be read is told by its id: reading it fails for whoever handles the change.
  tell(state, updated(known, row === null || isFault(row) ? null : row.object));
}

/** What is below an entry that has another name now has one, too. */
async function* addPlace(state: State, { uuid, entry }: Sent): AsyncGenerator<void, void, undefined> {
  const { scope, memory, signal } = state;
  const known = await memory.places([uuid]);
  if (known.get(uuid) === entry.dn) return;
  refuseForgotten(state);
  for await (const below of rowsBelow(scope, entry.dn, signal)) {
    const ids = await memory.ids(below.flatMap((one) => one.uuid ?? []));
    for (const { row, uuid: own } of below) {
      const { id, object } = row;
      if (own !== null) tell(state, updated({ uuid: own, id, former: ids.get(own) }, object));
      else tell(state, { change: { kind: 'createOrUpdate', id, previousId: null, object }, entries: [] });
    }
    yield;
  }
  tell(state, { change: null, entries: [{ uuid, id: null, place: entry.dn }] });
}

/** `dn`: where the server says it. */
async function remove(state: State, lost: readonly { readonly uuid: string; readonly dn?: string }[]): Promise<void> {
  const { scope, memory, idOf, signal } = state;
  const uuids = lost.map(({ uuid }) => uuid);
  const [known, places] = [await memory.ids(uuids), await memory.places(uuids)];
  // Gone from one base may be moved to another, which tells of it.
  const elsewhere = scope.bases.length > 1 ? await uuidsPresent(scope, uuids, 'scope', signal) : new Set<string>();
  const alive = await uuidsPresent(scope, uuids, 'anything', signal);
  for (const { uuid, dn } of lost) {
    if (places.has(uuid)) {
      state.hasLostPlace = true;
      tell(state, { change: null, entries: [{ uuid, id: null, place: null }] });
    }
    if (elsewhere.has(uuid) || (places.has(uuid) && !known.has(uuid))) continue;
    const guessed = idOf?.(uuid) ?? (scope.uidAttribute === 'dn' ? dn : undefined);
    const former = known.get(uuid) ?? guessed;
    if (former === undefined) refuseForgotten(state);
    else state.queue.put(uuid, [], () => tell(state, gone(uuid, former, alive.has(uuid))));
  }
}

async function* finish(state: State, refreshDeletes: boolean): AsyncGenerator<void, void, undefined> {
  yield* tellAbsent(state, refreshDeletes);
  state.queue.put(ABSENT, [], () => {});
  state.queue.end();
}

async function* tellAbsent(state: State, refreshDeletes: boolean): AsyncGenerator<void, void, undefined> {
  const { present, named, scope, signal } = state;
  const hasNothing = present === null && named.size === 0;
  if (refreshDeletes || isNetscape(scope) || hasNothing || !state.isRefreshing) return yield* sweep(state);
  if (!state.memory.isComplete) throw expired(scope, 'the server no longer knows what was deleted since');
  // The server lists what is under this base; what is under others is there, too.
  const others = scope.bases.length > 1 ? await uuidsOfScope(scope, signal) : null;
  yield* tellGone(state, (uuid) => present?.has(uuid) === true || named.has(uuid) || others?.has(uuid) === true);
  state.hasLostPlace = false;
}

/** Nobody says of what was below a container that was moved out of sight that it is gone. */
async function* sweep(state: State): AsyncGenerator<void, void, undefined> {
  if (!state.hasLostPlace || !state.memory.isComplete) return;
  state.hasLostPlace = false;
  const present = await uuidsOfScope(state.scope, state.signal);
  yield* tellGone(state, (uuid) => present.has(uuid));
}

/** Of more than a few a reconciliation with its guard has to say that they are gone. */
async function* tellGone(state: State, isThere: (uuid: string) => boolean): AsyncGenerator<void, void, undefined> {
  const { memory, scope } = state;
  let [absent, all] = [0, 0];
  for await (const entries of memory.all()) {
    all += entries.length;
    for (const [uuid] of entries) if (!isThere(uuid)) absent++;
  }
  if (!areFew(absent, all))
    throw expired(
      scope,
      `${absent} of ${all} entries are no longer there, and the server does not say that they were deleted`,
    );
  if (absent > 0) {
    const text = `${absent} of ${all} entries are no longer there, and are taken for deleted`;
    scope.directory.log.write('info', `${scope.path}: ${text}`);
  }
  for await (const entries of memory.all()) {
    const lost = entries.map(([uuid]) => uuid).filter((uuid) => !isThere(uuid));
    for (const [uuid, former] of await memory.ids(lost))
      state.queue.put(uuid, [], () => tell(state, gone(uuid, former)));
    yield;
  }
}

function tell({ waiting, memory }: State, change: ReadChange): void {
  waiting.push(change);
  memory.tell(change.entries);
}

function refuseForgotten({ idOf, memory, scope }: State): void {
  if (idOf !== null || memory.isComplete) return;
  throw expired(
    scope,
    `the directory names changed entries by UUID, and the "${scope.uidAttribute}" that they had is not known`,
  );
}
