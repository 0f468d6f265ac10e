import { Failure } from '../../base/failure.ts';
import { NAME, type NativeObject } from '../../connector/object-type.ts';
import { postReadControl, readPostRead } from '../../ldap/controls/read-entry.ts';
import { isWithin } from '../../ldap/dn/compare-dn.ts';
import { LdapFailure } from '../../ldap/ldap-failure.ts';
import { setGroups } from './group-membership.ts';
import type { ReadyScope } from './ldap-scope.ts';
import { request } from './write-request.ts';
import { newEntry } from './modifications.ts';
import { entryId } from './read-entry.ts';

/** Creates an entry under the name that it is given; its id. */
export async function createEntry(scope: ReadyScope, native: NativeObject, signal?: AbortSignal): Promise<string> {
  const dn = native[NAME];
  const { uidAttribute, facts, directory } = scope;
  if (typeof dn !== 'string' || dn === '')
    throw new Failure(
      'bad-request',
      'a new entry needs a name: map its DN to the attribute with the nativeName __NAME__',
    );
  ensureInside(scope, dn);
  const wantsId = uidAttribute !== 'dn' && facts.hasPostRead;
  const timeoutMs = directory.settings.timeouts.createMs;
  const options = { signal, timeoutMs, ...(wantsId ? { controls: [postReadControl([uidAttribute])] } : {}) };
  const attributes = newEntry(scope, dn, native);
  let controls;
  try {
    ({ controls } = await request(scope, (connection) => connection.add(dn, attributes, options), signal));
  } catch (error) {
    throw withParent(error, dn);
  }
  const told = wantsId ? readPostRead(controls) : null;
  try {
    await setGroups(scope, dn, native, { isNew: true, signal });
    if (uidAttribute === 'dn') return await spelledName(scope, dn, signal);
    return (told === null ? null : entryId(told, uidAttribute)) ?? (await idAt(scope, dn, signal));
  } catch (error) {
    throw afterwards(error, dn);
  }
}

/** The entry is there: whoever creates it again would be told so. */
function afterwards(error: unknown, dn: string): unknown {
  if (!(error instanceof Failure)) return error;
  const { code, message, detail } = error;
  return new Failure(code, `"${dn}" was created, but then: ${message}`, {
    cause: error,
    isUncertain: true,
    ...(detail === undefined ? {} : { detail }),
  });
}

const PLAIN_NAME = /^([A-Za-z][\w-]*)=[A-Za-z0-9][A-Za-z0-9.@_-]*,(.+)$/;
const MAX_PLACES = 1000;

/**
 * The name as the server spells it. It is read back, unless a name of the same kind in the same place came back as it was sent, and there
 * is nothing in this one that could be spelled otherwise.
 */
async function spelledName(scope: ReadyScope, dn: string, signal?: AbortSignal): Promise<string> {
  const match = PLAIN_NAME.exec(dn);
  const place = match === null ? null : `${match[1]!} ${match[2]!}`;
  if (place !== null && scope.spelledPlaces.has(place)) return dn;
  const id = await idAt(scope, dn, signal);
  if (place !== null && id === dn && scope.spelledPlaces.size < MAX_PLACES) scope.spelledPlaces.add(place);
  return id;
}

/** What is created elsewhere would never be seen again. Throws `Failure('invalid-data')`, also for what is no name. */
export function ensureInside({ directory }: ReadyScope, dn: string): void {
  const { baseContexts } = directory.settings;
  if (baseContexts.some((base) => isWithin(dn, base))) return;
  throw new Failure('invalid-data', `"${dn}" is outside of "baseContexts" (${baseContexts.join(', ')})`);
}

/** The id of the entry with this name, as reads tell it. */
export async function idAt({ directory, uidAttribute }: ReadyScope, dn: string, signal?: AbortSignal): Promise<string> {
  const attributes = [uidAttribute === 'dn' ? '1.1' : uidAttribute];
  const entry = await directory.read((connection) => connection.read(dn, attributes, { signal }), signal);
  const id = entry === null ? null : entryId(entry, uidAttribute);
  if (id !== null) return id;
  const why = entry === null ? 'it cannot be read back' : `it has no ${uidAttribute} ("uidAttribute")`;
  throw new Failure('incomplete-read', `"${dn}" was written, but ${why}: the account may not be allowed to see it`);
}

function withParent(error: unknown, dn: string): unknown {
  if (!(error instanceof LdapFailure) || error.code !== 'not-found') return error;
  return new Failure('invalid-data', `"${dn}" cannot be created, since its parent does not exist (${error.message})`, {
    cause: error,
  });
}
