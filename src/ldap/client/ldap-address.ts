import { Failure } from '../../base/failure.ts';

/** Where a server listens: a host and port, or a Unix socket (`ldapi`). */
export type LdapAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'local'; readonly path: string };

/** An address out of a URL, and whether it asks for TLS from the first byte. */
export interface LdapTarget {
  readonly address: LdapAddress;
  readonly isTls: boolean;
}

const PORTS = { 'ldap:': 389, 'ldaps:': 636 } as const;

/**
 * Reads `ldap://host:port`, `ldaps://host`, `ldap://[::1]:389` or `ldapi://%2Frun%2Fldapi`. What follows the address (DN, attributes,
 * filter: RFC 4516) is passed over. Throws `Failure('bad-configuration')`.
 */
export function parseLdapUrl(text: string): LdapTarget {
  const local = /^ldapi:\/\/([^/?]*)/i.exec(text);
  if (local !== null)
    return { address: { kind: 'local', path: decoded(local[1]!, text) || '/run/ldapi' }, isTls: false };
  const match = /^(ldaps?:)\/\/(\[[0-9a-f:.]+\]|[^/?:[\]@\s]*)(?::(\d{1,5}))?(?:[/?]|$)/i.exec(text);
  if (match === null) throw noUrl(text);
  const scheme = match[1]!.toLowerCase() as keyof typeof PORTS;
  const port = match[3] === undefined ? PORTS[scheme] : Number(match[3]);
  if (port < 1 || port > 65_535) throw noUrl(text);
  const host = decoded(match[2]!, text).replace(/^\[(.*)\]$/, '$1') || 'localhost';
  return { address: { kind: 'tcp', host, port }, isTls: scheme === 'ldaps:' };
}

/** For messages: `host:port`, or the path of the socket. */
export function shownAddress(address: LdapAddress): string {
  if (address.kind === 'local') return address.path;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function decoded(part: string, url: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw noUrl(url);
  }
}

function noUrl(text: string): Failure {
  return new Failure(
    'bad-configuration',
    `"${text}" is no address of an LDAP server; write ldap://host:port or ldaps://host:port`,
  );
}
