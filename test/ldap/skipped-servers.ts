import type { DirectoryServerName } from '../../scripts/install-directory-server.ts';

/** Servers that are left out by name: `LOCKSTEP_SKIP_SERVERS=389ds,openldap`. Everything else has to be there. */
export function isServerSkipped(name: DirectoryServerName): boolean {
  return (process.env['LOCKSTEP_SKIP_SERVERS'] ?? '').split(',').some((one) => one.trim() === name);
}
