import { resolveSrv } from 'node:dns/promises';
import type { SrvRecord } from 'node:dns';
import { Failure, messageOf } from '../../base/failure.ts';
import type { LdapAddress } from '../../ldap/client/ldap-address.ts';

export type ResolveSrv = (name: string) => Promise<readonly SrvRecord[]>;

/**
 * The servers that DNS names for a domain (`_ldap._tcp.<domain>`, RFC 2782), those to be tried first in front. `useDNSSRVRecord`. Rejects
 * with `unreachable`.
 */
export async function locateServers(domain: string, resolve: ResolveSrv = resolveSrv): Promise<readonly LdapAddress[]> {
  const name = `_ldap._tcp.${domain}`;
  const records = await resolve(name).catch((error: unknown) => {
    const text = `DNS has no servers for "host" ${domain} ("useDNSSRVRecord"): ${messageOf(error)}`;
    throw new Failure('unreachable', text, { retryable: true, isUncertain: false, cause: error });
  });
  const usable = records.filter((record) => record.name !== '' && record.name !== '.' && record.port > 0);
  if (usable.length === 0)
    throw new Failure('unreachable', `DNS says that "host" ${domain} has no LDAP servers ("useDNSSRVRecord")`);
  return usable
    .toSorted((a, b) => a.priority - b.priority || b.weight - a.weight)
    .map(({ name: host, port }) => ({ kind: 'tcp', host: host.replace(/\.$/, ''), port }));
}
