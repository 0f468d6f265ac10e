import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startOpenLdap } from '../test/ldap/openldap.ts';
import { peopleLdif } from './ldap/directory-people.ts';
import { writeAddress } from './ldap/ldap-project.ts';
import { measureIn, show } from './series.ts';

/** Directories: `node bench/ldap.ts --count 100000 --rounds 3 --seed 1 [--jobs ldap-live,ldap-push]`, over an OpenLDAP server of its own. */
const { values } = parseArgs({
  options: {
    count: { type: 'string' },
    rounds: { type: 'string' },
    seed: { type: 'string' },
    jobs: { type: 'string' },
  },
});
const [count, rounds, seed] = [Number(values.count ?? 100_000), Number(values.rounds ?? 3), Number(values.seed ?? 1)];
const ALL = [
  'ldap-bare-search',
  'ldap-client-read',
  'ldap-connector-read',
  'ldap-first-load',
  'ldap-unchanged',
  'ldap-bare-add',
  'ldap-create',
  'ldap-live-first',
  'ldap-bare-modify',
  'ldap-live',
  'ldap-push',
];
const directory = mkdtempSync(path.join(tmpdir(), 'lockstep-bench-ldap-'));
const server = await startOpenLdap({
  ldif: peopleLdif(count, seed),
  extraLines: ['moduleload back_monitor', 'database monitor'],
});
try {
  writeAddress(directory, { port: server.port });
  show(await measureIn(directory, values.jobs?.split(',') ?? ALL, { count, rounds, seed }), rounds);
} finally {
  await server.dispose();
  rmSync(directory, { recursive: true, force: true });
}
