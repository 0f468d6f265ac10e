import { afterEach, expect, it } from 'vitest';
import { startFakeServer, success, type FakeServer } from '../testing/fake-server.ts';
import { openTo } from '../testing/open-to.ts';
import { readAllValues } from './read-all-values.ts';

let server: FakeServer;
afterEach(() => server.dispose());

/** A group as Active Directory shows it: at most `size` members at once, and nothing under the plain name. */
async function read(total: number, size: number, end = total): Promise<readonly string[]> {
  server = await startFakeServer(({ id, operation }, peer) => {
    if (operation.kind !== 'search') return;
    const first = Number(/range=(\d+)-\*/.exec(operation.attributes[0]!)?.[1] ?? 0);
    const last = Math.min(first + size, total) - 1;
    const values = Array.from({ length: last - first + 1 }, (_, i) => `m${first + i}`);
    const attributes = [
      { name: 'member', values: [] },
      { name: `member;range=${first}-${last === total - 1 ? '*' : last}`, values },
    ];
    peer.send(id, { kind: 'entry', dn: 'cn=g', attributes: first < end ? attributes : [] }, success('search'));
  });
  const connection = await openTo(server);
  try {
    const entry = (await connection.read('cn=g', ['member']))!;
    return (await readAllValues(connection, entry, 'Member')).map((value) => value.toString());
  } finally {
    connection.close();
  }
}

it.each([
  [4000, 1500],
  [1500, 1500],
  [1, 1500],
  [7, 1],
])('%d values that come in parts of %d are all read', async (total, size) => {
  expect(await read(total, size)).toEqual(Array.from({ length: total }, (_, i) => `m${i}`));
});

it('a list that ends before its end is an incomplete read', async () => {
  await expect(read(4000, 1500, 1600)).rejects.toMatchObject({ code: 'incomplete-read', retryable: true });
});

it('a list that comes whole is not asked for again', async () => {
  server = await startFakeServer(({ id }, peer) =>
    peer.send(id, { kind: 'entry', dn: 'cn=g', attributes: [{ name: 'member', values: ['a'] }] }, success('search')),
  );
  const connection = await openTo(server);
  const entry = (await connection.read('cn=g'))!;
  expect(await readAllValues(connection, entry, 'member')).toEqual([Buffer.from('a')]);
  expect(await readAllValues(connection, entry, 'mail')).toEqual([]);
  expect(server.requests).toHaveLength(2);
  connection.close();
});
