import { decodeEntry } from './decode-entry.ts';
import type { LdapEntry } from './ldap-entry.ts';

/** The same entry in memory of its own, for those who keep few of many entries (see `LdapAttribute`). */
export function copyEntry({ encoded, controls }: LdapEntry): LdapEntry {
  const bytes = Buffer.allocUnsafeSlow(encoded.length);
  encoded.copy(bytes);
  const ownControls = controls.map((control) => ({ ...control, value: control.value && Buffer.from(control.value) }));
  return decodeEntry(bytes, 0, bytes.length, ownControls);
}
