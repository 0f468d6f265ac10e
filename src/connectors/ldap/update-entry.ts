import { Failure } from '../../base/failure.ts';
import { NAME, type NativeObject } from '../../connector/object-type.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import { isSameDn, parentOf } from '../../ldap/dn/compare-dn.ts';
import { formatRdn } from '../../ldap/dn/format-dn.ts';
import { parseDn } from '../../ldap/dn/parse-dn.ts';
import { spellings, type NativeAttribute } from './attribute-plan.ts';
import { ensureInside, idAt } from './create-entry.ts';
import { entryWith } from './delete-entry.ts';
import { followMember, memberNames, setGroups } from './group-membership.ts';
import { wholeValues, type ReadyScope } from './ldap-scope.ts';
import { request } from './write-request.ts';
import { modifications, needsEntry, neededAttributes, valuesIn } from './modifications.ts';

interface Rename {
  readonly from: string;
  readonly to: string;
  readonly rdn: string;
  /** Null: the parent stays. */
  readonly newSuperior: string | null;
}

/**
 * Changes attributes and name. Where the name is the id it comes last: should one of the two fail, the entry is still found by the id
 * that is known. Attributes of the name are changed by the renaming, or behind it. Gives the id afterwards. Rejects with
 * `not-found`.
 */
export async function updateEntry(
  scope: ReadyScope,
  id: string,
  native: NativeObject,
  signal?: AbortSignal,
): Promise<string> {
  const { uidAttribute } = scope;
  const isRead = uidAttribute !== 'dn' || needsEntry(scope, native) || Object.keys(native).length === 0;
  const entry = isRead ? await entryWith(scope, id, neededAttributes(scope, native), signal) : null;
  const dn = entry?.dn ?? id;
  const rename = entry === null ? null : renameOf(scope, entry.dn, native);
  const changesPosixName = Object.keys(native).some((name) => name.toLowerCase() === 'uid');
  const isFollowed = rename !== null || changesPosixName;
  const names = isFollowed ? await memberNames(scope, dn, signal) : { dn, posixName: null };
  const ofName = rename === null ? [] : namingAttributes(scope, rename, native);
  const change = (name: string): Promise<void> => modify(scope, name, entry, without(native, ofName), signal);
  if (uidAttribute === 'dn') await change(dn);
  const finalDn = rename === null ? dn : await move(scope, rename, signal);
  if (uidAttribute !== 'dn') await change(finalDn);
  if (ofName.length > 0) await adjustNaming(scope, finalDn, only(native, ofName), signal);
  if (isFollowed) await followMember(scope, names, finalDn, signal);
  await setGroups(scope, finalDn, native, { isNew: false, signal });
  const isIdKept = rename === null && !Object.hasOwn(native, uidAttribute);
  return isIdKept ? (uidAttribute === 'dn' ? dn : id) : idAt(scope, finalDn, signal);
}

/** Null: the name stays. Where only the spelling of the parent differs, it does. */
function renameOf(scope: ReadyScope, from: string, native: NativeObject): Rename | null {
  const to = native[NAME];
  if (to === undefined || to === from) return null;
  if (typeof to !== 'string' || to === '') throw new Failure('bad-request', 'the name of an entry cannot be removed');
  ensureInside(scope, to);
  const [own] = parseDn(to);
  if (own === undefined) throw new Failure('invalid-data', 'an entry cannot become the root of the directory');
  const rdn = formatRdn(own);
  const newParent = parentOf(to)!;
  const isParentKept = isSameDn(parentOf(from)!, newParent);
  if (isParentKept && formatRdn(parseDn(from)[0]!) === rdn) return null;
  return { from, to, rdn, newSuperior: isParentKept ? null : newParent };
}

/** Native names of the attributes that the old or the new name is made of. */
function namingAttributes({ facts }: ReadyScope, { from, to }: Rename, native: NativeObject): readonly string[] {
  const types = [parseDn(from)[0]!, parseDn(to)[0]!].flat().flatMap(({ type }) => spellings(type, facts.schema));
  const naming = new Set(types);
  return Object.keys(native).filter((name) => naming.has(name.toLowerCase()));
}

function writeOptions(
  { directory }: ReadyScope,
  signal: AbortSignal | undefined,
): { readonly signal: AbortSignal | undefined; readonly timeoutMs: number } {
  return { signal, timeoutMs: directory.settings.timeouts.updateMs };
}

async function modify(
  scope: ReadyScope,
  dn: string,
  entry: LdapEntry | null,
  native: NativeObject,
  signal?: AbortSignal,
): Promise<void> {
  const whole = entry === null ? null : await wholeValues(scope.directory, entry, signal);
  const present = (attribute: NativeAttribute): readonly Buffer[] | null =>
    entry === null
      ? null
      : (whole?.get(attribute.nativeName.toLowerCase()) ?? valuesIn(entry, attribute, scope.facts.schema));
  const changes = modifications(scope, native, present);
  if (changes.length > 0)
    await request(scope, (connection) => connection.modify(dn, changes, writeOptions(scope, signal)), signal);
}

async function move(scope: ReadyScope, { from, to, rdn, newSuperior }: Rename, signal?: AbortSignal): Promise<string> {
  const options = { newSuperior, ...writeOptions(scope, signal) };
  await request(scope, (connection) => connection.rename(from, rdn, options), signal);
  return to;
}

/** The renaming has changed these; only what is still different is written. */
async function adjustNaming(scope: ReadyScope, dn: string, native: NativeObject, signal?: AbortSignal): Promise<void> {
  const entry = await scope.directory.read(
    (connection) => connection.read(dn, Object.keys(native), { signal }),
    signal,
  );
  if (entry === null) throw new Failure('incomplete-read', `"${dn}" was renamed, but cannot be read back`);
  const { plan, facts } = scope;
  const changes = modifications(scope, native, (attribute) => valuesIn(entry, attribute, facts.schema)).filter(
    ({ operation, name, values }) =>
      operation !== 'replace' || !isSameValues(values, valuesIn(entry, plan.attribute(name), facts.schema)),
  );
  if (changes.length > 0)
    await request(scope, (connection) => connection.modify(dn, changes, writeOptions(scope, signal)), signal);
}

function isSameValues(wanted: readonly (string | Uint8Array)[], present: readonly Buffer[]): boolean {
  const key = (value: string | Uint8Array): string => Buffer.from(value as string).toString('hex');
  const known = new Set(present.map(key));
  return wanted.length === known.size && wanted.every((value) => known.has(key(value)));
}

function without(native: NativeObject, names: readonly string[]): NativeObject {
  return Object.fromEntries(Object.entries(native).filter(([name]) => !names.includes(name)));
}

function only(native: NativeObject, names: readonly string[]): NativeObject {
  return Object.fromEntries(Object.entries(native).filter(([name]) => names.includes(name)));
}
