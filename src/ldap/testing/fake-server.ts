import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { decodeRequest } from '../codec/decode-request.ts';
import { encodeResponse, type ResponseValues } from '../codec/encode-response.ts';
import type { RequestMessage, RequestOperation, ResultOperation } from '../codec/message.ts';
import { MessageFramer } from '../codec/message-framer.ts';
import { LdapFailure } from '../ldap-failure.ts';
import type { LdapAddress } from '../client/ldap-address.ts';

/** One connection, as the server sees it. */
export interface FakePeer {
  readonly socket: Socket;
  send(id: number, ...responses: readonly ResponseValues[]): void;
}

/** What a server does with a request. Nothing, if it returns without sending. */
export type FakeHandler = (message: RequestMessage, peer: FakePeer) => void;

export interface FakeServer {
  readonly address: LdapAddress;
  /** Every request of every connection, in the order of arrival. */
  readonly requests: readonly RequestMessage[];
  readonly peers: readonly FakePeer[];
  /** Resolves when a request for which `test` is true has arrived. */
  arrival(test: (operation: RequestOperation) => boolean): Promise<RequestMessage>;
  dispose(): Promise<void>;
}

/** A server that is made of nothing but the codec, on 127.0.0.1. Logins succeed, unless `handle` deals with them. */
export async function startFakeServer(handle: FakeHandler, acceptsLogins = true): Promise<FakeServer> {
  const requests: RequestMessage[] = [];
  const peers: FakePeer[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((socket) => {
    const peer = fakePeer(socket);
    peers.push(peer);
    const framer = new MessageFramer();
    socket.on('error', () => {});
    const take = (bytes: Buffer, start: number, end: number): void => {
      const message = decodeRequest(bytes, start, end);
      requests.push(message);
      if (message.operation.kind === 'bind' && acceptsLogins) peer.send(message.id, success('bind'));
      else if (message.operation.kind === 'unbind') socket.end();
      else handle(message, peer);
      for (const wake of waiting) wake();
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        framer.push(chunk, take);
      } catch (thrown) {
        // What comes is TLS, which this server does not speak: it stays silent.
        if (!(thrown instanceof LdapFailure)) throw thrown;
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: { kind: 'tcp', host: '127.0.0.1', port },
    requests,
    peers,
    arrival: (test) => arrivalOf(requests, waiting, test),
    dispose: () => closeServer(server, peers),
  };
}

/** A result that is a success. */
export function success(operation: ResultOperation): ResponseValues {
  return { kind: 'result', operation, code: 0 };
}

/** An entry with one attribute, `cn`. */
export function entry(name: string): ResponseValues {
  return { kind: 'entry', dn: `cn=${name}`, attributes: [{ name: 'cn', values: [name] }] };
}

function fakePeer(socket: Socket): FakePeer {
  return {
    socket,
    send: (id, ...responses) => {
      socket.write(Buffer.concat(responses.map((response) => encodeResponse(id, response))));
    },
  };
}

function arrivalOf(
  requests: readonly RequestMessage[],
  waiting: Set<() => void>,
  test: (operation: RequestOperation) => boolean,
): Promise<RequestMessage> {
  return new Promise((resolve) => {
    const look = (): void => {
      const found = requests.find(({ operation }) => test(operation));
      if (found === undefined) return;
      waiting.delete(look);
      resolve(found);
    };
    waiting.add(look);
    look();
  });
}

function closeServer(server: Server, peers: readonly FakePeer[]): Promise<void> {
  for (const { socket } of peers) socket.destroy();
  return new Promise((resolve) => server.close(() => resolve()));
}
