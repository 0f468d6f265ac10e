import { connect, type Socket } from 'node:net';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { encodeRequest } from '../../src/ldap/codec/encode-request.ts';
import type { RequestOperation } from '../../src/ldap/codec/message.ts';
import { SYNC_DN, SYNC_PASSWORD } from '../../test/ldap/openldap-config.ts';

const FIRST_ID = 2;
const SEQUENCE = 0x30;

/**
 * The bare limit of writing: requests that were encoded beforehand, sent over one connection with so many under way, and answers of
 * which only the result code is read. Gives seconds. `onAnswer` hears of each in the order of the answers.
 */
export async function sendAll(
  port: number,
  requests: readonly Buffer[],
  underWay: number,
  onAnswer: (index: number) => void = () => {},
): Promise<number> {
  const socket = await logIn(port);
  const startedMs = performance.now();
  let sent = 0;
  let answered = 0;
  const send = (): void => {
    const upTo = Math.min(requests.length, answered + underWay);
    if (upTo === sent) return;
    socket.write(Buffer.concat(requests.slice(sent, upTo)));
    sent = upTo;
  };
  const done = Promise.withResolvers<void>();
  socket.on('error', done.reject);
  readMessages(socket, (message) => {
    onAnswer(checked(message) - FIRST_ID);
    if (++answered === requests.length) done.resolve();
    else send();
  });
  send();
  await done.promise;
  const seconds = (performance.now() - startedMs) / 1000;
  socket.end();
  return seconds;
}

/** Requests for `sendAll`, in their order. */
export function encoded(operations: readonly RequestOperation[]): readonly Buffer[] {
  return operations.map((operation, i) => encodeRequest(i + FIRST_ID, operation, []));
}

async function logIn(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const bind: RequestOperation = {
    kind: 'bind',
    dn: SYNC_DN,
    authentication: { kind: 'simple', password: SYNC_PASSWORD },
  };
  socket.write(encodeRequest(1, bind, []));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  checked(answer);
  return socket;
}

/** Cuts what arrives into messages. Those of results are short: one length byte. */
function readMessages(socket: Socket, take: (message: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (data: Buffer) => {
    rest = rest.length === 0 ? data : Buffer.concat([rest, data]);
    while (rest.length >= 2 && rest.length >= 2 + rest[1]!) {
      assert.ok(rest[0] === SEQUENCE && rest[1]! < 0x80, 'an answer of another shape');
      take(rest.subarray(0, 2 + rest[1]!));
      rest = rest.subarray(2 + rest[1]!);
    }
  });
}

/** The number of a message whose result is success. */
function checked(message: Buffer): number {
  const idLength = message[3]!;
  const id = message.readUIntBE(4, idLength);
  // message, id, operation with its length, then the result code: 0a 01 NN
  const code = message[4 + idLength + 4]!;
  assert.equal(code, 0, `request ${id} ended with result ${code}: ${message.toString('latin1')}`);
  return id;
}
