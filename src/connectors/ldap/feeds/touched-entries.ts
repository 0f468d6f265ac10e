import type { LdapEntry } from '../../../ldap/codec/ldap-entry.ts';
import { LdapFailure } from '../../../ldap/ldap-failure.ts';
import { allOf, anyOf, equalTo, type Filter } from '../../../ldap/filter/filter.ts';
import type { RowFault, StoredObject } from '../../../model/object-set.ts';
import { guidBytes, guidText } from '../attribute-plan.ts';
import { containersAround, type Containers } from './containers.ts';
import type { EntryMemory, Former } from './entry-memory.ts';
import { entriesUnder, fewEntriesUnder } from './entries-under.ts';
import { gone, remembered, updated, type ReadChange } from './feed-page.ts';
import { expired, feedAttributes, isLeftOut, isTold, modifierOf, type FeedScope } from './feed-scope.ts';
import { readRows } from '../ldap-scope.ts';
import { isFault } from '../read-entry.ts';

/** An entry to which something happened, under its present name; `isDeleted`: it lies among the deleted objects. */
export interface Touch {
  readonly guid: string;
  readonly dn: string;
  readonly isDeleted: boolean;
}

export interface TouchedWalk {
  readonly scope: FeedScope;
  readonly memory: EntryMemory;
  readonly signal: AbortSignal | undefined;
}

const TOUCHES_A_ROUND = 500;
const GUIDS_A_SEARCH = 50;
const NO_SUCH_OBJECT = 32;

export function touchOf(entry: LdapEntry): Touch {
  const isDeleted = /^true$/i.test(entry.text('isDeleted') ?? '') || entry.dn.includes('\\0ADEL:');
  return { guid: guidOf(entry), dn: entry.dn, isDeleted };
}

export function guidOf(entry: LdapEntry): string {
  return guidText(entry.value('objectGUID') ?? Buffer.alloc(0));
}

export function isGuidId({ uidAttribute }: FeedScope): boolean {
  return uidAttribute.toLowerCase() === 'objectguid';
}

/**
 * What may be an object of the scope, has been one, or has such below it. Wider than the scope: what an entry is now does not say
 * what it was.
 */
export function touchFilter({ entryClass }: FeedScope, containers: Containers | null): Filter {
  const classes = entryClass.objectClasses.filter((name) => name.toLowerCase() !== 'top');
  const own = classes.map((name) => equalTo('objectClass', name));
  if (own.length === 0) return entryClass.filter;
  return anyOf(...own, ...(containers === null ? [] : [containers.filter]));
}

/**
 * What became of entries to which something happened. They are read as they are now: those of the scope are told, those that are known
 * and no longer of it are gone. Below containers with other names everything is told.
 */
export async function* toldOfTouched(
  walk: TouchedWalk,
  touches: readonly Touch[],
): AsyncGenerator<readonly ReadChange[], void, undefined> {
  for (let from = 0; from < touches.length; from += TOUCHES_A_ROUND) {
    const some = new Map(touches.slice(from, from + TOUCHES_A_ROUND).map((touch) => [touch.guid, touch]));
    const alive = [...some.values()].filter(({ isDeleted }) => !isDeleted).map(({ guid }) => guid);
    const round = await openRound(walk, [...some.keys()], new Set(alive));
    yield await changesOf(walk, round);
    for (const place of await movedPlaces(walk, round, some)) yield* below(walk, place);
  }
}

/** Entries that are looked at together. */
interface Round {
  readonly guids: Set<string>;
  /** Those that are not among the deleted objects, for all that is known. */
  readonly alive: ReadonlySet<string>;
  readonly rows: Map<string, StoredObject | RowFault>;
  /** GUIDs of what changed by an account whose changes are left out. */
  readonly leftOut: Set<string>;
  /** Containers, with their names. */
  readonly places: Map<string, string>;
  readonly known: Map<string, Former>;
}

async function openRound(
  walk: TouchedWalk,
  guids: readonly string[],
  alive: ReadonlySet<string> = new Set(),
): Promise<Round> {
  const { memory, scope } = walk;
  const round: Round = {
    guids: new Set(),
    alive,
    rows: new Map(),
    leftOut: new Set(),
    places: new Map(),
    known: new Map(),
  };
  for (let next = guids; next.length > 0;) {
    for (const guid of next) round.guids.add(guid);
    for (const [guid, former] of await memory.ids(next)) round.known.set(guid, former);
    await readInto(walk, round, next);
    next = isGuidId(scope) ? [] : await formerHolders(walk, round, next);
  }
  return round;
}

/** Who had the ids that these have now, and is not looked at yet: it has another one, or is gone, and that is told first. */
async function formerHolders(
  { memory }: TouchedWalk,
  round: Round,
  guids: readonly string[],
): Promise<readonly string[]> {
  const taken = guids.flatMap((guid) => {
    const row = round.rows.get(guid);
    return row === undefined || row.id === null || row.id === round.known.get(guid)?.told ? [] : [row.id];
  });
  const holders = [...(await memory.holders(taken)).values()].flat();
  return [...new Set(holders)].filter((guid) => !round.guids.has(guid));
}

async function readInto({ scope, signal }: TouchedWalk, round: Round, guids: readonly string[]): Promise<void> {
  const containers = containersAround(scope);
  const searches: Promise<readonly LdapEntry[]>[] = [];
  for (let from = 0; from < guids.length; from += GUIDS_A_SEARCH)
    searches.push(byGuid(scope, containers, guids.slice(from, from + GUIDS_A_SEARCH), signal));
  const entries = (await Promise.all(searches)).flat();
  const own: LdapEntry[] = [];
  for (const entry of entries) {
    const isContainer = containers?.isContainer(entry) === true;
    if (isContainer) round.places.set(guidOf(entry), entry.dn);
    if (!isContainer || containers!.isOfScope(entry)) own.push(entry);
    if (isLeftOut(scope, modifierOf(entry))) round.leftOut.add(guidOf(entry));
  }
  const rows = await readRows(scope, own, signal);
  for (const [i, row] of rows.entries()) round.rows.set(guidOf(own[i]!), row);
}

async function byGuid(
  scope: FeedScope,
  containers: Containers | null,
  guids: readonly string[],
  signal?: AbortSignal,
): Promise<readonly LdapEntry[]> {
  const parts = guids.flatMap((guid) => guidBytes(guid) ?? []).map((bytes) => equalTo('objectGUID', bytes));
  if (parts.length === 0) return [];
  const filter = allOf(anyOf(...parts), containers?.filter ?? scope.filter);
  const attributes = feedAttributes(scope, 'objectGUID', 'objectClass');
  return fewEntriesUnder(scope, { filter, attributes, bases: scope.bases }, signal);
}

/** Who gives up an id comes before who takes it; what is gone comes first of all. */
async function changesOf({ scope, memory }: TouchedWalk, round: Round): Promise<readonly ReadChange[]> {
  const { guids, rows, known, leftOut } = round;
  const isKnown = memory.isComplete;
  if (!isKnown && !isGuidId(scope) && rows.size > 0)
    throw expired(scope, `which "${scope.uidAttribute}" the entries had is not known`);
  const lost: ReadChange[] = [];
  const changed = new Map<string, ReadChange>();
  for (const guid of guids) {
    const former = known.get(guid);
    const row = rows.get(guid);
    if (row === undefined) {
      const last = former ?? (isKnown || !isGuidId(scope) || round.places.has(guid) ? undefined : guid);
      if (last !== undefined) lost.push(gone(guid, last, round.alive.has(guid)));
    } else if (!isFault(row) || isTold(scope, row)) {
      const entry = { uuid: guid, id: row.id, former };
      const told = updated(entry, isFault(row) ? null : row.object);
      changed.set(guid, leftOut.has(guid) ? { change: null, entries: remembered(entry) } : told);
    }
  }
  const told = [...lost, ...inOrder(changed, known)];
  memory.tell(told.flatMap(({ entries }) => entries));
  return told;
}

function inOrder(changed: ReadonlyMap<string, ReadChange>, known: ReadonlyMap<string, Former>): readonly ReadChange[] {
  const former = new Map(
    [...known].flatMap(([guid, { told, moved }]) => [told, moved ?? told].map((id) => [id, guid] as const)),
  );
  const told = new Set<string>();
  const ordered: ReadChange[] = [];
  for (const first of changed.keys()) {
    const chain: string[] = [];
    for (let guid: string | undefined = first; guid !== undefined && changed.has(guid) && !told.has(guid);) {
      told.add(guid);
      chain.push(guid);
      guid = former.get(changed.get(guid)!.entries[0]!.id ?? '');
    }
    for (const guid of chain.toReversed()) ordered.push(changed.get(guid)!);
  }
  return ordered;
}

interface MovedPlace {
  readonly guid: string;
  /** Null: it was deleted. */
  readonly dn: string | null;
  readonly isInside: boolean;
}

async function movedPlaces(
  { memory }: TouchedWalk,
  { places }: Round,
  touches: ReadonlyMap<string, Touch>,
): Promise<readonly MovedPlace[]> {
  const guids = [...touches.keys()];
  const known = await memory.places(guids);
  return guids.flatMap((guid): readonly MovedPlace[] => {
    const dn = places.get(guid);
    if (dn !== undefined) return known.get(guid) === dn ? [] : [{ guid, dn, isInside: true }];
    if (!known.has(guid)) return [];
    const touch = touches.get(guid)!;
    return [{ guid, dn: touch.isDeleted ? null : touch.dn, isInside: false }];
  });
}

/** What is below a container that was renamed has other names, or is gone with it, and nobody says so. */
async function* below(
  walk: TouchedWalk,
  { guid, dn, isInside }: MovedPlace,
): AsyncGenerator<readonly ReadChange[], void, undefined> {
  const { scope, memory, signal } = walk;
  if (dn !== null) {
    const filter = touchFilter(scope, null);
    try {
      for await (const entries of entriesUnder(scope, { filter, attributes: ['objectGUID'], bases: [dn] }, signal)) {
        const guids = entries.map(guidOf).filter((one) => one !== guid);
        for (let from = 0; from < guids.length; from += TOUCHES_A_ROUND)
          yield await changesOf(walk, await openRound(walk, guids.slice(from, from + TOUCHES_A_ROUND)));
      }
    } catch (error) {
      // It is elsewhere by now: that is told next time.
      if (!(error instanceof LdapFailure) || error.result?.code !== NO_SUCH_OBJECT) throw error;
    }
  }
  const place = { change: null, entries: [{ uuid: guid, id: null, place: isInside ? dn : null }] };
  memory.tell(place.entries);
  yield [place];
}
