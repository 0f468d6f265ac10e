import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../src/base/failure.ts';
import type { LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import type { Repository } from '../../src/model/repository.ts';
import { openAs, type DirectoryLogin } from './conformance-subject.ts';
import { addPerson, PEOPLE, storm } from './directory-storm.ts';
import { openLiveDirectory, writeDirectoryProject, type LiveDirectory } from './live-directory.ts';
import { startOpenLdap, type OpenLdap } from './openldap.ts';
import { SUFFIX, SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { peopleLdif } from './people.ts';
import { isServerSkipped } from './skipped-servers.ts';

const CHILD = path.join(import.meta.dirname, 'live-directory-child.ts');

describe.skipIf(isServerSkipped('openldap'))('LiveSync of a directory, where names are ids', () => {
  let server: OpenLdap;
  let connection: LdapConnection;
  let home: string;

  const login = (): DirectoryLogin => ({ port: server.port, dn: SYNC_DN, password: SYNC_PASSWORD });
  /** What the users should be, without ids. */
  const entries = async (): Promise<readonly (readonly [string, string])[]> => {
    const found: [string, string][] = [];
    const query = { base: SUFFIX, filter: '(objectClass=inetOrgPerson)', attributes: ['uid', 'mail'] };
    for await (const items of connection.pagedSearch(query))
      for (const item of items)
        if (item.kind === 'entry') found.push([item.text('uid')!, item.texts('mail').join(',')]);
    return found.toSorted(([a], [b]) => (a < b ? -1 : 1));
  };
  const named = async ({ users }: LiveDirectory): Promise<readonly (readonly [string, string])[]> =>
    (await users()).map(([name, , mail]) => [name, mail] as const);
  const expectSame = async (project: LiveDirectory): Promise<void> => {
    expect(await named(project)).toEqual(await entries());
    const { repository } = project.lockstep;
    const links = await repository.links.page('systemLdapAccounts_managedUser', null, 1000);
    const ids = (await project.users()).map(([, id]) => id);
    expect(links.rows.map(({ secondId }) => secondId).toSorted()).toEqual(ids.toSorted());
  };
  /** One call, after which everything has arrived, and nothing was reconciled. */
  const expectCaughtUp = async (project: LiveDirectory): Promise<void> => {
    expect(await project.live()).not.toHaveProperty('lastException');
    await expectSame(project);
    expect(project.troubles).toEqual([]);
    expect(await project.runCount()).toBe(1);
  };

  beforeAll(async () => {
    server = await startOpenLdap({ ldif: peopleLdif(40) });
    connection = await openAs(login());
  });
  beforeEach(() => {
    home = mkdtempSync(path.join(tmpdir(), 'lockstep-restart-'));
    return () => rmSync(home, { recursive: true, force: true });
  });
  afterAll(async () => {
    connection?.close();
    await server?.dispose();
  });

  const begin = async (more = {}): Promise<ReadonlyMap<string, string>> => {
    writeDirectoryProject(home, login(), more);
    await using project = await openLiveDirectory(home);
    await project.live();
    await project.reconcile();
    await expectSame(project);
    return new Map((await project.users()).map(([name, id]) => [name, id]));
  };

  it('goes on after a start with what was deleted, renamed and moved meanwhile', async () => {
    const place = `ou=place,${SUFFIX}`;
    const ou = { name: 'objectClass', values: ['organizationalUnit'] };
    await connection.add(place, [ou, { name: 'ou', values: ['place'] }]);
    await addPerson(connection, 'below', place);
    for (const name of ['goes', 'stays', 'turns']) await addPerson(connection, name);
    const before = await begin();
    await connection.delete(`uid=goes,${PEOPLE}`);
    await connection.rename(`uid=turns,${PEOPLE}`, 'uid=turned');
    await addPerson(connection, 'turns');
    await connection.rename(place, 'ou=elsewhere');
    await using project = await openLiveDirectory(home);
    await expectCaughtUp(project);
    const after = new Map((await project.users()).map(([name, id]) => [name, id]));
    expect(after.get('turned')).toBe(before.get('turns'));
    expect(after.get('turns')).not.toBe(before.get('turns'));
    expect(after.get('below')).toBe(before.get('below'));
    expect(after.has('goes')).toBe(false);
  });

  it.each(['dn', 'uid', 'entryUUID'])('goes on after many starts, ids are %s', async (uidAttribute) => {
    await begin({ uidAttribute });
    for (const seed of [1, 2, 3]) {
      await storm(connection, seed, 25);
      await using project = await openLiveDirectory(home);
      await expectCaughtUp(project);
    }
  });

  it('goes on after the directory was started anew, too, and so no longer knows what was deleted', async () => {
    await begin();
    await storm(connection, 9, 25);
    await connection.delete((await someone(connection)) ?? '');
    await server.stop();
    await server.start();
    connection = await connection.reopen();
    await using project = await openLiveDirectory(home);
    await expectCaughtUp(project);
  });

  it('goes on after a start with all types of the system at once, and is followed', async () => {
    writeDirectoryProject(home, login());
    const begin = await openLiveDirectory(home);
    expect(await begin.live('system/ldap')).toMatchObject({ _id: 'SYSTEMLDAP__ALL__' });
    await begin.reconcile();
    await begin[Symbol.asyncDispose]();
    await storm(connection, 61, 20);
    await using project = await openLiveDirectory(home);
    expect(await project.live('system/ldap', 'push')).not.toHaveProperty('lastException');
    await expectSame(project);
    await storm(connection, 62, 20);
    await addPerson(connection, 'followed');
    await expect.poll(() => named(project), { timeout: 20_000 }).toEqual(await entries());
    expect(project.troubles).toEqual([]);
    expect(await project.runCount()).toBe(1);
  });

  it('writes few rows for few changes', async () => {
    await begin();
    const name = await addPerson(connection, 'single');
    await using project = await openLiveDirectory(home);
    await project.live();
    const { repository } = project.lockstep;
    const [type, key] = ['sync/feed/system/ldap/account', 'value'];
    const revisions = async (): Promise<ReadonlyMap<string, number>> =>
      new Map((await repository.objects.page(type, { limit: 1000 })).rows.map(({ id, rev }) => [id, rev]));
    const before = await revisions();
    await connection.modify(name, [{ operation: 'replace', name: 'mail', values: ['s@example.org'] }]);
    await connection.rename(name, 'uid=double');
    await project.live();
    const changed = [...(await revisions())].filter(([id, rev]) => before.get(id) !== rev);
    expect(changed).toHaveLength(1);
    const [row] = await repository.objects.readMany(type, [changed[0]![0]]);
    expect(row!.doc[key]).toBe(`uid=double,${PEOPLE}`);
    await connection.delete(`uid=double,${PEOPLE}`);
    await project.live();
    expect((await revisions()).size).toBe(before.size - 1);
  });

  it('goes on after a death at any commit, whatever becomes of the entries before the next call', async () => {
    for (const name of ['shifts', 'leaves', 'swaps1', 'swaps2']) await addPerson(connection, name);
    await begin();
    const rename = (from: string, to: string): Promise<unknown> =>
      connection.rename(`uid=${from},${PEOPLE}`, `uid=${to}`);
    await using project = await openLiveDirectory(home);
    let deaths = 0;
    for (let dieAt = 1; ; dieAt++) {
      const tag = (text: string): string => `${text}-${dieAt}`;
      await rename(dieAt === 1 ? 'shifts' : numbered('shifted', dieAt - 1), tag('shifting'));
      await rename(dieAt === 1 ? 'leaves' : numbered('back', dieAt - 1), tag('left'));
      for (const name of ['comes', 'vanishes', 'turns']) await addPerson(connection, tag(name));
      const revive = dyingAt(project, dieAt);
      const died = await project.live().then(
        () => false,
        () => true,
      );
      revive();
      await rename(tag('shifting'), tag('shifted'));
      await rename(tag('left'), tag('back'));
      await rename(tag('turns'), tag('turned'));
      await connection.delete(`uid=${tag('vanishes')},${PEOPLE}`);
      await rename(tag('comes'), tag('vanishes'));
      const users = new Map((await project.users()).map(([name, id]) => [name, id]));
      expect(await project.live()).not.toHaveProperty('lastException');
      await expectSame(project);
      const after = new Map((await project.users()).map(([name, id]) => [name, id]));
      const before = users.get(tag('shifting')) ?? users.get(dieAt === 1 ? 'shifts' : numbered('shifted', dieAt - 1));
      expect(after.get(tag('shifted'))).toBe(before);
      if (!died) break;
      deaths++;
    }
    expect(deaths).toBeGreaterThanOrEqual(3);
    expect(project.troubles).toEqual([]);
    expect(await project.runCount()).toBe(1);
  }, 60_000);

  it('goes on after it was killed, wherever that was', async () => {
    await begin();
    for (const [seed, afterMs] of [20, 120, 300].entries()) {
      const child = await startChild(home);
      const busy = storm(connection, 40 + seed, 60);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      child.kill('SIGKILL');
      await once(child, 'exit');
      await busy;
      await using project = await openLiveDirectory(home);
      await expectCaughtUp(project);
    }
  }, 90_000);
});

function numbered(text: string, no: number): string {
  return `${text}-${no}`;
}

/** From the `dieAt`-th commit on nothing has any effect, as if the process were gone. */
function dyingAt({ lockstep }: LiveDirectory, dieAt: number): () => void {
  const repository = lockstep.repository as { commit: Repository['commit'] };
  const original = repository.commit;
  let count = 0;
  repository.commit = async (batch) => {
    if (++count < dieAt) return original(batch);
    throw new Failure('unreachable', 'the process is gone');
  };
  return () => {
    repository.commit = original;
  };
}

async function startChild(home: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [CHILD, home], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

async function someone(connection: LdapConnection): Promise<string | undefined> {
  for await (const items of connection.search({ base: PEOPLE, filter: '(objectClass=inetOrgPerson)' }))
    for (const item of items) if (item.kind === 'entry') return item.dn;
  return undefined;
}
