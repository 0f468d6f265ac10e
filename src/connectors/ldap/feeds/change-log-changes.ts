import { Failure } from '../../../base/failure.ts';
import type { FeedChange } from '../../../model/change-feed.ts';
import { LdapFailure } from '../../../ldap/ldap-failure.ts';
import { dnKey, rebaseDn } from '../../../ldap/dn/compare-dn.ts';
import type { LdapEntry } from '../../../ldap/codec/ldap-entry.ts';
import type { LoggedChange } from './change-log-entry.ts';
import {
  changed,
  deleted,
  expired,
  feedAttributes,
  isInBases,
  isLeftOut,
  isTold,
  unread,
  type FeedScope,
} from './feed-scope.ts';
import { readRows } from '../ldap-scope.ts';
import { rowsBelow } from './rows-below.ts';
import { entryId, isFault } from '../read-entry.ts';

const NO_SUCH_OBJECT = 32;

/** What logged changes mean for the objects of a type. Entries are read as they are now; many at a time. */
export async function changesOf(
  scope: FeedScope,
  logged: readonly LoggedChange[],
  signal?: AbortSignal,
): Promise<readonly FeedChange[]> {
  const additions = new Map(logged.flatMap(({ type, dn, number }) => (type === 'add' ? [[dnKey(dn), number]] : [])));
  const told = await Promise.all(logged.map((change) => changesOfOne(scope, change, additions, signal)));
  return told.flatMap(resumable);
}

/** The number of the last change that created an entry of this name. */
type Additions = ReadonlyMap<string, number>;

/** Of several changes with one number only the last has its token: going on behind another one, they are told again. */
function resumable(changes: readonly FeedChange[]): readonly FeedChange[] {
  return changes.map((change, i) =>
    i === changes.length - 1 ? change : { ...change, token: Number(change.token) - 1 },
  );
}

async function changesOfOne(
  scope: FeedScope,
  change: LoggedChange,
  additions: Additions,
  signal?: AbortSignal,
): Promise<readonly FeedChange[]> {
  const { dn, newDn, type, number } = change;
  const [wasInside, isInside] = [isInBases(scope, dn), isInBases(scope, newDn)];
  if ((!wasInside && !isInside) || isLeftOut(scope, change.modifier) || !concerns(scope, change)) return [];
  if (type === 'delete') return [deleted(idBefore(scope, change), number)];
  if (!isInside) return [deleted(idBefore(scope, change), number)];
  const own = await presentState(scope, change, signal);
  const moved = type === 'rename' && dnKey(dn) !== dnKey(newDn) ? await below(scope, change, additions, signal) : [];
  return [...own, ...moved];
}

/** Only what is modified can be told by its attributes. */
function concerns({ directory }: FeedScope, { type, attributes }: LoggedChange): boolean {
  const wanted = directory.settings.sync.attributes;
  return type !== 'modify' || wanted.length === 0 || wanted.some((name) => attributes.has(name));
}

async function presentState(
  scope: FeedScope,
  change: LoggedChange,
  signal?: AbortSignal,
): Promise<readonly FeedChange[]> {
  const { newDn, dn, type, number } = change;
  const isNamed = scope.uidAttribute === 'dn';
  const previousId = isNamed && type === 'rename' ? dn : null;
  const entry = await readAt(scope, newDn, scope.filter, signal);
  if (entry !== null) {
    const [row] = await readRows(scope, [entry], signal);
    const kind = type === 'add' ? 'create' : 'update';
    if (!isFault(row!)) return [changed(kind, row!, previousId, number)];
    return isTold(scope, row) ? [unread(kind, row.id, previousId, number)] : [];
  }
  const other = await readAt(scope, newDn, undefined, signal);
  const id = other === null ? null : entryId(other, scope.uidAttribute);
  // It is there, but no longer one of these.
  if (id !== null) return type === 'add' ? [] : [{ ...deleted(previousId ?? id, number), isOutOfView: true }];
  // A later change says what became of it; by its name it is found only if this one is told.
  return previousId === null ? [] : [unread('update', newDn, previousId, number)];
}

async function readAt(
  scope: FeedScope,
  dn: string,
  filter: FeedScope['filter'] | undefined,
  signal?: AbortSignal,
): Promise<LdapEntry | null> {
  const attributes =
    filter === undefined ? [scope.uidAttribute === 'dn' ? '1.1' : scope.uidAttribute] : feedAttributes(scope);
  const wanted = attributes.length === 0 ? ['1.1'] : attributes;
  return scope.directory.read(async (connection) => {
    const query = { base: dn, scope: 'base', attributes: wanted, ...(filter === undefined ? {} : { filter }) } as const;
    try {
      for await (const items of connection.search(query, { signal }))
        for (const item of items) if (item.kind === 'entry') return item;
      return null;
    } catch (error) {
      if (error instanceof LdapFailure && error.result?.code === NO_SUCH_OBJECT) return null;
      throw error;
    }
  }, signal);
}

/** Entries below one that was renamed have new names, and nobody says so. Those that were created later are told by their own change. */
async function below(
  scope: FeedScope,
  { dn, newDn, number }: LoggedChange,
  additions: Additions,
  signal?: AbortSignal,
): Promise<readonly FeedChange[]> {
  const told: FeedChange[] = [];
  for await (const rows of rowsBelow(scope, newDn, signal))
    for (const { row, dn: ownDn } of rows) {
      if ((additions.get(dnKey(ownDn)) ?? 0) > number) continue;
      const previousId = scope.uidAttribute === 'dn' ? rebaseDn(row.id, newDn, dn) : null;
      told.push(changed('update', row, previousId, number));
    }
  return told;
}

/** The id of an entry that is gone, or elsewhere. */
function idBefore(scope: FeedScope, { dn, ids, number }: LoggedChange): string {
  const name = scope.uidAttribute.toLowerCase();
  if (name === 'dn') return dn;
  const id = ids.get(name);
  if (id !== undefined) return id;
  throw deletedWithoutId(scope, dn, number);
}

function deletedWithoutId(scope: FeedScope, dn: string, number: number): Failure {
  const remedy = `let the change log keep "${scope.uidAttribute}", or set "uidAttribute" to "dn"`;
  return expired(
    scope,
    `change ${number} deleted "${dn}", and the change log does not say which "${scope.uidAttribute}" it had; ${remedy}`,
  );
}
