import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ensureDirectoryServer, findProgram } from '../../scripts/install-directory-server.ts';
import { startServerProcess } from './server-process.ts';

const run = promisify(execFile);

export const DOMAIN = 'DC=ad,DC=example,DC=org';
export const ADMINISTRATOR = 'Administrator@AD.EXAMPLE.ORG';
export const ADMINISTRATOR_PASSWORD = 'Passw0rd!23';

/** A private domain controller (Samba, its LDAP service only) in a temporary directory. */
export interface SambaServer {
  /** An address of the loopback network; its port is 389, which is fixed in Samba. */
  readonly host: string;
  dispose(): Promise<void>;
}

export { canRunSamba } from './skipped-servers.ts';

/** Brings up a domain `ad.example.org` without users. Passwords may be written without TLS. */
export async function startSamba(): Promise<SambaServer> {
  await ensureDirectoryServer('samba');
  const directory = await mkdtemp(path.join(tmpdir(), 'lockstep-samba-'));
  // Several test processes may each have one.
  const host = `127.77.${(process.pid >> 8) & 255}.${Math.max(1, process.pid & 255)}`;
  await provision(directory, host);
  const config = path.join(directory, 'lockstep.conf');
  await writeFile(config, settings(directory, host));
  await mkdir(path.join(directory, 'cache'), { recursive: true });
  const args = ['-F', '--no-process-group', '-M', 'single', '-s', config];
  const child = await startServerProcess(findProgram('samba')!, args, 389, host);
  return {
    host,
    dispose: async () => {
      await child.stop('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function provision(directory: string, host: string): Promise<void> {
  const options = {
    targetdir: directory,
    realm: 'AD.EXAMPLE.ORG',
    domain: 'EXAMPLE',
    'server-role': 'dc',
    'dns-backend': 'NONE',
    adminpass: ADMINISTRATOR_PASSWORD,
    'host-name': 'dc1',
    'host-ip': host,
  };
  const args = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  await run(findProgram('samba-tool')!, ['domain', 'provision', ...args, '--use-rfc2307', '--plaintext-secrets']);
}

function settings(base: string, host: string): string {
  return `[global]
  realm = AD.EXAMPLE.ORG
  workgroup = EXAMPLE
  netbios name = DC1
  server role = active directory domain controller
  server services = ldap
  interfaces = ${host}/8
  bind interfaces only = yes
  disable netbios = yes
  private dir = ${base}/private
  state directory = ${base}/state
  cache directory = ${base}/cache
  lock directory = ${base}
  pid directory = ${base}
  ncalrpc dir = ${base}/ncalrpc
  binddns dir = ${base}/bind-dns
  log file = ${base}/log
  ldap server require strong auth = no
  tls enabled = no
`;
}
