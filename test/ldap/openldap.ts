import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ensureDirectoryServer, findProgram } from '../../scripts/install-directory-server.ts';
import { makeCertificates, type TestCertificates } from './certificates.ts';
import { freePort } from './free-port.ts';
import { startServerProcess, type ServerProcess } from './server-process.ts';
import { ADMIN_DN, ADMIN_PASSWORD, BASE_LDIF, openLdapConfig, type OpenLdapSettings } from './openldap-config.ts';

const run = promisify(execFile);
const ATTEMPTS = 5;
const MAX_OUTPUT_BYTES = 512 * 1024 * 1024;

/** A private OpenLDAP server on 127.0.0.1, in a temporary directory. */
export interface OpenLdap {
  readonly port: number;
  readonly tlsPort: number;
  /** Path of its Unix socket. */
  readonly socket: string;
  readonly directory: string;
  readonly certificates: TestCertificates;
  /** The standard client, as the administrator unless `-D` is given: its output. */
  ldapsearch(...args: readonly string[]): Promise<string>;
  /** Loads entries. The server must not be running. */
  load(ldif: string): Promise<void>;
  start(): Promise<void>;
  /** SIGKILL: as a crash. Default SIGTERM. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it, and removes its directory. */
  dispose(): Promise<void>;
}

export interface OpenLdapOptions extends OpenLdapSettings {
  /** Entries to load before the first start, behind those of `BASE_LDIF`. */
  readonly ldif?: string;
}

/**
 * Brings up a server, ready for requests. Installs its package where that is missing and possible; otherwise rejects with an error that
 * says what to do.
 */
export async function startOpenLdap({ ldif, ...settings }: OpenLdapOptions = {}): Promise<OpenLdap> {
  await ensureDirectoryServer('openldap');
  const directory = await mkdtemp(path.join(tmpdir(), 'lockstep-slapd-'));
  const certificates = await makeCertificates();
  await prepare(directory, certificates, settings);
  for (let attempt = 1; ; attempt++) {
    const ports = { port: await freePort(), tlsPort: await freePort() };
    const server = openLdapIn(directory, certificates, ports);
    if (attempt === 1) await server.load(`${BASE_LDIF}\n${ldif ?? ''}`);
    try {
      await server.start();
      return server;
    } catch (thrown) {
      // Somebody else took the port in between.
      if (attempt === ATTEMPTS) throw thrown;
    }
  }
}

async function prepare(directory: string, certificates: TestCertificates, settings: OpenLdapSettings): Promise<void> {
  for (const name of ['db', 'accesslog', 'tls']) await mkdir(path.join(directory, name));
  const { ca, server } = certificates;
  await writeFile(path.join(directory, 'tls', 'ca.crt'), ca);
  await writeFile(path.join(directory, 'tls', 'server.crt'), server.cert);
  await writeFile(path.join(directory, 'tls', 'server.key'), server.key, { mode: 0o600 });
  await writeFile(path.join(directory, 'slapd.conf'), openLdapConfig(directory, settings), { mode: 0o600 });
}

function openLdapIn(
  directory: string,
  certificates: TestCertificates,
  ports: Pick<OpenLdap, 'port' | 'tlsPort'>,
): OpenLdap {
  const socket = path.join(directory, 'ldapi');
  const config = path.join(directory, 'slapd.conf');
  const url = `ldap://127.0.0.1:${ports.port}`;
  let child: ServerProcess | null = null;
  const server: OpenLdap = {
    ...ports,
    socket,
    directory,
    certificates,
    ldapsearch: (...args) => ldapsearch(url, args),
    load: async (ldif) => {
      const file = path.join(directory, 'load.ldif');
      await writeFile(file, ldif);
      await run(findProgram('slapadd')!, ['-q', '-f', config, '-b', 'dc=example,dc=org', '-l', file]);
    },
    start: async () => {
      const urls = `${url} ldaps://127.0.0.1:${ports.tlsPort} ldapi://${encodeURIComponent(socket)}`;
      // -d 0: stays in the foreground, so that it ends with us.
      const args = ['-d', '0', '-f', config, '-n', 'lockstep-test', '-h', urls];
      child = await startServerProcess(findProgram('slapd')!, args, ports.port);
    },
    stop: async (signal = 'SIGTERM') => {
      await child?.stop(signal);
      child = null;
    },
    dispose: async () => {
      await server.stop('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
  return server;
}

async function ldapsearch(url: string, args: readonly string[]): Promise<string> {
  const login = args.includes('-D') || args.includes('-Y') ? [] : ['-x', '-D', ADMIN_DN, '-w', ADMIN_PASSWORD];
  const all = ['-H', url, '-LLL', '-o', 'ldif_wrap=no', ...login, ...args];
  const { stdout } = await run(findProgram('ldapsearch')!, all, { maxBuffer: MAX_OUTPUT_BYTES });
  return stdout;
}
