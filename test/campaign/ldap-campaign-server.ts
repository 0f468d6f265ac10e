import { MANAGER_DN, MANAGER_PASSWORD } from '../ldap/directory389-config.ts';
import { startDirectory389 } from '../ldap/directory389.ts';
import { startOpenLdap } from '../ldap/openldap.ts';
import { SYNC_DN, SYNC_PASSWORD } from '../ldap/openldap-config.ts';
import type { CampaignServer } from './ldap-campaign.ts';

/** A server of its own for a campaign: `openldap`, `openldap-accesslog` (remembers deletes across its restarts), `389ds`. */
export async function campaignServer(kind: string): Promise<CampaignServer & { dispose(): Promise<void> }> {
  if (kind === '389ds') {
    const server = await startDirectory389();
    const login = () => ({ port: server.port, dn: MANAGER_DN, password: MANAGER_PASSWORD });
    return { ...server, login, stop: (signal) => server.stop(signal) };
  }
  const server = await startOpenLdap({ sessionLog: kind === 'openldap-accesslog' ? 'accesslog' : 'memory' });
  const login = () => ({ port: server.port, dn: SYNC_DN, password: SYNC_PASSWORD });
  return { ...server, login, stop: (signal) => server.stop(signal) };
}
