import { afterEach, describe, expect, it } from 'vitest';
import { encodeResponse } from '../codec/encode-response.ts';
import type { RequestMessage } from '../codec/message.ts';
import { startFakeServer, success, type FakeHandler, type FakePeer, type FakeServer } from '../testing/fake-server.ts';
import { openTo } from '../testing/open-to.ts';
import { changePassword, whoAmI } from './extended-operations.ts';
import { readRootDse } from './root-dse.ts';

let server: FakeServer;
afterEach(() => server.dispose());

const start = async (handle: FakeHandler, acceptsLogins = true): Promise<void> => {
  server = await startFakeServer(handle, acceptsLogins);
};
const answer = ({ id, operation: { kind } }: RequestMessage, peer: FakePeer): void => {
  if (kind === 'modify' || kind === 'add' || kind === 'delete' || kind === 'rename') peer.send(id, success(kind));
};
const silent: FakeHandler = () => {};

describe('operations', () => {
  it('are sent as they are asked for', async () => {
    await start(answer);
    const connection = await openTo(server);
    const control = { oid: '1.2.3', isCritical: true, value: null };
    await connection.add('cn=a', [{ name: 'cn', values: ['a'] }], { controls: [control] });
    await connection.modify('cn=a', [{ operation: 'replace', name: 'sn', values: [] }]);
    await connection.rename('cn=a', 'cn=b', { newSuperior: 'ou=x' });
    await connection.delete('cn=b,ou=x');
    expect(server.requests.slice(1).map(({ operation, controls }) => [operation, controls])).toEqual([
      [{ kind: 'add', dn: 'cn=a', attributes: [{ name: 'cn', values: ['a'] }] }, [control]],
      [{ kind: 'modify', dn: 'cn=a', changes: [{ operation: 'replace', name: 'sn', values: [] }] }, []],
      [{ kind: 'rename', dn: 'cn=a', newRdn: 'cn=b', deleteOldRdn: true, newSuperior: 'ou=x' }, []],
      [{ kind: 'delete', dn: 'cn=b,ou=x' }, []],
    ]);
    connection.close();
  });

  it('may be answered in any order', async () => {
    const waiting: [RequestMessage, FakePeer][] = [];
    await start((message, peer) => {
      waiting.push([message, peer]);
      if (waiting.length < 3) return;
      for (const [{ id, operation }, to] of waiting.reverse())
        to.send(id, {
          kind: 'result',
          operation: 'compare',
          code: operation.kind === 'compare' && operation.value === 'b' ? 6 : 5,
        });
    });
    const connection = await openTo(server);
    const all = ['a', 'b', 'c'].map((value) => connection.compare('cn=a', 'cn', value));
    expect(await Promise.all(all)).toEqual([false, true, false]);
    connection.close();
  });

  it.each([
    [32, 'not-found'],
    [68, 'exists'],
    [19, 'invalid-data'],
    [50, 'denied'],
    [53, 'denied'],
    [66, 'conflict'],
    [122, 'revision'],
    [51, 'unreachable'],
    [999, 'internal'],
  ])('refused with %d are a failure %s', async (code, failureCode) => {
    await start(({ id }, peer) =>
      peer.send(id, { kind: 'result', operation: 'modify', code, message: 'no\nway', matchedDn: 'dc=x' }),
    );
    const connection = await openTo(server);
    const refusal = connection.modify('cn=a', []);
    await expect(refusal).rejects.toMatchObject({
      code: failureCode,
      reason: 'result',
      result: { code, message: 'no\nway' },
    });
    await expect(refusal).rejects.toThrow(new RegExp(`^modify of "cn=a" was refused: ${code} \\w+: no way; .*"dc=x"$`));
    connection.close();
  });

  it('answered with the result of another operation fail', async () => {
    await start(({ id }, peer) => peer.send(id, success('add')));
    const connection = await openTo(server);
    await expect(connection.delete('cn=a')).rejects.toMatchObject({ reason: 'protocol', isUncertain: true });
    connection.close();
  });

  it('extended ones give their value', async () => {
    await start(({ id, operation }, peer) => {
      const oid = operation.kind === 'extended' ? operation.oid : '';
      const value = oid.endsWith('11.3') ? Buffer.from('u:jdoe') : Buffer.from('30058003', 'hex');
      peer.send(id, {
        kind: 'result',
        operation: 'extended',
        code: 0,
        value: Buffer.concat([value, Buffer.from('abc')]).subarray(0, oid.endsWith('11.3') ? 6 : 7),
      });
    });
    const connection = await openTo(server);
    expect(await whoAmI(connection)).toBe('u:jdoe');
    expect(await changePassword(connection, { user: 'cn=a', newPassword: 'x' })).toBe('abc');
    const { operation } = server.requests.at(-1)!;
    expect(operation).toMatchObject({ kind: 'extended', value: Buffer.from('30098004636e3d61820178', 'hex') });
    connection.close();
  });

  it('the root DSE is read with its operational attributes', async () => {
    await start(({ id }, peer) => {
      const attributes = [
        { name: 'SUPPORTEDCONTROL', values: ['1.2.3'] },
        { name: 'changelog', values: ['cn=changelog'] },
      ];
      peer.send(id, { kind: 'entry', dn: '', attributes }, success('search'));
    });
    const connection = await openTo(server);
    const dse = await readRootDse(connection);
    expect([dse.supportedControls.has('1.2.3'), dse.changeLog, dse.vendorName]).toEqual([true, 'cn=changelog', null]);
    connection.close();
  });
});

it('more than 500 at once are refused, before a server would end the connection', async () => {
  await start(silent);
  const connection = await openTo(server);
  const waiting = Array.from({ length: 500 }, () => connection.delete('cn=a'));
  const settled = Promise.allSettled(waiting);
  await expect(connection.delete('cn=b')).rejects.toMatchObject({ code: 'locked', retryable: true });
  connection.close();
  expect((await settled).every(({ status }) => status === 'rejected')).toBe(true);
});

describe('a request without an answer', () => {
  it('is abandoned, and leaves its neighbours alone', async () => {
    let slow: [RequestMessage, FakePeer] | null = null;
    await start((message, peer) => {
      if (message.operation.kind === 'delete') slow = [message, peer];
      else if (message.operation.kind !== 'abandon') answer(message, peer);
    });
    const connection = await openTo(server);
    const neighbour = connection.delete('cn=neighbour', { timeoutMs: 0 });
    const { id } = await server.arrival(({ kind }) => kind === 'delete');
    const lost = connection.compare('cn=a', 'cn', 'a', { timeoutMs: 20 });
    await expect(lost).rejects.toMatchObject({ code: 'timeout', reason: 'timeout', isUncertain: false });
    const compared = await server.arrival(({ kind }) => kind === 'compare');
    const abandoned = await server.arrival(({ kind }) => kind === 'abandon');
    expect(abandoned.operation).toEqual({ kind: 'abandon', messageId: compared.id });
    slow![1].send(compared.id, { kind: 'result', operation: 'compare', code: 6 });
    slow![1].send(id, success('delete'));
    expect(await neighbour).toMatchObject({ code: 0 });
    expect(await connection.modify('cn=b', [])).toMatchObject({ code: 0 });
    connection.close();
  });

  it('that writes says that it may have been carried out', async () => {
    await start(silent);
    const connection = await openTo(server);
    const lost = connection.add('cn=a', [], { timeoutMs: 10 });
    await expect(lost).rejects.toMatchObject({
      isUncertain: true,
      message: expect.stringContaining('may have been carried out'),
    });
    connection.close();
  });

  it('ends when its signal is aborted, and is abandoned', async () => {
    await start(silent);
    const connection = await openTo(server);
    const controller = new AbortController();
    const aborted = connection.delete('cn=a', { signal: controller.signal });
    await server.arrival(({ kind }) => kind === 'delete');
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await server.arrival(({ kind }) => kind === 'abandon');
    await expect(connection.delete('cn=a', { signal: controller.signal })).rejects.toThrow('enough');
    expect(connection.isOpen).toBe(true);
    connection.close();
  });
});

describe('a connection that ends', () => {
  it('fails everything that waits, and every later call', async () => {
    await start((_, peer) => peer.socket.destroy());
    const connection = await openTo(server);
    const all = [connection.delete('cn=a'), connection.compare('cn=a', 'cn', 'a')];
    const [written, compared] = await Promise.allSettled(all);
    expect(written).toMatchObject({
      reason: { reason: 'lost', code: 'unreachable', isUncertain: true, retryable: true },
    });
    expect(compared).toMatchObject({ reason: { reason: 'lost', isUncertain: false } });
    expect(connection.isOpen).toBe(false);
    await expect(connection.delete('cn=a')).rejects.toMatchObject({ reason: 'lost', isUncertain: false });
    expect(server.requests.filter(({ operation }) => operation.kind === 'delete').length).toBeLessThanOrEqual(1);
  });

  it('with a notice says why', async () => {
    await start((_, peer) =>
      peer.send(0, {
        kind: 'result',
        operation: 'extended',
        code: 52,
        message: 'going down',
        oid: '1.3.6.1.4.1.1466.20036',
      }),
    );
    const connection = await openTo(server);
    await expect(connection.delete('cn=a')).rejects.toThrow('ended the connection: going down');
  });

  it('in the middle of a message says so', async () => {
    await start(({ id }, peer) => {
      const bytes = encodeResponse(id, success('delete'));
      peer.socket.end(bytes.subarray(0, bytes.length - 1));
    });
    const connection = await openTo(server);
    await expect(connection.delete('cn=a')).rejects.toThrow('lost in the middle of a message');
  });

  it('because of bytes that are no LDAP fails as such', async () => {
    await start((_, peer) => peer.socket.write('HTTP/1.1 400 Bad Request\r\n'));
    const connection = await openTo(server);
    await expect(connection.delete('cn=a')).rejects.toMatchObject({ reason: 'protocol', code: 'corrupt' });
    expect(connection.isOpen).toBe(false);
  });

  it('opens again by all its steps, as the same user', async () => {
    await start((message, peer) =>
      message.operation.kind === 'delete' ? peer.socket.destroy() : answer(message, peer),
    );
    const connection = await openTo(server, { login: { kind: 'simple', dn: 'cn=me', password: 'x' } });
    await expect(connection.delete('cn=a')).rejects.toMatchObject({ reason: 'lost' });
    const again = await connection.reopen();
    await again.modify('cn=a', []);
    const logins = server.requests.filter(({ operation }) => operation.kind === 'bind');
    expect(logins.map(({ operation }) => operation)).toEqual([
      { kind: 'bind', dn: 'cn=me', authentication: { kind: 'simple', password: 'x' } },
      { kind: 'bind', dn: 'cn=me', authentication: { kind: 'simple', password: 'x' } },
    ]);
    await expect(connection.modify('cn=a', [])).rejects.toMatchObject({ reason: 'lost' });
    again.close();
  });

  it('says goodbye when it is closed', async () => {
    await start(silent);
    const connection = await openTo(server);
    const waiting = connection.delete('cn=a');
    connection.close();
    await expect(waiting).rejects.toThrow('was closed');
    await server.arrival(({ kind }) => kind === 'unbind');
  });

  it('silently counts as lost when it gives no sign of life', async () => {
    await start(silent);
    const connection = await openTo(server, { pingAfterMs: 20 });
    const waiting = connection.compare('cn=a', 'cn', 'a', { timeoutMs: 0 });
    await expect(waiting).rejects.toMatchObject({
      reason: 'lost',
      message: expect.stringContaining('no sign of life'),
    });
  });

  it('is kept when it answers to the question for a sign of life', async () => {
    await start(({ id, operation }, peer) => {
      if (operation.kind === 'search') peer.send(id, success('search'));
    });
    const connection = await openTo(server, { pingAfterMs: 300 });
    const waiting = connection.delete('cn=a', { timeoutMs: 0 });
    for (let pings = 0; pings < 3; pings++) await nextPing(pings);
    const { id } = await server.arrival(({ kind }) => kind === 'delete');
    server.peers[0]!.send(id, success('delete'));
    expect(await waiting).toMatchObject({ code: 0 });
    connection.close();
  });
});

async function nextPing(before: number): Promise<void> {
  const count = (): number => server.requests.filter(({ operation }) => operation.kind === 'search').length;
  await server.arrival(() => count() > before);
}

describe('messages that do not belong', () => {
  it('unknown ids, unknown operations and intermediate responses disturb nobody', async () => {
    await start((message, peer) => {
      const { id } = message;
      const stray = [
        encodeResponse(4711, success('delete')),
        Buffer.from([0x30, 5, 2, 1, id, 0x7e, 0]),
        encodeResponse(id, { kind: 'intermediate', oid: '1.2', value: null }),
        encodeResponse(id, success('modify')),
      ];
      peer.socket.write(Buffer.concat(stray));
    });
    const connection = await openTo(server);
    expect(await Promise.all([connection.modify('cn=a', []), connection.modify('cn=b', [])])).toMatchObject([
      { code: 0 },
      { code: 0 },
    ]);
    connection.close();
  });

  it('one that cannot be read fails its own request only', async () => {
    await start((message, peer) => {
      if (message.operation.kind === 'delete')
        peer.socket.write(Buffer.from([0x30, 6, 2, 1, message.id, 0x6b, 1, 0xff]));
      else answer(message, peer);
    });
    const connection = await openTo(server);
    const [broken, whole] = await Promise.allSettled([connection.delete('cn=a'), connection.modify('cn=b', [])]);
    expect(broken).toMatchObject({ status: 'rejected', reason: { reason: 'protocol' } });
    expect(whole).toMatchObject({ status: 'fulfilled' });
    connection.close();
  });
});
