import type { LdapValue } from '../codec/message.ts';
import type { Dn, DnPart, Rdn } from './dn.ts';

// oxlint-disable-next-line no-control-regex
const SPECIAL = /["+,;<>\\=]|[\u0000-\u001F\u007F]/g;

/** The text of a DN (RFC 4514 §2). `parseDn` gives the same DN back. */
export function formatDn(dn: Dn): string {
  return dn.map(formatRdn).join(',');
}

/** The text of an RDN: `cn=a`, `cn=a+uid=b`. */
export function formatRdn(rdn: Rdn): string {
  return rdn.map((part) => `${part.type}=${formatValue(part)}`).join('+');
}

/** A value as it may stand in a DN, whatever it holds: so that an account named `a,ou=admins` stays one name. */
export function escapeDnValue(value: LdapValue): string {
  if (typeof value !== 'string') return Array.from(value, hexPair).join('');
  const escaped = value.toWellFormed().replaceAll(SPECIAL, escapeCharacter);
  // Outer blanks as hexadecimal: 389 Directory Server does not find again what it was told to rename to `\ a`.
  return escaped.replace(/^#/, String.raw`\#`).replaceAll(/^ | $/g, String.raw`\20`);
}

/** The value of a part as it stands in a DN. */
export function formatValue({ value, isBer }: DnPart): string {
  return isBer === true ? `#${Buffer.from(value as Uint8Array).toString('hex')}` : escapeDnValue(value);
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  return code < 0x20 || code === 0x7f ? hexPair(code) : `\\${character}`;
}

function hexPair(byte: number): string {
  return `\\${byte.toString(16).padStart(2, '0').toUpperCase()}`;
}
