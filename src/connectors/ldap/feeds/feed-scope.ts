import { Failure } from '../../../base/failure.ts';
import type { FeedChange } from '../../../model/change-feed.ts';
import type { Json } from '../../../base/json.ts';
import type { RowFault, StoredObject } from '../../../model/object-set.ts';
import type { LdapEntry } from '../../../ldap/codec/ldap-entry.ts';
import { isSameDn, isWithin } from '../../../ldap/dn/compare-dn.ts';
import { allOf, anyOf, equalTo, type Filter } from '../../../ldap/filter/filter.ts';
import type { ReadyScope } from '../ldap-scope.ts';

/** Which of the changes of a directory a type is told of. */
export interface FeedScope extends ReadyScope {
  readonly bases: readonly string[];
  /** What entries match that are told. */
  readonly filter: Filter;
}

/** `baseContextsToSynchronize`, `objectClassesToSynchronize` and the synchronization filters narrow what is told. */
export function feedScope(scope: ReadyScope): FeedScope {
  const { sync, baseContexts } = scope.directory.settings;
  const own = scope.entryClass.nativeType === '__GROUP__' ? sync.groupFilter : sync.accountFilter;
  const isAccount = scope.entryClass.nativeType === '__ACCOUNT__';
  const classes = isAccount ? sync.objectClasses.map((name) => equalTo('objectClass', name)) : [];
  const parts = [
    scope.entryClass.filter,
    ...(classes.length === 0 ? [] : [anyOf(...classes)]),
    ...(own === null ? [] : [own]),
  ];
  return { ...scope, bases: sync.baseContexts ?? baseContexts, filter: allOf(...parts) };
}

export function isInBases({ bases }: FeedScope, dn: string): boolean {
  try {
    return bases.some((base) => isWithin(dn, base));
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** Is it one of those whose changes are left out (`modifiersNamesToFilterOut`)? */
export function isLeftOut({ directory }: FeedScope, modifier: string | null): boolean {
  const { modifiersToLeaveOut } = directory.settings.sync;
  if (modifier === null || modifiersToLeaveOut.length === 0) return false;
  try {
    return modifiersToLeaveOut.some((name) => isSameDn(name, modifier));
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** Attributes to ask for: those of the type, and what the rules look at. */
export function feedAttributes({ plan, directory }: FeedScope, ...more: readonly string[]): readonly string[] {
  const modifiers = directory.settings.sync.modifiersToLeaveOut.length === 0 ? [] : ['modifiersName'];
  return [...plan.wanted.filter((name) => name !== '1.1'), ...modifiers, ...more];
}

export function modifierOf(entry: LdapEntry): string | null {
  return entry.text('modifiersName');
}

export function changed(
  kind: FeedChange['kind'],
  stored: Pick<StoredObject, 'id' | 'object'>,
  previousId: string | null,
  token: Json,
): FeedChange {
  return {
    kind,
    id: stored.id,
    previousId: previousId === stored.id ? null : previousId,
    object: stored.object,
    token,
  };
}

/** An entry that has changed, but is not known here: it is read from the set. */
export function unread(kind: FeedChange['kind'], id: string, previousId: string | null, token: Json): FeedChange {
  return { kind, id, previousId: previousId === id ? null : previousId, object: null, token };
}

export function deleted(id: string, token: Json): FeedChange {
  return { kind: 'delete', id, previousId: null, object: null, token };
}

export function expired({ path }: { readonly path: string }, why: string): Failure {
  return new Failure('expired', `${path}: ${why}`);
}

/**
 * An entry that cannot be read is told by its id alone: reading it fails for whoever handles the change, and that is a matter of the retry
 * policy. Without an id nobody could be told of it.
 */
export function isTold({ path, directory }: FeedScope, row: RowFault): row is RowFault & { readonly id: string } {
  if (row.id !== null) return true;
  directory.log.write('warn', `${path}: ${row.place} cannot be read, its change is passed over: ${row.message}`);
  return false;
}
