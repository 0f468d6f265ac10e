import type { LdapConnectionOptions } from '../client/connection-options.ts';
import { openLdap, type LdapConnection } from '../client/ldap-connection.ts';
import type { FakeServer } from './fake-server.ts';

/** A connection to a fake server, anonymous and without TLS unless said otherwise. */
export function openTo(server: FakeServer, options: Partial<LdapConnectionOptions> = {}): Promise<LdapConnection> {
  return openLdap({ servers: [server.address], security: 'none', login: { kind: 'anonymous' }, ...options });
}
