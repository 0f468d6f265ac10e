import { Failure } from '../../base/failure.ts';
import { NAME, type NativeObject } from '../../connector/object-type.ts';
import { dnKey } from '../../ldap/dn/compare-dn.ts';
import { parseDn } from '../../ldap/dn/parse-dn.ts';
import type { ObjectWrite, WriteOutcome } from '../../model/object-set.ts';
import { createEntry } from './create-entry.ts';
import { deleteEntry } from './delete-entry.ts';
import { entriesByUid } from './ldap-lookup.ts';
import type { ReadyScope } from './ldap-scope.ts';
import { entryId } from './read-entry.ts';
import { updateEntry } from './update-entry.ts';
import { inOrder, writeOrder, type WritePlace } from './write-order.ts';

/** A write, with its attributes as the directory knows them. */
export type NativeWrite =
  | { readonly kind: 'create'; readonly native: NativeObject }
  | { readonly kind: 'update'; readonly id: string; readonly native: NativeObject }
  | { readonly kind: 'delete'; readonly id: string };

/** Performs the writes, many at a time; those about the same entries, or about parents and children, in their order. */
export async function writeEntries(
  scope: ReadyScope,
  writes: readonly ObjectWrite[],
  signal?: AbortSignal,
): Promise<readonly WriteOutcome[]> {
  const natives = writes.map((write) => toNative(scope, write));
  // Where the server cannot be reached at all nothing has happened.
  await scope.directory.connections.shared('write 0', signal);
  const places = await placesOf(scope, natives, signal);
  return inOrder(writeOrder(places), async (i): Promise<WriteOutcome> => {
    const native = natives[i]!;
    if (native instanceof Failure) return refusal(scope, writes[i]!, native);
    try {
      signal?.throwIfAborted();
      return { ok: true, id: await perform(scope, native, signal), rev: null };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return refusal(scope, writes[i]!, error);
    }
  });
}

function toNative({ type }: ReadyScope, write: ObjectWrite): NativeWrite | Failure {
  try {
    if (write.kind === 'delete') return { kind: 'delete', id: write.id };
    if (write.kind === 'update')
      return { kind: 'update', id: write.id, native: type.toUpdate(write.object, write.changed) };
    return { kind: 'create', native: type.toCreate(write.object) };
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

function perform(scope: ReadyScope, write: NativeWrite, signal?: AbortSignal): Promise<string> {
  switch (write.kind) {
    case 'create':
      return createEntry(scope, write.native, signal);
    case 'update':
      return updateEntry(scope, write.id, write.native, signal);
    case 'delete':
      return deleteEntry(scope, write.id, signal);
  }
}

function refusal({ path }: ReadyScope, write: ObjectWrite, { code, message, isUncertain }: Failure): WriteOutcome {
  const what = write.kind === 'create' ? '' : `${path}/${write.id}: `;
  return { ok: false, code, message: message.startsWith(what) ? message : `${what}${message}`, isUncertain };
}

/** What each write is about, found out for all of them at once. */
async function placesOf(
  scope: ReadyScope,
  writes: readonly (NativeWrite | Failure)[],
  signal?: AbortSignal,
): Promise<readonly WritePlace[]> {
  const { uidAttribute } = scope;
  const isNamed = uidAttribute === 'dn';
  if (writes.length === 1) return [{ keys: [], paths: [] }];
  const ids = isNamed
    ? []
    : writes.flatMap((write) => (write instanceof Failure || write.kind === 'create' ? [] : [write.id]));
  const entries = await entriesByUid(scope, [...new Set(ids)], [uidAttribute], signal);
  const names = new Map(entries.map((entry) => [entryId(entry, uidAttribute), entry.dn]));
  return writes.map((write): WritePlace => {
    if (write instanceof Failure) return { keys: [], paths: [] };
    const dns: (string | undefined)[] = [];
    const keys: string[] = [];
    if (write.kind !== 'create') {
      if (!isNamed) keys.push(write.id.toLowerCase());
      dns.push(isNamed ? write.id : names.get(write.id));
    }
    if (write.kind !== 'delete') {
      const [name, uid] = [write.native[NAME], write.native[uidAttribute]];
      if (typeof name === 'string') dns.push(name);
      if (typeof uid === 'string') keys.push(uid.toLowerCase());
    }
    return { keys, paths: dns.flatMap((dn) => (dn === undefined ? [] : [pathOf(dn)])) };
  });
}

/** Keys of the name and of those above it. */
function pathOf(dn: string): readonly string[] {
  try {
    const rdns = parseDn(dn).map((rdn) => dnKey([rdn]));
    return rdns.map((_, i) => rdns.slice(i).join(','));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [dn];
  }
}
