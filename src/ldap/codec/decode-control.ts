import type { BerReader } from '../ber/ber-reader.ts';
import { BOOLEAN, OCTET_STRING } from '../ber/ber-tag.ts';
import type { LdapControl } from './message.ts';
import { TAG } from './protocol-tag.ts';

const NONE: readonly LdapControl[] = [];

/** Reads the controls at the end of a message. What else stands there is passed over. */
export function decodeControls(reader: BerReader): readonly LdapControl[] {
  while (!reader.isAtEnd) {
    if (reader.peekTag() === TAG.controls) return decodeList(reader);
    reader.skip();
  }
  return NONE;
}

function decodeList(reader: BerReader): readonly LdapControl[] {
  const controls: LdapControl[] = [];
  const outer = reader.enter(TAG.controls);
  while (!reader.isAtEnd) {
    const one = reader.enter();
    const oid = reader.text();
    const isCritical = reader.peekTag() === BOOLEAN && reader.boolean();
    const value = reader.peekTag() === OCTET_STRING ? reader.octets() : null;
    reader.leave(one);
    controls.push({ oid, isCritical, value });
  }
  reader.leave(outer);
  return controls;
}
