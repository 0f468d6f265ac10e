import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../src/base/log.ts';
import type { Lockstep } from '../../src/app/lockstep.ts';
import { startRun } from '../../src/app/runs.ts';
import { openAs, type DirectoryLogin } from '../ldap/conformance-subject.ts';
import { CONTEXT } from '../live/kill-project.ts';
import {
  COPIES,
  INWARD,
  openLdapCampaignProject,
  OUTWARD,
  PEOPLE,
  writeLdapCampaignProject,
  type LdapCampaignProject,
} from './ldap-campaign-project.ts';
import { Tempest } from './ldap-tempest.ts';
import { randomSource } from './push-project.ts';

/** What one kill of a process that follows a directory in a storm of changes came to. */
export interface LdapRound {
  readonly killedAfterMs: number;
  /** The directory was killed, too, and started again. */
  readonly isServerKilled: boolean;
  readonly differences: readonly string[];
  /** LiveSync could not go on where it had stopped. */
  readonly isReconciled: boolean;
}

/** A directory that can be killed. */
export interface CampaignServer {
  readonly login: () => DirectoryLogin;
  stop(signal: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
}

export interface LdapCampaignOptions {
  readonly server: CampaignServer;
  /** The connector's setting of that name for the people. */
  readonly uidAttribute: string;
  readonly mode: 'calls' | 'push';
  readonly rounds: number;
  readonly seed: number;
  /** Kills come up to so long after the process has begun. Default 1500. */
  readonly longestMs?: number;
  /** In which share of the rounds the directory is killed, too. Default 0.25. */
  readonly serverDeaths?: number;
  readonly onRound?: (round: LdapRound, index: number) => void;
}

const CHILD = path.join(import.meta.dirname, 'ldap-child.ts');
const ATTEMPTS = 50;

/**
 * Kills, with SIGKILL at random instants, a process that brings the changes of a directory in while it is changed in every way; sometimes
 * the directory, too. Then everything is quiet, the project catches up by LiveSync alone, and the managed users and the
 * copies in the directory must be what the people are; reconciliations of both mappings must find nothing to do.
 */
export async function ldapCampaign(options: LdapCampaignOptions): Promise<readonly LdapRound[]> {
  const { server, uidAttribute, rounds, seed, onRound, longestMs = 1500, serverDeaths = 0.25 } = options;
  const home = mkdtempSync(path.join(tmpdir(), 'lockstep-ldap-campaign-'));
  try {
    writeLdapCampaignProject(home, server.login(), uidAttribute);
    await Tempest.prepare(server.login());
    const random = randomSource(seed);
    const results: LdapRound[] = [];
    await settle(home, server);
    for (let i = 0; i < rounds; i++) {
      const tempest = new Tempest(server.login, random, i * 100_000);
      tempest.start();
      const killedAfterMs = Math.round(random() * longestMs);
      const isServerKilled = random() < serverDeaths;
      const restarted = isServerKilled ? restart(server, random() * longestMs) : Promise.resolve();
      await runAndKill(home, options.mode, killedAfterMs);
      await restarted;
      await tempest.stop();
      const round = { killedAfterMs, isServerKilled, ...(await settle(home, server)) };
      results.push(round);
      onRound?.(round, i);
    }
    return results;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function restart(server: CampaignServer, afterMs: number): Promise<void> {
  await sleep(afterMs);
  await server.stop('SIGKILL');
  await server.start();
}

function runAndKill(directory: string, mode: string, afterMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [CHILD, directory, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), afterMs));
    child.on('error', reject);
    child.on('exit', (_, signal) => {
      if (signal === 'SIGKILL') resolve();
      else reject(new Error('the process ended by itself'));
    });
  });
}

async function settle(home: string, server: CampaignServer): Promise<Pick<LdapRound, 'differences' | 'isReconciled'>> {
  const logged: string[] = [];
  const log: Log = {
    write: (level, message) => void (level === 'debug' || logged.push(`${level}: ${message}`)),
  };
  const project = await openLdapCampaignProject(home, log);
  try {
    const differences = await caughtUp(project);
    differences.push(...(await compare(project.lockstep, server.login())));
    for (const mapping of [INWARD, OUTWARD]) differences.push(...(await reconciled(project.lockstep, mapping)));
    return { differences, isReconciled: logged.some((line) => line.includes('cannot go on where it stopped')) };
  } finally {
    await project.tree.close();
    await project.lockstep.close();
  }
}

/** Calls LiveSync until it has nothing to complain of, and nothing waits to be pushed. */
async function caughtUp({ lockstep, tree }: LdapCampaignProject): Promise<string[]> {
  let why = '';
  for (let i = 0; i < ATTEMPTS; i++) {
    const stage = await tree.live.live.call('system/people/account', { isDetailed: true }, CONTEXT);
    const left = await lockstep.repository.objects.count('sync/outbox');
    if ((stage['lastException'] ?? null) === null && left === 0) return [];
    why = `${JSON.stringify(stage['lastException'] ?? null)}, ${left} pushes left`;
    await sleep(50);
  }
  return [`not caught up: ${why}`];
}

async function compare({ repository }: Lockstep, login: DirectoryLogin): Promise<readonly string[]> {
  const people = await entries(login, PEOPLE);
  const wanted = people.map(({ dn, of }) => [of('employeeNumber'), of('uid'), of('mail'), of('l'), dn].join('|'));
  const { rows } = await repository.objects.page('user', { limit: 100_000 });
  const users = rows.map(({ doc }) =>
    ['number', 'userName', 'mail', 'city', 'place'].map((name) => doc[name]).join('|'),
  );
  const copies = (await entries(login, COPIES)).map(({ dn, of }) => {
    const place = `cn=${of('employeeNumber')}-${of('l')},${COPIES}`;
    const misnamed = dn === place ? '' : ` is called ${dn}`;
    return [of('employeeNumber'), of('uid'), of('mail'), of('l'), of('description')].join('|') + misnamed;
  });
  const links = await Promise.all([INWARD, OUTWARD].map((mapping) => repository.links.count(mapping)));
  return [
    ...difference('managed users', wanted, users),
    ...difference('copies', wanted, copies),
    ...links.filter((count) => count !== people.length).map((count) => `${count} links for ${people.length} people`),
  ];
}

function difference(what: string, wanted: readonly string[], found: readonly string[]): readonly string[] {
  const missing = wanted.filter((one) => !found.includes(one));
  const tooMany = found.filter((one) => !wanted.includes(one));
  const twice = found.length - new Set(found).size;
  return missing.length + tooMany.length + twice === 0
    ? []
    : [`${what}: missing ${missing.join(' ')}; too many ${tooMany.join(' ')}; ${twice} twice`];
}

interface FoundEntry {
  readonly dn: string;
  readonly of: (attribute: string) => string;
}

async function entries(login: DirectoryLogin, base: string): Promise<readonly FoundEntry[]> {
  const connection = await openAs(login);
  const found: FoundEntry[] = [];
  for await (const items of connection.pagedSearch({ base, filter: '(objectClass=inetOrgPerson)' }))
    for (const item of items) {
      if (item.kind !== 'entry') continue;
      const values = new Map(item.attributes.map((one) => [one.name.toLowerCase(), one.texts().join('+')]));
      found.push({ dn: item.dn, of: (attribute) => values.get(attribute.toLowerCase()) ?? '' });
    }
  connection.close();
  return found;
}

/** What a reconciliation still finds to do. */
async function reconciled(lockstep: Lockstep, mapping: string): Promise<readonly string[]> {
  const { record, progress } = await startRun(lockstep, lockstep.mappingConfig(mapping), { overrides: {} });
  const { created, updated, deleted, failed } = progress.counts;
  const found = { created, updated, deleted, failed, state: record.state };
  const isClean = created + updated + deleted + failed === 0 && record.state === 'SUCCESS';
  return isClean ? [] : [`reconciling ${mapping}: ${JSON.stringify(found)} ${progress.error ?? ''}`];
}
