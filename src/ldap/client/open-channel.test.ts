import { afterEach, describe, expect, it } from 'vitest';
import { encodeResponse } from '../codec/encode-response.ts';
import { startFakeServer, success, type FakeHandler, type FakeServer } from '../testing/fake-server.ts';
import { openTo } from '../testing/open-to.ts';
import { openLdap } from './ldap-connection.ts';

let server: FakeServer;
afterEach(() => server.dispose());

const start = async (handle: FakeHandler, acceptsLogins = true): Promise<void> => {
  server = await startFakeServer(handle, acceptsLogins);
};
const silent: FakeHandler = () => {};

describe('opening', () => {
  it.each([
    [{ kind: 'simple', dn: 'cn=a', password: '' }],
    [{ kind: 'simple', dn: '', password: 'x' }],
    [{ kind: 'plain', user: 'a', password: '' }],
  ] as const)('refuses %j, which a server would take for anonymous', async (login) => {
    await start(silent);
    await expect(openTo(server, { login })).rejects.toMatchObject({ code: 'bad-configuration' });
    expect(server.requests).toEqual([]);
  });

  it('fails where the login is refused, and asks no other server', async () => {
    await start(
      ({ id }, peer) => peer.send(id, { kind: 'result', operation: 'bind', code: 49, message: '80090308: data 52e' }),
      false,
    );
    const other = await startFakeServer(silent);
    const options = {
      servers: [server.address, other.address],
      login: { kind: 'simple', dn: 'cn=a', password: 'x' },
    } as const;
    await expect(openTo(server, options)).rejects.toMatchObject({
      code: 'unauthorized',
      message: 'the login as "cn=a" was refused: 49 invalidCredentials: 80090308: data 52e',
    });
    expect(other.requests).toEqual([]);
    await other.dispose();
  });

  it('goes on to the next server where one is down or busy', async () => {
    await start(silent);
    const busy = await startFakeServer(
      ({ id }, peer) => peer.send(id, { kind: 'result', operation: 'bind', code: 51 }),
      false,
    );
    const gone = await startFakeServer(silent);
    await gone.dispose();
    const connection = await openTo(server, { servers: [gone.address, busy.address, server.address] });
    expect(connection.address).toEqual(server.address);
    connection.close();
    await busy.dispose();
    await expect(openTo(server, { servers: [gone.address] })).rejects.toMatchObject({
      reason: 'connect',
      code: 'unreachable',
    });
  });

  it('has a deadline, whatever the server does', async () => {
    await start(silent, false);
    const options = { connectTimeoutMs: 30 };
    await expect(openTo(server, options)).rejects.toThrow('was not ready within 30 ms');
    await expect(openTo(server, { ...options, security: 'tls' })).rejects.toThrow('was not ready within 30 ms');
    await expect(openTo(server, { ...options, security: 'startTls' })).rejects.toThrow('was not ready within 30 ms');
  });

  it('can be aborted', async () => {
    await start(silent, false);
    const controller = new AbortController();
    const options = { servers: [server.address], security: 'none', login: { kind: 'anonymous' } } as const;
    const opening = openLdap(options, controller.signal);
    await server.arrival(({ kind }) => kind === 'bind');
    controller.abort(new Error('enough'));
    await expect(opening).rejects.toThrow('enough');
  });

  it('sends nothing but StartTLS before TLS, and no password where it is refused', async () => {
    await start(({ id }, peer) => peer.send(id, { kind: 'result', operation: 'extended', code: 53 }));
    const login = { kind: 'simple', dn: 'cn=a', password: 'x' } as const;
    await expect(openTo(server, { login, security: 'startTls' })).rejects.toThrow('StartTLS with the LDAP server');
    expect(server.requests.map(({ operation }) => operation)).toEqual([
      { kind: 'extended', oid: '1.3.6.1.4.1.1466.20037', value: null },
    ]);
  });

  it('refuses data that somebody slipped in before TLS', async () => {
    await start(({ id }, peer) =>
      peer.socket.write(Buffer.concat([encodeResponse(id, success('extended')), Buffer.from([0x30, 5])])),
    );
    await expect(openTo(server, { security: 'startTls' })).rejects.toThrow('between StartTLS and TLS');
  });

  it('does not wait longer than its deadline for who answers a challenge', async () => {
    await start(silent, false);
    const respond = (): Promise<null> => new Promise(() => {});
    const login = { kind: 'sasl', mechanism: 'X', respond } as const;
    await expect(openTo(server, { login, connectTimeoutMs: 30 })).rejects.toThrow('was not ready within 30 ms');
  });

  it('follows a SASL exchange of several steps', async () => {
    await start(({ id, operation }, peer) => {
      const step =
        operation.kind === 'bind' && operation.authentication.kind === 'sasl'
          ? operation.authentication.credentials
          : null;
      if (step?.toString() === 'yes') peer.send(id, success('bind'));
      else peer.send(id, { kind: 'result', operation: 'bind', code: 14, serverCredentials: Buffer.from('sure?') });
    }, false);
    const challenges: (string | null)[] = [];
    const respond = (challenge: Uint8Array | null): Buffer | null => {
      challenges.push(challenge === null ? null : Buffer.from(challenge).toString());
      return challenge === null ? null : Buffer.from('yes');
    };
    const connection = await openTo(server, { login: { kind: 'sasl', mechanism: 'X', respond } });
    expect(challenges).toEqual([null, 'sure?']);
    connection.close();
  });
});
