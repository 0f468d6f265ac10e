import type { LdapControl } from '../codec/message.ts';
import { readControl, sequenceControl } from './control-value.ts';

export const DIR_SYNC = '1.2.840.113556.1.4.841';

/** Flags of a DirSync request. They are added up. */
export const DIR_SYNC_FLAGS = {
  /** What the account may see, instead of everything: needs no replication right. */
  objectSecurity: 0x1,
  ancestorsFirst: 0x800,
  publicDataOnly: 0x2000,
  /** Only the changed values of linked attributes, as `member;range=1-1` (added) and `member;range=0-0` (removed). */
  incrementalValues: -0x8000_0000,
} as const;

export interface DirSyncRequest {
  readonly flags: number;
  /** Bytes that an answer may have; 0: what the server likes. */
  readonly maxBytes: number;
  /** Empty: from the beginning. */
  readonly cookie: Uint8Array;
}

export interface DirSyncResult {
  /** Ask again at once: there is more. */
  readonly hasMore: boolean;
  readonly cookie: Buffer;
}

/** Changes of a naming context of Active Directory ([MS-ADTS] 3.1.1.3.4.1.3). The search has to be based on the naming context. */
export function dirSyncControl({ flags, maxBytes, cookie }: DirSyncRequest): LdapControl {
  return sequenceControl(DIR_SYNC, true, (writer) => {
    writer.integer(flags | 0);
    writer.integer(maxBytes);
    writer.octets(cookie);
  });
}

export function readDirSync(controls: readonly LdapControl[]): DirSyncResult | null {
  return readControl(controls, DIR_SYNC, (reader) => {
    const more = reader.integer();
    reader.integer();
    return { hasMore: more !== 0, cookie: Buffer.from(reader.octets()) };
  });
}
