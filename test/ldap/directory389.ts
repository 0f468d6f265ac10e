import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ensureDirectoryServer, findProgram } from '../../scripts/install-directory-server.ts';
import { BASE_LDIF_389, dseLdif } from './directory389-config.ts';
import { freePort } from './free-port.ts';
import { startServerProcess, type ServerProcess } from './server-process.ts';

const run = promisify(execFile);
const SHARE = '/usr/share/dirsrv/data';
const SCHEMA = 'dn: cn=schema\nobjectclass: top\nobjectclass: ldapSubentry\nobjectclass: subschema\ncn: schema\n';

/** A private 389 Directory Server on 127.0.0.1, in a temporary directory: change log, RFC 4533, USN, memberOf are on. */
export interface Directory389 {
  readonly port: number;
  readonly directory: string;
  start(): Promise<void>;
  /** SIGKILL: as a crash. Default SIGTERM. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it, and removes its directory. */
  dispose(): Promise<void>;
}

/** Brings up a server with the base entries and `ldif`. Installs its package where that is missing and possible. */
export async function startDirectory389(ldif = ''): Promise<Directory389> {
  await ensureDirectoryServer('389ds');
  const directory = await mkdtemp(path.join(tmpdir(), 'lockstep-389ds-'));
  const port = await freePort();
  const config = path.join(directory, 'conf');
  await prepare(directory, port);
  const file = path.join(directory, 'ldif', 'load.ldif');
  await writeFile(file, `${BASE_LDIF_389}\n${ldif}`);
  const program = findProgram('ns-slapd')!;
  await run(program, ['ldif2db', '-D', config, '-n', 'userRoot', '-i', file]);
  let child: ServerProcess | null = null;
  const server: Directory389 = {
    port,
    directory,
    start: async () => {
      // -d 0: stays in the foreground, so that it ends with us.
      const args = ['-D', config, '-i', path.join(directory, 'run', 'slapd.pid'), '-d', '0'];
      child = await startServerProcess(program, args, port);
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
  await server.start();
  return server;
}

async function prepare(directory: string, port: number): Promise<void> {
  const folders = ['conf/schema', 'db', 'dbhome', 'bak', 'ldif', 'lock', 'log', 'run', 'tmp'];
  for (const name of folders) await mkdir(path.join(directory, name), { recursive: true });
  for (const name of ['slapd-collations.conf', 'certmap.conf']) {
    const source = path.join('/etc/dirsrv/config', name);
    const target = path.join(directory, 'conf', name);
    await (existsSync(source) ? copyFile(source, target) : writeFile(target, ''));
  }
  await writeFile(path.join(directory, 'conf', 'schema', '99user.ldif'), SCHEMA);
  const template = await readFile(path.join(SHARE, 'template-dse.ldif'), 'utf8');
  const suffix = await readFile(path.join(SHARE, 'template-suffix-db.ldif'), 'utf8');
  await writeFile(path.join(directory, 'conf', 'dse.ldif'), dseLdif(template, suffix, directory, port), {
    mode: 0o600,
  });
}
