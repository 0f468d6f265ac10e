import { uuidText } from '../../../ldap/controls/sync-request.ts';
import type { LdapEntry } from '../../../ldap/codec/ldap-entry.ts';
import { allOf, anyOf, equalTo } from '../../../ldap/filter/filter.ts';
import type { FeedScope } from './feed-scope.ts';
import { entriesUnder, fewEntriesUnder } from './entries-under.ts';

const UUIDS_A_SEARCH = 50;

/**
 * Servers of Netscape's line name entries by nsUniqueId, tell differences whatever they say at the end, and leave out operational
 * attributes.
 */
export function isNetscape({ facts }: FeedScope): boolean {
  return facts.rootDse.vendorName !== null;
}

/** The UUID of an entry in hexadecimal, as content synchronization names it; null where the server does not show it. */
export function uuidOf(scope: FeedScope, entry: LdapEntry): string | null {
  return entry.text(attributeOf(scope))?.replaceAll('-', '').toLowerCase() ?? null;
}

/** How ids follow from the UUIDs of content synchronization; null: they do not. */
export function idOfUuid(scope: FeedScope): ((uuid: string) => string) | null {
  return scope.uidAttribute.toLowerCase() === attributeOf(scope).toLowerCase() ? (uuid) => textOf(scope, uuid) : null;
}

/** The UUIDs of everything that is of the scope now. */
export async function uuidsOfScope(scope: FeedScope, signal?: AbortSignal): Promise<ReadonlySet<string>> {
  const uuids = new Set<string>();
  const request = { filter: scope.filter, attributes: [attributeOf(scope)], bases: scope.bases };
  for await (const entries of entriesUnder(scope, request, signal))
    for (const entry of entries) uuids.add(uuidOf(scope, entry) ?? '');
  return uuids;
}

/** Those of the UUIDs whose entries are under the bases now: of the scope, or of any kind. */
export async function uuidsPresent(
  scope: FeedScope,
  uuids: readonly string[],
  of: 'scope' | 'anything',
  signal?: AbortSignal,
): Promise<ReadonlySet<string>> {
  const present = new Set<string>();
  const name = attributeOf(scope);
  for (let from = 0; from < uuids.length; from += UUIDS_A_SEARCH) {
    const some = uuids.slice(from, from + UUIDS_A_SEARCH).map((uuid) => equalTo(name, textOf(scope, uuid)));
    const filter = of === 'scope' ? allOf(anyOf(...some), scope.filter) : anyOf(...some);
    const request = { filter, attributes: [name], bases: scope.bases };
    for (const entry of await fewEntriesUnder(scope, request, signal)) present.add(uuidOf(scope, entry) ?? '');
  }
  return present;
}

function attributeOf(scope: FeedScope): string {
  return isNetscape(scope) ? 'nsUniqueId' : 'entryUUID';
}

function textOf(scope: FeedScope, uuid: string): string {
  return isNetscape(scope)
    ? uuid.replace(/^(.{8})(.{8})(.{8})(.{8})$/, '$1-$2-$3-$4')
    : uuidText(Buffer.from(uuid, 'hex'));
}
