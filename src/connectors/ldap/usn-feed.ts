import { Failure } from '../../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import type { ChangeFeed, FeedChange, FeedPage, FeedRequest } from '../../model/change-feed.ts';
import { entriesOf } from '../../ldap/client/entries-of.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import { FLAG_CONTROLS, flagControl } from '../../ldap/controls/plain-controls.ts';
import { isWithin } from '../../ldap/dn/compare-dn.ts';
import { allOf, anyOf, equalTo, type Filter } from '../../ldap/filter/filter.ts';
import { guidText } from './attribute-plan.ts';
import type { EntryMemory } from './entry-memory.ts';
import { deleted, expired, feedAttributes, type FeedScope } from './feed-scope.ts';
import { entriesIn } from './ldap-scan.ts';
import { readRows } from './ldap-scope.ts';
import { entryId, isFault } from './read-entry.ts';

/** Update sequence numbers belong to one domain controller. */
interface UsnToken {
  readonly server: string;
  readonly usn: string;
}

/**
 * Active Directory: what has an update sequence number above that of the token, and what was deleted since. Tokens name the domain
 * controller, since every one counts for itself; that of another one is `expired`. `memory` knows which id an entry had; it does not
 * outlive the process, and where ids are not GUIDs the first changes after a start are `expired`.
 */
export function usnFeed(scope: FeedScope, memory: EntryMemory): ChangeFeed {
  return {
    nativeType: 'object',
    latest: async (signal) => {
      const token = await presentToken(scope, signal);
      await remember(scope, memory, token, signal);
      return token;
    },
    changes: (after, request) => changes(scope, memory, after, request),
  };
}

async function presentToken({ directory, path }: FeedScope, signal?: AbortSignal): Promise<UsnToken & JsonObject> {
  const names = ['highestCommittedUSN', 'dsServiceName'];
  const dse = await directory.read((connection) => connection.read('', names, { signal }), signal);
  const usn = dse?.text('highestCommittedUSN') ?? null;
  if (usn === null || !/^\d{1,19}$/.test(usn))
    throw new Failure('incomplete-read', `${path}: the server does not tell its highestCommittedUSN`);
  return { server: dse?.text('dsServiceName') ?? '', usn };
}

/** Which id every entry has. */
async function remember(scope: FeedScope, memory: EntryMemory, token: Json, signal?: AbortSignal): Promise<void> {
  memory.clear();
  const request = signal === undefined ? {} : { signal };
  const attributes = scope.uidAttribute === 'dn' ? ['objectGUID'] : ['objectGUID', scope.uidAttribute];
  for await (const entries of found(scope, scope.filter, attributes, request))
    memory.put(entries.map((entry) => ({ uuid: guidOf(entry), id: entryId(entry, scope.uidAttribute) })));
  memory.complete(token);
}

async function* changes(
  scope: FeedScope,
  memory: EntryMemory,
  after: Json,
  request: FeedRequest,
): AsyncIterable<FeedPage> {
  const held = tokenOf(scope, after);
  memory.goOn(after);
  // Read before the search: what comes meanwhile is told again.
  const next = await presentToken(scope, request.signal);
  if (next.server !== held.server)
    throw expired(scope, `the token is of the domain controller ${held.server}, not of ${next.server}`);
  if (BigInt(next.usn) < BigInt(held.usn))
    throw expired(scope, 'the token is ahead of the domain controller: was it restored?');
  const told = await toldSince(scope, memory, held, request);
  if (told.length > 0 && !isGuid(scope) && !memory.isComplete)
    throw expired(scope, `which "${scope.uidAttribute}" the entries had is not known since the last start`);
  const { pageSize } = request;
  for (let from = 0; from === 0 || from < told.length; from += pageSize) {
    const part = told.slice(from, from + pageSize);
    const token = from + pageSize >= told.length ? next : (after as JsonObject);
    memory.telling(
      part.map(({ uuid, change }) => ({ uuid, id: change.kind === 'delete' ? null : change.id })),
      token,
    );
    yield { changes: part.map(({ change }) => ({ ...change, token })), token, isResumable: false };
    memory.handled();
  }
}

interface Told {
  readonly uuid: string;
  readonly change: FeedChange;
}

/** Deletes first: a name may have been given to another entry since. */
async function toldSince(
  scope: FeedScope,
  memory: EntryMemory,
  { usn }: UsnToken,
  request: FeedRequest,
): Promise<readonly Told[]> {
  const since: Filter = { kind: 'greaterOrEqual', attribute: 'uSNChanged', value: String(BigInt(usn) + 1n) };
  const changed = await changedSince(scope, memory, allOf(since, scope.filter), request);
  const moved = await belowChanged(scope, memory, since, request);
  const present = new Set([...changed, ...moved].map(({ uuid }) => uuid));
  const gone = await goneSince(scope, memory, since, present, request);
  return [...gone, ...changed, ...moved.filter(({ uuid }) => !changed.some((one) => one.uuid === uuid))];
}

async function changedSince(
  scope: FeedScope,
  memory: EntryMemory,
  filter: Filter,
  request: FeedRequest,
  bases = scope.bases,
): Promise<readonly Told[]> {
  const told: Told[] = [];
  for await (const entries of found(scope, filter, feedAttributes(scope, 'objectGUID'), request, bases)) {
    const rows = await readRows(scope, entries, request.signal);
    for (const [i, row] of rows.entries()) {
      if (isFault(row)) {
        const text = `${scope.path}: ${row.place} cannot be read, its change is passed over: ${row.message}`;
        scope.directory.log.write('warn', text);
        continue;
      }
      const uuid = guidOf(entries[i]!);
      const before = memory.ids.get(uuid);
      const previousId = before === undefined || before === row.id ? null : before;
      const { id, object } = row;
      told.push({ uuid, change: { kind: 'createOrUpdate', id, previousId, object, token: null } });
    }
  }
  return told;
}

/** What is below a container that was renamed has other names, and no new number. */
async function belowChanged(
  scope: FeedScope,
  memory: EntryMemory,
  since: Filter,
  request: FeedRequest,
): Promise<readonly Told[]> {
  const classes = anyOf(equalTo('objectClass', 'organizationalUnit'), equalTo('objectClass', 'container'));
  const told: Told[] = [];
  for await (const containers of found(scope, allOf(since, classes), ['objectGUID'], request))
    for (const { dn } of containers) told.push(...(await changedSince(scope, memory, scope.filter, request, [dn])));
  return told;
}

/** What was deleted, was moved elsewhere, or is no longer of the type. */
async function goneSince(
  scope: FeedScope,
  memory: EntryMemory,
  since: Filter,
  present: ReadonlySet<string>,
  { signal }: FeedRequest,
): Promise<readonly Told[]> {
  const { namingContexts } = scope.facts.rootDse;
  const contexts = namingContexts.filter((context) => scope.bases.some((base) => isWithin(base, context)));
  const controls = [flagControl(FLAG_CONTROLS.showDeleted)];
  const told: Told[] = [];
  for (const base of contexts) {
    const connection = await scope.directory.connections.own(signal);
    try {
      const query = { base, filter: since, attributes: ['objectGUID'] };
      for await (const entries of entriesOf(connection.pagedSearch(query, { controls, signal }), {
        references: 'skip',
      }))
        for (const entry of entries) {
          const uuid = guidOf(entry);
          const id = memory.isComplete ? memory.ids.get(uuid) : isGuid(scope) ? uuid : entry.dn;
          if (id !== undefined && !present.has(uuid)) told.push({ uuid, change: deleted(id, null) });
        }
    } finally {
      connection.close();
    }
  }
  return told;
}

function isGuid({ uidAttribute }: FeedScope): boolean {
  return uidAttribute.toLowerCase() === 'objectguid';
}

async function* found(
  scope: FeedScope,
  filter: Filter,
  attributes: readonly string[],
  request: Pick<FeedRequest, 'signal'>,
  bases: readonly string[] = scope.bases,
): AsyncGenerator<readonly LdapEntry[], void, undefined> {
  const connection = await scope.directory.connections.own(request.signal);
  try {
    yield* entriesIn(scope, connection, { filter, attributes, compiled: null, isChecked: false }, request, bases);
  } finally {
    connection.close();
  }
}

function tokenOf(scope: FeedScope, token: Json): UsnToken {
  if (isJsonObject(token) && typeof token['server'] === 'string' && /^\d{1,19}$/.test(String(token['usn'])))
    return { server: token['server'], usn: String(token['usn']) };
  throw expired(scope, 'the token is none of Active Directory');
}

function guidOf(entry: LdapEntry): string {
  return guidText(entry.value('objectGUID') ?? Buffer.alloc(0));
}
