import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Installs a directory server for tests from the system's packages, where it is missing: `node scripts/install-directory-server.ts openldap`.
 * The tests call the same function.
 */
export type DirectoryServerName = 'openldap' | '389ds' | 'samba';

interface Installable {
  readonly packages: readonly string[];
  readonly programs: readonly string[];
}

const SERVERS: Readonly<Record<DirectoryServerName, Installable>> = {
  openldap: { packages: ['slapd', 'ldap-utils'], programs: ['slapd', 'slapadd', 'ldapsearch'] },
  '389ds': { packages: ['389-ds-base'], programs: ['ns-slapd'] },
  samba: {
    packages: ['samba-ad-dc', 'samba-ad-provision', 'samba-dsdb-modules'],
    programs: ['samba', 'samba-tool'],
  },
};

const PLACES = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
const APT = findProgram('apt-get');
const INSTALL_MS = 300_000;
/** Where no server of packages answers, the tests are to say so soon. */
const PATIENCE = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20', '-o', 'Acquire::https::Timeout=20'];

/** The program's path, or null. Server programs are often not in a user's PATH. */
export function findProgram(name: string): string | null {
  return PLACES.map((place) => path.join(place, name)).find((file) => existsSync(file)) ?? null;
}

/** Throws an error that says what to do where the server is missing and cannot be installed. */
export async function ensureDirectoryServer(name: DirectoryServerName): Promise<void> {
  if (isInstalled(name)) return;
  await withLock(() => {
    if (!isInstalled(name)) install(name);
  });
  if (!isInstalled(name)) throw missing(name, 'its programs are missing after the installation');
}

function isInstalled(name: DirectoryServerName): boolean {
  return SERVERS[name].programs.every((program) => findProgram(program) !== null);
}

function install(name: DirectoryServerName): void {
  if (APT === null) throw missing(name, 'there is no apt-get');
  if (process.getuid?.() !== 0) throw missing(name, 'installing it needs root');
  process.stderr.write(`installing ${SERVERS[name].packages.join(', ')} for the tests …\n`);
  const isDone =
    apt('install', ...SERVERS[name].packages) || (apt('update') && apt('install', ...SERVERS[name].packages));
  if (!isDone) throw missing(name, 'apt-get could not install it');
}

function apt(command: string, ...packages: readonly string[]): boolean {
  const options = command === 'install' ? ['-y', '--no-install-recommends'] : [];
  const { status } = spawnSync(APT!, ['-q', ...PATIENCE, command, ...options, ...packages], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: INSTALL_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return status === 0;
}

/** Test files run in processes of their own, and only one of them can install. */
async function withLock(use: () => void): Promise<void> {
  const lock = path.join(tmpdir(), 'lockstep-install-directory-server');
  const giveUpAt = Date.now() + INSTALL_MS;
  while (!taken(lock)) {
    if (Date.now() > giveUpAt)
      throw new Error(`${lock} exists: another installation goes on; remove it if that is not so`);
    await sleep(200);
  }
  try {
    use();
  } finally {
    rmdirSync(lock);
  }
}

function taken(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

function missing(name: DirectoryServerName, why: string): Error {
  const { packages } = SERVERS[name];
  return new Error(
    `The tests need the directory server ${name}, and ${why}. Install the packages ${packages.join(', ')} of your system, ` +
      `or leave these tests out with LOCKSTEP_SKIP_SERVERS=${name}.`,
  );
}

if (import.meta.main) {
  const name = process.argv[2] ?? 'openldap';
  if (!Object.hasOwn(SERVERS, name)) throw new Error(`"${name}" is none of: ${Object.keys(SERVERS).join(', ')}`);
  await ensureDirectoryServer(name as DirectoryServerName);
}
