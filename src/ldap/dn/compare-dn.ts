import type { LdapValue } from '../codec/message.ts';
import { formatDn, formatValue } from './format-dn.ts';
import type { Dn, DnPart, Rdn } from './dn.ts';
import { parseDn } from './parse-dn.ts';

/** Names of one attribute, the short one first (RFC 4514 §3, RFC 4519). */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['2.5.4.3', 'cn'],
  ['commonname', 'cn'],
  ['2.5.4.4', 'sn'],
  ['surname', 'sn'],
  ['2.5.4.6', 'c'],
  ['countryname', 'c'],
  ['2.5.4.7', 'l'],
  ['localityname', 'l'],
  ['2.5.4.8', 'st'],
  ['stateorprovincename', 'st'],
  ['2.5.4.9', 'street'],
  ['streetaddress', 'street'],
  ['2.5.4.10', 'o'],
  ['organizationname', 'o'],
  ['2.5.4.11', 'ou'],
  ['organizationalunitname', 'ou'],
  ['0.9.2342.19200300.100.1.25', 'dc'],
  ['domaincomponent', 'dc'],
  ['0.9.2342.19200300.100.1.1', 'uid'],
  ['userid', 'uid'],
]);

/**
 * A text that is the same for all spellings of a DN: names of attributes, letter case, blanks, escapes, the order within an RDN. Values
 * are compared as most naming attributes are (caseIgnoreMatch, RFC 4518); two entries whose names differ only in letter case
 * under a case-exact attribute have the same key. Throws `Failure('invalid-data')`.
 */
export function dnKey(dn: Dn | string): string {
  return toDn(dn).map(rdnKey).join(',');
}

/** Do these name the same entry? Throws `Failure('invalid-data')`. */
export function isSameDn(a: Dn | string, b: Dn | string): boolean {
  return dnKey(a) === dnKey(b);
}

/** Is this the base, or below it? */
export function isWithin(dn: Dn | string, base: Dn | string): boolean {
  const names = toDn(dn);
  const above = toDn(base);
  return names.length >= above.length && dnKey(names.slice(names.length - above.length)) === dnKey(above);
}

/** The DN of the parent; null for the root. */
export function parentOf(dn: Dn | string): string | null {
  const names = toDn(dn);
  return names.length === 0 ? null : formatDn(names.slice(1));
}

/** The names between an entry and a base above it, and the new base instead: what a rename of the base makes of the entry. */
export function rebaseDn(dn: Dn | string, from: Dn | string, to: Dn | string): string {
  const names = toDn(dn);
  const above = toDn(from);
  return formatDn([...names.slice(0, names.length - above.length), ...toDn(to)]);
}

function toDn(dn: Dn | string): Dn {
  return typeof dn === 'string' ? parseDn(dn) : dn;
}

function rdnKey(rdn: Rdn): string {
  return rdn.map(partKey).sort().join('+');
}

function partKey(part: DnPart): string {
  const name = part.type.toLowerCase();
  return `${ALIASES.get(name) ?? name}=${formatValue({ ...part, value: foldValue(part.value) })}`;
}

function foldValue(value: LdapValue): LdapValue {
  if (typeof value !== 'string') return value;
  return value.normalize('NFKC').toLowerCase().normalize('NFKC').trim().replaceAll(/\s+/g, ' ');
}
