import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from '../../scripts/install-directory-server.ts';
import { connectorKinds } from '../../src/app/connector-kinds.ts';
import type { Json } from '../../src/base/json.ts';
import type { Lockstep } from '../../src/app/lockstep.ts';
import type { RequestOperation } from '../../src/ldap/codec/message.ts';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import { openTree, type Tree } from '../../src/openidm/open-tree.ts';
import { openAs } from '../../test/ldap/conformance-subject.ts';
import { ADMIN } from '../../test/implicit/sync-project.ts';
import { ADMIN_DN, ADMIN_PASSWORD, SUFFIX, SYNC_DN, SYNC_PASSWORD } from '../../test/ldap/openldap-config.ts';
import { dataDirectory, open, recon, timedRecon } from '../recon-job.ts';
import { timed, type Task, type Timed } from '../sample.ts';
import { encoded, sendAll } from './bare-client.ts';
import { PEOPLE, personEntry } from './directory-people.ts';
import { LDAP_MAPPING, OUTWARD_COUNT, readAddress, writeLdapProject } from './ldap-project.ts';

const PAGE_SIZE = 1000;
const CHANGES = 20_000;
const PUSHED = 2000;
const PUSHED_EACH_MS = 10;
/** Requests under way over the one connection of the bare writer; more did not make any server faster. */
const UNDER_WAY = 64;
const NO_TARGET = `ou=none,${SUFFIX}`;

/** Jobs over a directory that runs already; those on a stored project expect the ones before them. */
export const LDAP_JOBS: Readonly<Record<string, (task: Task) => Promise<Timed>>> = {
  'ldap-bare-search': bareSearch,
  'ldap-client-read': clientRead,
  'ldap-connector-read': connectorRead,
  'ldap-first-load': firstLoad,
  'ldap-unchanged': unchanged,
  'ldap-bare-add': bareAdd,
  'ldap-create': create,
  'ldap-live-first': liveFirst,
  'ldap-bare-modify': bareModify,
  'ldap-live': live,
  'ldap-push': push,
};

/** ldapsearch, in pages of the same size. */
async function bareSearch({ directory, count }: Task): Promise<Timed> {
  const { port } = readAddress(directory);
  const login = ['-x', '-D', SYNC_DN, '-w', SYNC_PASSWORD, '-H', `ldap://127.0.0.1:${port}`];
  const query = ['-LLL', '-E', `pr=${PAGE_SIZE}/noprompt`, '-b', PEOPLE, '(objectClass=inetOrgPerson)'];
  return timed(count, async () => {
    const child = spawn(findProgram('ldapsearch')!, [...login, ...query], { stdio: ['ignore', 'ignore', 'inherit'] });
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
  });
}

async function clientRead({ directory, count }: Task): Promise<Timed> {
  const { port } = readAddress(directory);
  const connection = await openAs({ port, dn: SYNC_DN, password: SYNC_PASSWORD });
  try {
    return await timed(count, async () => {
      let found = 0;
      const query = { base: PEOPLE, filter: '(objectClass=inetOrgPerson)' };
      for await (const items of connection.pagedSearch(query, { pageSize: PAGE_SIZE }))
        for (const item of items) if (item.kind === 'entry') found += Math.sign(item.attributes.length);
      assert.equal(found, count);
    });
  } finally {
    connection.close();
  }
}

async function connectorRead({ directory, count }: Task): Promise<Timed> {
  writeLdapProject(directory, NO_TARGET);
  const lockstep = await open(directory, true);
  try {
    return await timed(count, async () => {
      let found = 0;
      for await (const page of lockstep.connector('people').objectSet('account').scan({ pageSize: PAGE_SIZE }))
        found += page.objects.length;
      assert.equal(found, count);
    });
  } finally {
    await lockstep.close();
  }
}

async function firstLoad({ directory, count }: Task): Promise<Timed> {
  writeLdapProject(directory, NO_TARGET);
  rmSync(dataDirectory(directory), { recursive: true, force: true });
  return timedRecon(directory, LDAP_MAPPING.inward, count, { created: count, updated: 0, unchanged: 0 });
}

/** The server is asked for the pages and nothing else. */
async function unchanged({ directory, count }: Task): Promise<Timed> {
  const { port } = readAddress(directory);
  const admin = await openAs({ port, dn: ADMIN_DN, password: ADMIN_PASSWORD });
  try {
    const before = await operations(admin);
    const result = await timedRecon(directory, LDAP_MAPPING.inward, count, {
      created: 0,
      updated: 0,
      unchanged: count,
    });
    const after = await operations(admin);
    const searches = after.search - before.search;
    const pages = Math.ceil(count / PAGE_SIZE);
    // root DSE, schema, and the look at the monitor itself
    assert.ok(searches <= pages + 8, `${searches} searches for ${pages} pages`);
    assert.equal(after.writes, before.writes);
    return { ...result, note: `${searches} searches for ${pages} pages` };
  } finally {
    admin.close();
  }
}

async function operations(admin: LdapConnection): Promise<{ readonly search: number; readonly writes: number }> {
  const of = async (kind: string): Promise<number> => {
    const entry = await admin.read(`cn=${kind},cn=Operations,cn=Monitor`, ['monitorOpInitiated']);
    return Number(entry!.texts('monitorOpInitiated')[0]);
  };
  const writes = await Promise.all(['Add', 'Modify', 'Modrdn', 'Delete'].map(of));
  return { writes: writes.reduce((sum, one) => sum + one, 0), search: await of('Search') };
}

async function bareAdd({ directory, count, seed }: Task): Promise<Timed> {
  const { port } = readAddress(directory);
  const parent = await freshContainer(port);
  const created = Math.min(count, OUTWARD_COUNT);
  const requests = encoded(
    Array.from({ length: created }, (_, i): RequestOperation => ({
      kind: 'add',
      ...personEntry(i, seed, parent),
    })),
  );
  return timed(created, async () => void (await sendAll(port, requests, UNDER_WAY)));
}

async function create({ directory, count }: Task): Promise<Timed> {
  const { port } = readAddress(directory);
  writeLdapProject(directory, await freshContainer(port));
  const lockstep = await open(directory);
  try {
    const created = Math.min(count, OUTWARD_COUNT);
    return await timed(created, async () => {
      const { counts } = await recon(lockstep, LDAP_MAPPING.outward);
      assert.deepEqual([counts.created, counts.failed], [created, 0]);
    });
  } finally {
    await lockstep.close();
  }
}

async function freshContainer(port: number): Promise<string> {
  const connection = await openAs({ port, dn: SYNC_DN, password: SYNC_PASSWORD });
  const dn = `ou=target${Date.now()},${SUFFIX}`;
  await connection.add(dn, [{ name: 'objectClass', values: ['organizationalUnit'] }]);
  connection.close();
  return dn;
}

/** A title for each of the first so many people that is theirs alone. */
function modifications(count: number, seed: number, text: string): readonly Buffer[] {
  return encoded(
    Array.from({ length: count }, (_, i): RequestOperation => {
      const change = { operation: 'replace', name: 'title', values: [`${text} ${i}`] } as const;
      return { kind: 'modify', dn: personEntry(i, seed).dn, changes: [change] };
    }),
  );
}

/** The first call: takes down what there is and where the directory stands, and handles nothing. */
async function liveFirst({ directory, count }: Task): Promise<Timed> {
  return withTree(directory, (_, tree) => timed(count, () => callLive(tree)));
}

async function callLive(tree: Tree): Promise<void> {
  const stage = await tree.live.live.call('system/people/account', { isDetailed: true }, ADMIN);
  assert.equal(stage['lastException'] ?? null, null);
}

/** What a directory takes of bare changes, and what the job after it has to bring in. */
async function bareModify({ directory, count, seed }: Task): Promise<Timed> {
  const { port } = readAddress(directory);
  const changes = Math.min(count, CHANGES);
  const requests = modifications(changes, seed, `Title of ${Date.now()}`);
  return timed(changes, async () => void (await sendAll(port, requests, UNDER_WAY)));
}

/** In a process that knows nothing of the one before it but what is stored. */
async function live({ directory, count, seed }: Task): Promise<Timed> {
  const { port } = readAddress(directory);
  const reader = await openAs({ port, dn: SYNC_DN, password: SYNC_PASSWORD });
  const changes = Math.min(count, CHANGES);
  const [title] = (await reader.read(personEntry(changes - 1, seed).dn))!.texts('title');
  reader.close();
  return withTree(directory, async (lockstep, tree) => {
    const result = await timed(changes, () => callLive(tree));
    assert.equal(await titled(lockstep, title!.replace(/ \d+$/, ' ')), changes);
    return result;
  });
}

async function titled({ repository }: Lockstep, text: string): Promise<number> {
  let [found, after]: [number, Json] = [0, null];
  do {
    const page = await repository.objects.page('user', { after, limit: PAGE_SIZE });
    found += page.rows.filter(({ doc }) => String(doc['title']).startsWith(text)).length;
    after = page.next;
  } while (after !== null);
  return found;
}

/** From the moment a change is sent to the directory to the moment it is stored in the managed object. */
async function push({ directory, count, seed }: Task): Promise<Timed> {
  const { port } = readAddress(directory);
  const writer = await openAs({ port, dn: SYNC_DN, password: SYNC_PASSWORD });
  const text = `Pushed at ${Date.now()}`;
  const changes = Math.min(count, PUSHED);
  return withTree(directory, async (lockstep, tree) => {
    const storedAt = noteTitles(lockstep, text);
    await tree.live.followers.follow('system/people/account', ADMIN);
    const sentAt: number[] = [];
    const result = await timed(changes, async () => {
      for (let i = 0; i < changes; i++) {
        sentAt.push(performance.now());
        await writer.modify(personEntry(i, seed).dn, [
          { operation: 'replace', name: 'title', values: [`${text} ${i}`] },
        ]);
        await sleep(PUSHED_EACH_MS);
      }
      while (storedAt.size < changes) await sleep(PUSHED_EACH_MS);
    });
    const latencies = sentAt.map((at, i) => storedAt.get(`${text} ${i}`)! - at).sort((a, b) => a - b);
    const at = (share: number): string => `${latencies[Math.floor(share * (latencies.length - 1))]!.toFixed(1)} ms`;
    return { ...result, note: `p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}` };
  }).finally(() => writer.close());
}

/** When a title that begins like this was committed for the first time. */
function noteTitles({ repository }: Lockstep, text: string): ReadonlyMap<string, number> {
  const storedAt = new Map<string, number>();
  const commit = repository.commit.bind(repository);
  const noting: typeof commit = async (batch) => {
    const result = await commit(batch);
    const now = performance.now();
    for (const { object } of batch.units) {
      const title = object === undefined || object.kind === 'delete' ? '' : String(object.doc['title']);
      if (title.startsWith(text) && !storedAt.has(title)) storedAt.set(title, now);
    }
    return result;
  };
  Object.assign(repository, { commit: noting });
  return storedAt;
}

async function withTree(directory: string, work: (lockstep: Lockstep, tree: Tree) => Promise<Timed>): Promise<Timed> {
  const lockstep = await open(directory);
  const loadOptions = { env: process.env, connectorKinds };
  const tree = await openTree(lockstep, { loadOptions, isWatching: false, isServing: true });
  try {
    return await work(lockstep, tree);
  } finally {
    await tree.close();
    await lockstep.close();
  }
}
