import { afterEach, describe, expect, it } from 'vitest';
import { encodeResponse } from '../codec/encode-response.ts';
import type { RequestMessage } from '../codec/message.ts';
import { pagedResultsControl, readPagedResults } from '../controls/paged-results.ts';
import {
  entry,
  startFakeServer,
  success,
  type FakeHandler,
  type FakePeer,
  type FakeServer,
} from '../testing/fake-server.ts';
import { openTo } from '../testing/open-to.ts';
import { entriesOf } from './entries-of.ts';
import type { LdapConnection } from './ldap-connection.ts';
import type { LdapSearch } from './ldap-search.ts';

let server: FakeServer;
let connection: LdapConnection;
afterEach(async () => {
  connection.close();
  await server.dispose();
});

async function start(handle: FakeHandler): Promise<void> {
  server = await startFakeServer(handle);
  connection = await openTo(server);
}

async function namesOf(search: LdapSearch, options?: { readonly references: 'skip' }): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const entries of entriesOf(search, options)) names.push(...entries.map(({ dn }) => dn));
  return names;
}

const everything = { base: 'dc=x' };

/** Serves numbered pages: how many entries each has. The cookie is the number of the next page. */
function pages(
  sizes: readonly number[],
  onPage: (number: number, peer: FakePeer) => boolean = () => true,
): FakeHandler {
  return ({ id, operation, controls }, peer) => {
    if (operation.kind !== 'search') return;
    const asked = readPagedResults(controls)!;
    const number = Number(asked.cookie.toString() || 0);
    if (asked.estimate === 0) return peer.send(id, success('search'));
    if (!onPage(number, peer)) return;
    const entries = Array.from({ length: sizes[number]! }, (_, i) => entry(`${number}-${i}`));
    const cookie = number + 1 < sizes.length ? String(number + 1) : '';
    peer.send(id, ...entries, {
      kind: 'result',
      operation: 'search',
      code: 0,
      controls: [pagedResultsControl(0, Buffer.from(cookie))],
    });
  };
}

describe('a search', () => {
  it('gives what the server sent, in its order, and then its result', async () => {
    const control = { oid: '1.2.3', isCritical: false, value: Buffer.from('x') };
    await start(({ id }, peer) =>
      peer.send(
        id,
        entry('a'),
        { kind: 'intermediate', oid: '1.2', value: Buffer.from('i') },
        { kind: 'reference', urls: ['ldap://other/'] },
        entry('b'),
        { kind: 'result', operation: 'search', code: 0, controls: [control] },
      ),
    );
    const search = connection.search(everything);
    const kinds: string[] = [];
    for await (const items of search) kinds.push(...items.map(({ kind }) => kind));
    expect(kinds).toEqual(['entry', 'intermediate', 'reference', 'entry']);
    expect(search.result.controls).toEqual([control]);
  });

  it('is sent only when it is read', async () => {
    await start(({ id }, peer) => peer.send(id, success('search')));
    connection.search(everything);
    expect(() => connection.search({ base: '', filter: '(x' })).toThrow('is not valid');
    await connection.ping();
    expect(server.requests.map(({ operation }) => operation.kind)).toEqual(['bind', 'search']);
  });

  it.each([
    [4, 'sizeLimitExceeded'],
    [3, 'timeLimitExceeded'],
    [11, 'adminLimitExceeded'],
    [10, 'referral'],
    [51, 'busy'],
    [118, 'canceled'],
    [4096, 'e-syncRefreshRequired'],
  ])('that ends with %d is an incomplete read, not an end', async (code, name) => {
    const referrals = code === 10 ? ['ldap://other/dc=x'] : [];
    await start(({ id }, peer) => peer.send(id, entry('a'), { kind: 'result', operation: 'search', code, referrals }));
    const seen: string[] = [];
    const read = (async () => {
      for await (const entries of entriesOf(connection.search(everything))) seen.push(...entries.map(({ dn }) => dn));
    })();
    await expect(read).rejects.toMatchObject({
      code: 'incomplete-read',
      reason: 'result',
      result: { code, referrals },
    });
    await expect(read).rejects.toThrow(name);
    expect(seen).toEqual(['cn=a']);
  });

  it('over a connection that is lost is an incomplete read', async () => {
    await start(({ id }, peer) => peer.socket.end(encodeResponse(id, entry('a'))));
    await expect(namesOf(connection.search(everything))).rejects.toMatchObject({
      code: 'incomplete-read',
      reason: 'lost',
    });
  });

  it('that meets a part of the tree that is elsewhere fails, unless that does not count', async () => {
    await start(({ id }, peer) =>
      peer.send(id, entry('a'), { kind: 'reference', urls: ['ldap://other/'] }, success('search')),
    );
    await expect(namesOf(connection.search(everything))).rejects.toMatchObject({ code: 'incomplete-read' });
    expect(await namesOf(connection.search(everything), { references: 'skip' })).toEqual(['cn=a']);
  });

  it('that is left is abandoned', async () => {
    await start(({ id, operation }, peer) => {
      if (operation.kind === 'search') peer.send(id, entry('a'));
    });
    for await (const _ of connection.search(everything)) break;
    const { operation } = await server.arrival(({ kind }) => kind === 'abandon');
    expect(operation).toEqual({ kind: 'abandon', messageId: 2 });
  });

  it('that is aborted ends at once, whatever still waits to be read', async () => {
    await start(({ id }, peer) => peer.send(id, entry('a')));
    const controller = new AbortController();
    const search = connection.search(everything, { signal: controller.signal });
    await search.next();
    controller.abort(new Error('enough'));
    await expect(search.next()).rejects.toThrow('enough');
  });

  it('has no deadline as long as something comes', async () => {
    await start(async ({ id, operation }, peer) => {
      if (operation.kind !== 'search') return;
      for (let i = 0; i < 20; i++) {
        peer.send(id, entry(String(i)));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      peer.send(id, success('search'));
    });
    expect(await namesOf(connection.search(everything, { timeoutMs: 1500 }))).toHaveLength(20);
  });

  it('is cancelled by the server where that is asked for', async () => {
    let searching: RequestMessage;
    await start((message, peer) => {
      if (message.operation.kind === 'search') {
        searching = message;
        peer.send(message.id, entry('a'));
      } else {
        peer.send(searching.id, entry('b'), { kind: 'result', operation: 'search', code: 118 });
        peer.send(message.id, success('extended'));
      }
    });
    const search = connection.search(everything);
    await search.next();
    await search.cancel();
    expect(await namesOf(search)).toEqual(['cn=b']);
    expect(search.result.code).toBe(118);
    expect(server.requests.at(-1)!.operation).toMatchObject({
      oid: '1.3.6.1.1.8',
      value: Buffer.from('3003020102', 'hex'),
    });
  });
});

describe('a slow reader', () => {
  const big = 'x'.repeat(64 * 1024);

  const total = 400;
  const sendAll =
    (bytes: readonly Buffer[]): FakeHandler =>
    (_, peer) =>
      void peer.socket.write(Buffer.concat(bytes));
  const value = { kind: 'entry', dn: 'cn=a', attributes: [{ name: 'cn', values: [big] }] } as const;
  const wholeAnswer = [
    ...Array.from({ length: total }, () => encodeResponse(2, value)),
    encodeResponse(2, success('search')),
  ];

  it('holds the server back: only a bounded part of the answer is taken, and nothing of it is lost', async () => {
    await start(sendAll(wholeAnswer));
    const search = connection.search(everything);
    let count = (await search.next()).value!.length;
    // Without back-pressure all of it would be taken meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(server.peers[0]!.socket.writableLength).toBeGreaterThan(total * big.length * 0.3);
    for await (const items of search) {
      expect(items.length).toBeLessThan(100);
      count += items.length;
    }
    expect(count).toBe(total);
  });

  it('makes nothing late: an answer that is not read has no deadline', async () => {
    await start(sendAll(wholeAnswer));
    const search = connection.search(everything, { timeoutMs: 1500 });
    let count = (await search.next()).value!.length;
    await new Promise((resolve) => setTimeout(resolve, 2000));
    for await (const items of search) count += items.length;
    expect(count).toBe(total);
  });

  it('can still cancel, and then read what had come', async () => {
    await start(({ id, operation }, peer) => {
      if (operation.kind === 'search')
        return void peer.socket.write(Buffer.concat(Array.from({ length: 100 }, () => encodeResponse(id, value))));
      peer.send(2, { kind: 'result', operation: 'search', code: 118 });
      peer.send(id, success('extended'));
    });
    const search = connection.search(everything, { timeoutMs: 0 });
    let count = (await search.next()).value!.length;
    await search.cancel();
    for await (const items of search) count += items.length;
    expect(count).toBe(100);
  });

  it('does not keep a connection from being read when it leaves', async () => {
    await start(({ id, operation }, peer) => {
      if (operation.kind === 'delete') return peer.send(id, success('delete'));
      if (operation.kind !== 'search') return;
      for (let i = 0; i < 100; i++)
        peer.send(id, { kind: 'entry', dn: 'cn=a', attributes: [{ name: 'cn', values: [big] }] });
    });
    for await (const _ of connection.search(everything)) break;
    expect(await connection.delete('cn=b')).toMatchObject({ code: 0 });
  });
});

describe('a search in pages', () => {
  it.each([[[0]], [[3]], [[2, 2, 1]], [[2, 0, 2]], [[0, 0, 3, 0]]])('of %j gives all of them', async (sizes) => {
    await start(pages(sizes));
    const names = await namesOf(connection.pagedSearch(everything, { pageSize: 2 }));
    expect(names).toHaveLength(sizes.reduce((sum, size) => sum + size, 0));
    expect(new Set(names).size).toBe(names.length);
    expect(server.requests.filter(({ operation }) => operation.kind === 'search')).toHaveLength(sizes.length);
  });

  it('asks for the next page before the last one was taken', async () => {
    await start(pages([2, 2]));
    const search = connection.pagedSearch(everything);
    await search.next();
    await server.arrival(() => server.requests.length === 3);
    expect(await namesOf(search)).toHaveLength(2);
  });

  it('is an incomplete read where a page is lost', async () => {
    await start(pages([2, 2, 2], (number, peer) => number < 2 || (peer.socket.destroy(), false)));
    await expect(namesOf(connection.pagedSearch(everything))).rejects.toMatchObject({
      code: 'incomplete-read',
      reason: 'lost',
    });
  });

  it('is one at a time; the second one says so and harms nothing', async () => {
    await start(pages([2, 2]));
    const first = connection.pagedSearch(everything);
    await first.next();
    await expect(namesOf(connection.pagedSearch(everything))).rejects.toMatchObject({ code: 'conflict' });
    expect(await namesOf(first)).not.toEqual([]);
    expect(await namesOf(connection.pagedSearch(everything))).toHaveLength(4);
  });

  it('that failed on a page leaves the way free for the next one', async () => {
    let isRefusing = true;
    const serve = pages([2, 2]);
    await start((message, peer) => {
      const isSecond = readPagedResults(message.controls)?.cookie.toString() === '1';
      const isForgotten = readPagedResults(message.controls)?.estimate === 0;
      if (!isSecond || isForgotten || !isRefusing) return serve(message, peer);
      isRefusing = false;
      peer.send(message.id, { kind: 'result', operation: 'search', code: 51 });
    });
    await expect(namesOf(connection.pagedSearch(everything))).rejects.toMatchObject({ code: 'incomplete-read' });
    expect(await namesOf(connection.pagedSearch(everything))).toHaveLength(4);
  });

  it('that is left tells the server to forget it, and the next one can begin', async () => {
    await start(pages([2, 2, 2], (number) => number < 2));
    for await (const _ of connection.pagedSearch(everything)) {
      await server.arrival(() => server.requests.length >= 3);
      break;
    }
    const last = server.requests.at(-1)!;
    expect(readPagedResults(last.controls)).toMatchObject({ estimate: 0 });
    for await (const _ of connection.pagedSearch(everything)) break;
  });
});
