import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLdap, type LdapConnection } from '../../src/ldap/client/ldap-connection.ts';
import type { LdapSearch, SearchItem } from '../../src/ldap/client/ldap-search.ts';
import {
  readSyncDone,
  readSyncInfo,
  readSyncState,
  SYNC_REQUEST,
  syncRequestControl,
  uuidText,
  type SyncDone,
  type SyncInfo,
  type SyncRequest,
} from '../../src/ldap/controls/sync-request.ts';
import { readRootDse } from '../../src/ldap/client/root-dse.ts';
import { startOpenLdap, type OpenLdap } from './openldap.ts';
import { SUFFIX, SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { peopleLdif } from './people.ts';
import { describeOn } from './skipped-servers.ts';

const COUNT = 300;
const PEOPLE = `ou=people,${SUFFIX}`;
const query = { base: PEOPLE, filter: '(objectClass=inetOrgPerson)', attributes: ['uid', 'entryUUID'] };

interface Refresh {
  /** `state dn`, in order. */
  readonly changes: readonly string[];
  readonly infos: readonly SyncInfo[];
  readonly done: SyncDone;
}

describeOn('openldap', 'content synchronization with OpenLDAP', () => {
  let server: OpenLdap;
  let connection: LdapConnection;

  const open = (): Promise<LdapConnection> =>
    openLdap({
      servers: [{ kind: 'tcp', host: '127.0.0.1', port: server.port }],
      security: 'none',
      login: { kind: 'simple', dn: SYNC_DN, password: SYNC_PASSWORD },
    });

  beforeAll(async () => {
    server = await startOpenLdap({ ldif: peopleLdif(COUNT) });
    connection = await open();
  });
  afterAll(async () => {
    connection?.close();
    await server?.dispose();
  });

  const start = (request: SyncRequest): LdapSearch =>
    connection.search(query, { controls: [syncRequestControl(request)], timeoutMs: 0 });

  async function refresh(cookie: Buffer | null): Promise<Refresh> {
    const search = start({ mode: 'refreshOnly', cookie });
    const changes: string[] = [];
    const infos: SyncInfo[] = [];
    for await (const items of search) {
      for (const item of items) {
        if (item.kind === 'intermediate') infos.push(readSyncInfo(item)!);
        else changes.push(changeOf(item));
      }
    }
    return { changes, infos, done: readSyncDone(search.result.controls)! };
  }

  const add = (uid: string): Promise<unknown> =>
    connection.add(`uid=${uid},${PEOPLE}`, [
      { name: 'objectClass', values: ['inetOrgPerson'] },
      { name: 'cn', values: [uid] },
      { name: 'sn', values: [uid] },
    ]);

  it('is offered', async () => {
    expect((await readRootDse(connection)).supportedControls.has(SYNC_REQUEST)).toBe(true);
  });

  it('gives everything first, then what changed, then nothing', async () => {
    const first = await refresh(null);
    expect(first.changes).toHaveLength(COUNT);
    expect(first.done.cookie!.toString()).toMatch(/csn=/);

    await add('new');
    await connection.modify(`uid=user1,${PEOPLE}`, [{ operation: 'replace', name: 'l', values: ['Rom'] }]);
    await connection.rename(`uid=user2,${PEOPLE}`, 'uid=renamed');
    const gone = (await connection.read(`uid=user3,${PEOPLE}`, ['entryUUID']))!.text('entryUUID')!;
    await connection.delete(`uid=user3,${PEOPLE}`);

    const second = await refresh(first.done.cookie);
    expect(second.changes.toSorted()).toEqual([
      `add uid=new,${PEOPLE}`,
      `add uid=renamed,${PEOPLE}`,
      `add uid=user1,${PEOPLE}`,
    ]);
    const deleted = second.infos.flatMap((info) => (info.kind === 'idSet' && info.refreshDeletes ? info.uuids : []));
    expect(deleted.map(uuidText)).toEqual([gone]);
    expect(second.done.refreshDeletes).toBe(true);

    const third = await refresh(second.done.cookie);
    expect(third).toMatchObject({ changes: [], done: { cookie: null } });
  });

  it('after a restart names what is still there', async () => {
    const { done } = await refresh(null);
    await connection.delete(`uid=user4,${PEOPLE}`);
    await server.stop();
    await expect(connection.read(PEOPLE)).rejects.toMatchObject({ reason: 'lost' });
    await server.start();
    connection = await connection.reopen();
    const after = await refresh(done.cookie);
    const present = after.infos.flatMap((info) => (info.kind === 'idSet' && !info.refreshDeletes ? info.uuids : []));
    expect(after.done.refreshDeletes).toBe(false);
    const all = await refresh(null);
    expect(present).toHaveLength(all.changes.length);
  });

  it('refuses a cookie from the future', async () => {
    const cookie = Buffer.from('rid=000,csn=20991231000000.000000Z#000000#000#000000');
    await expect(refresh(cookie)).rejects.toMatchObject({ reason: 'result', result: { code: 53 } });
  });

  it('goes on with changes as they happen, until it is cancelled', async () => {
    const { changes: all } = await refresh(null);
    const search = start({ mode: 'refreshAndPersist', cookie: null });
    const seen = watch(search);
    const refreshed = await seen.until((item) => isRefreshDone(item));
    expect(refreshed.filter(({ kind }) => kind === 'entry')).toHaveLength(all.length);

    const writer = await open();
    await writer.modify(`uid=user5,${PEOPLE}`, [{ operation: 'replace', name: 'l', values: ['Rom'] }]);
    await writer.rename(`uid=user6,${PEOPLE}`, 'uid=moved');
    await writer.delete(`uid=user7,${PEOPLE}`);
    writer.close();

    const changes = await seen.until(
      (item) => item.kind === 'entry' && readSyncState(item.controls)!.state === 'delete',
    );
    expect(changes.filter(({ kind }) => kind === 'entry').map((item) => changeOf(item))).toEqual([
      `modify uid=user5,${PEOPLE}`,
      `modify uid=moved,${PEOPLE}`,
      `delete uid=user7,${PEOPLE}`,
    ]);
    const states = changes.flatMap((item) => (item.kind === 'entry' ? [readSyncState(item.controls)!] : []));
    expect(states.every(({ cookie }) => cookie !== null && cookie.length > 0)).toBe(true);

    // Neighbours are not disturbed by a search that has no end.
    expect(await connection.read(`uid=moved,${PEOPLE}`)).not.toBeNull();
    await search.cancel();
    expect((await search.next()).done).toBe(true);
    expect(search.result.code).toBe(118);
  });

  it('fails when the server is killed while it persists, and a new connection catches up', async () => {
    const { done } = await refresh(null);
    const search = start({ mode: 'refreshAndPersist', cookie: done.cookie });
    const seen = watch(search);
    await seen.until((item) => isRefreshDone(item));
    await server.stop('SIGKILL');
    await expect(seen.until(() => false)).rejects.toMatchObject({ reason: 'lost', code: 'incomplete-read' });
    await server.start();
    connection = await connection.reopen();
    await connection.modify(`uid=user8,${PEOPLE}`, [{ operation: 'replace', name: 'l', values: ['Rom'] }]);
    expect((await refresh(done.cookie)).changes).toContain(`add uid=user8,${PEOPLE}`);
  });
});

function changeOf(item: SearchItem): string {
  if (item.kind !== 'entry') throw new Error(`${item.kind} instead of an entry`);
  return `${readSyncState(item.controls)!.state} ${item.dn}`;
}

function isRefreshDone(item: SearchItem): boolean {
  if (item.kind !== 'intermediate') return false;
  const info = readSyncInfo(item);
  return (info?.kind === 'refreshDelete' || info?.kind === 'refreshPresent') && info.refreshDone;
}

interface Watch {
  /** What came up to, and with, the first item for which `test` is true. Rejects where the search ends before. */
  until(test: (item: SearchItem) => boolean): Promise<readonly SearchItem[]>;
}

function watch(search: LdapSearch): Watch {
  let left: SearchItem[] = [];
  return {
    until: async (test) => {
      const seen: SearchItem[] = [];
      while (true) {
        const at = left.findIndex(test);
        if (at >= 0) {
          seen.push(...left.slice(0, at + 1));
          left = left.slice(at + 1);
          return seen;
        }
        seen.push(...left);
        const { done, value } = await search.next();
        if (done === true) throw new Error('the search has ended');
        left = [...value];
      }
    },
  };
}
