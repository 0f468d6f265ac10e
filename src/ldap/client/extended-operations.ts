import { contextPrimitive } from '../ber/ber-tag.ts';
import { encodeBer } from '../ber/ber-writer.ts';
import { readSequence } from '../controls/control-value.ts';
import type { RequestOptions } from './connection-options.ts';
import type { LdapConnection } from './ldap-connection.ts';

const WHO_AM_I = '1.3.6.1.4.1.4203.1.11.3';
const PASSWORD_MODIFY = '1.3.6.1.4.1.4203.1.11.1';

/** Who the connection is: `dn:…`, `u:…`, or the empty text for anonymous (RFC 4532). */
export async function whoAmI(connection: LdapConnection, options?: RequestOptions): Promise<string> {
  const { value } = await connection.extended(WHO_AM_I, null, options);
  return value?.toString('utf8') ?? '';
}

export interface PasswordChange {
  /** Whose; default: that of the login. A DN on most servers. */
  readonly user?: string;
  readonly oldPassword?: string;
  /** Default: the server makes one. */
  readonly newPassword?: string;
}

/** Changes a password (RFC 3062). Gives the one that the server made, where it made one. */
export async function changePassword(
  connection: LdapConnection,
  { user, oldPassword, newPassword }: PasswordChange,
  options?: RequestOptions,
): Promise<string | null> {
  const request = encodeBer((writer) => {
    const start = writer.open();
    if (user !== undefined) writer.octets(user, contextPrimitive(0));
    if (oldPassword !== undefined) writer.octets(oldPassword, contextPrimitive(1));
    if (newPassword !== undefined) writer.octets(newPassword, contextPrimitive(2));
    writer.close(start);
  });
  const { value } = await connection.extended(PASSWORD_MODIFY, request, options);
  if (value === null || value.length === 0) return null;
  return readSequence(value, (reader) => (reader.isAtEnd ? null : reader.text(contextPrimitive(0))));
}
