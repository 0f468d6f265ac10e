import { contextConstructed, contextPrimitive, BOOLEAN, ENUMERATED, OCTET_STRING, SET } from '../ber/ber-tag.ts';
import { BerReader } from '../ber/ber-reader.ts';
import { berFault } from '../ber/ber-fault.ts';
import type { IntermediateResponse, LdapControl } from '../codec/message.ts';
import { readControl, sequenceControl } from './control-value.ts';

export const SYNC_REQUEST = '1.3.6.1.4.1.4203.1.9.1.1';
export const SYNC_STATE = '1.3.6.1.4.1.4203.1.9.1.2';
export const SYNC_DONE = '1.3.6.1.4.1.4203.1.9.1.3';
export const SYNC_INFO = '1.3.6.1.4.1.4203.1.9.1.4';

export interface SyncRequest {
  readonly mode: 'refreshOnly' | 'refreshAndPersist';
  /** Opaque; null: from the beginning. */
  readonly cookie: Uint8Array | null;
  /** A full reload is welcome where the server cannot tell the changes. */
  readonly reloadHint?: boolean;
}

/** On every entry and reference. */
export interface SyncState {
  readonly state: 'present' | 'add' | 'modify' | 'delete';
  /** 16 bytes. */
  readonly uuid: Buffer;
  readonly cookie: Buffer | null;
}

/** On the result. */
export interface SyncDone {
  readonly cookie: Buffer | null;
  /** True: deletes were told. False: whatever was neither sent nor listed as present is gone. Not so on every server. */
  readonly refreshDeletes: boolean;
}

/** In between. */
export type SyncInfo =
  | { readonly kind: 'newCookie'; readonly cookie: Buffer }
  | { readonly kind: 'refreshDelete' | 'refreshPresent'; readonly cookie: Buffer | null; readonly refreshDone: boolean }
  | {
      readonly kind: 'idSet';
      readonly cookie: Buffer | null;
      /** True: these are gone. False: these are still there. */
      readonly refreshDeletes: boolean;
      /** 16 bytes each. */
      readonly uuids: readonly Buffer[];
    };

const STATES = ['present', 'add', 'modify', 'delete'] as const;
const UUID_BYTES = 16;

/** Content synchronization (RFC 4533 §2.2). Critical. */
export function syncRequestControl({ mode, cookie, reloadHint }: SyncRequest): LdapControl {
  return sequenceControl(SYNC_REQUEST, true, (writer) => {
    writer.enumerated(mode === 'refreshOnly' ? 1 : 3);
    if (cookie !== null) writer.octets(cookie);
    if (reloadHint === true) writer.boolean(true);
  });
}

/** RFC 4533 §2.3. Null where the entry has no such control. */
export function readSyncState(controls: readonly LdapControl[]): SyncState | null {
  return readControl(controls, SYNC_STATE, (reader) => {
    const state = STATES[reader.integer(ENUMERATED)];
    if (state === undefined) throw berFault('a sync state of an unknown kind', reader.position);
    return { state, uuid: readUuid(reader), cookie: optionalCookie(reader) };
  });
}

/** RFC 4533 §2.4. */
export function readSyncDone(controls: readonly LdapControl[]): SyncDone | null {
  return readControl(controls, SYNC_DONE, (reader) => {
    const cookie = optionalCookie(reader);
    return { cookie, refreshDeletes: optionalBoolean(reader, false) };
  });
}

/** RFC 4533 §2.5. Null for an intermediate response of another kind. */
export function readSyncInfo({ oid, value }: IntermediateResponse): SyncInfo | null {
  if (oid !== SYNC_INFO || value === null) return null;
  const reader = new BerReader(value);
  const tag = reader.peekTag();
  if (tag === contextPrimitive(0)) return { kind: 'newCookie', cookie: Buffer.from(reader.octets(tag)) };
  reader.enter(tag);
  const cookie = optionalCookie(reader);
  switch (tag) {
    case contextConstructed(1):
      return { kind: 'refreshDelete', cookie, refreshDone: optionalBoolean(reader, true) };
    case contextConstructed(2):
      return { kind: 'refreshPresent', cookie, refreshDone: optionalBoolean(reader, true) };
    case contextConstructed(3): {
      const refreshDeletes = optionalBoolean(reader, false);
      return { kind: 'idSet', cookie, refreshDeletes, uuids: readUuids(reader) };
    }
    default:
      return null;
  }
}

/** The usual text of 16 bytes: `01234567-89ab-cdef-0123-456789abcdef`. */
export function uuidText(uuid: Uint8Array): string {
  const hex = Buffer.from(uuid).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function readUuids(reader: BerReader): readonly Buffer[] {
  const uuids: Buffer[] = [];
  reader.enter(SET);
  while (!reader.isAtEnd) uuids.push(readUuid(reader));
  return uuids;
}

function readUuid(reader: BerReader): Buffer {
  const uuid = Buffer.from(reader.octets());
  if (uuid.length !== UUID_BYTES) throw berFault(`a UUID of ${uuid.length} bytes`, reader.position);
  return uuid;
}

function optionalCookie(reader: BerReader): Buffer | null {
  return reader.peekTag() === OCTET_STRING ? Buffer.from(reader.octets()) : null;
}

function optionalBoolean(reader: BerReader, otherwise: boolean): boolean {
  return reader.peekTag() === BOOLEAN ? reader.boolean() : otherwise;
}
