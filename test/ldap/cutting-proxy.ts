import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** Stands before a server, and cuts connections when the server has sent so many bytes over all of them together. */
export interface CuttingProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on; `Infinity`: never. */
  cutAfter(bytes: number): void;
}

export async function startCuttingProxy(port: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let left = Infinity;
  const server = createServer((client) => {
    const inner = connect(port, '127.0.0.1');
    for (const socket of [client, inner]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        for (const other of [client, inner]) other.destroy();
      });
    }
    client.pipe(inner);
    inner.on('data', (chunk) => {
      const part = chunk.subarray(0, Math.max(0, left));
      left -= chunk.length;
      if (left >= 0) client.write(chunk);
      else client.end(part, () => client.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cutAfter: (bytes) => {
      left = bytes;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
