import { encodeBer } from '../ber/ber-writer.ts';
import { decodeEntry } from '../codec/decode-entry.ts';
import type { LdapEntry } from '../codec/ldap-entry.ts';
import { findControl, type LdapControl } from '../codec/message.ts';
import { BerReader } from '../ber/ber-reader.ts';
import { TAG } from '../codec/protocol-tag.ts';
import { SEQUENCE } from '../ber/ber-tag.ts';
import { asBuffer } from './control-value.ts';

export const PRE_READ = '1.3.6.1.1.13.1';
export const POST_READ = '1.3.6.1.1.13.2';

/** Asks a write for the entry before it was changed (RFC 4527): with `modify`, `delete`, `rename`. */
export function preReadControl(attributes: readonly string[], isCritical = false): LdapControl {
  return { oid: PRE_READ, isCritical, value: attributeList(attributes) };
}

/** Asks a write for the entry as it is afterwards (RFC 4527): with `add`, `modify`, `rename`. */
export function postReadControl(attributes: readonly string[], isCritical = false): LdapControl {
  return { oid: POST_READ, isCritical, value: attributeList(attributes) };
}

/** The entry that a result brought along; null where the server does not know the control. */
export function readPreRead(controls: readonly LdapControl[]): LdapEntry | null {
  return readEntryValue(findControl(controls, PRE_READ));
}

export function readPostRead(controls: readonly LdapControl[]): LdapEntry | null {
  return readEntryValue(findControl(controls, POST_READ));
}

function attributeList(attributes: readonly string[]): Buffer {
  return encodeBer((writer) => {
    const start = writer.open();
    for (const name of attributes) writer.octets(name);
    writer.close(start);
  });
}

/** The value is a search result entry; some servers write its tag as a plain sequence. */
function readEntryValue(control: LdapControl | null): LdapEntry | null {
  if (control === null || control.value === null) return null;
  const reader = new BerReader(asBuffer(control.value));
  const tag = reader.peekTag();
  reader.enter(tag === SEQUENCE ? SEQUENCE : TAG.searchEntry);
  return decodeEntry(reader.bytes, reader.position, reader.end, []);
}
