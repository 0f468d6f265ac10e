import { INTEGER, OCTET_STRING } from '../ber/ber-tag.ts';
import { berFault } from '../ber/ber-fault.ts';
import type { LdapControl } from '../codec/message.ts';
import { readControl, sequenceControl } from './control-value.ts';

export const PERSISTENT_SEARCH = '2.16.840.1.113730.3.4.3';
export const ENTRY_CHANGE = '2.16.840.1.113730.3.4.7';

const CHANGE_TYPES = { add: 1, delete: 2, modify: 4, rename: 8 } as const;
export type ChangeType = keyof typeof CHANGE_TYPES;
const ALL: readonly ChangeType[] = ['add', 'delete', 'modify', 'rename'];

export interface EntryChange {
  readonly type: ChangeType;
  /** Only after a rename. */
  readonly previousDn: string | null;
  /** Only where the server keeps a change log and says so. */
  readonly changeNumber: number | null;
}

/** A search that goes on with changes (draft-ietf-ldapext-psearch). `changesOnly`: without what is there already. */
export function persistentSearchControl(changesOnly: boolean, types: readonly ChangeType[] = ALL): LdapControl {
  return sequenceControl(PERSISTENT_SEARCH, true, (writer) => {
    writer.integer(types.reduce((sum, type) => sum | CHANGE_TYPES[type], 0));
    writer.boolean(changesOnly);
    writer.boolean(true);
  });
}

/** What happened to an entry that a persistent search gave; null for one that was there already. */
export function readEntryChange(controls: readonly LdapControl[]): EntryChange | null {
  return readControl(controls, ENTRY_CHANGE, (reader) => {
    const number = reader.integer(reader.peekTag());
    const type = ALL.find((one) => CHANGE_TYPES[one] === number);
    if (type === undefined) throw berFault('a change of an unknown kind', reader.position);
    const previousDn = reader.peekTag() === OCTET_STRING ? reader.text() : null;
    return { type, previousDn, changeNumber: reader.peekTag() === INTEGER ? reader.integer() : null };
  });
}
