import type { BerWriter } from '../ber/ber-writer.ts';
import type { LdapControl } from './message.ts';
import { TAG } from './protocol-tag.ts';

/** Writes the controls of a message, nothing where there are none (RFC 4511 §4.1.11). */
export function encodeControls(writer: BerWriter, controls: readonly LdapControl[]): void {
  if (controls.length === 0) return;
  const list = writer.open(TAG.controls);
  for (const { oid, isCritical, value } of controls) {
    const start = writer.open();
    writer.octets(oid);
    if (isCritical) writer.boolean(true);
    if (value !== null) writer.octets(value);
    writer.close(start);
  }
  writer.close(list);
}
