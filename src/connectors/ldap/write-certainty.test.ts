import { afterEach, expect, it } from 'vitest';
import { silentLog } from '../../base/log.ts';
import type { Connector, ConnectorConfig, PropertyConfig } from '../../connector/contract.ts';
import { retry } from '../../connector/retry.ts';
import {
  success,
  startFakeServer,
  type FakeHandler,
  type FakePeer,
  type FakeServer,
} from '../../ldap/testing/fake-server.ts';
import type { RequestMessage } from '../../ldap/codec/message.ts';
import type { ObjectSet, ObjectWrite } from '../../model/object-set.ts';
import { ldapConnector } from './ldap-connector.ts';

const property = (nativeName: string): PropertyConfig => ({
  type: 'string',
  itemType: null,
  nativeName,
  nativeType: 'string',
  isRequired: false,
  flags: [],
});
const BASE = 'dc=example';
const create = (i: number): ObjectWrite => ({ kind: 'create', id: null, object: { dn: `cn=n${i},${BASE}`, sn: 'x' } });
const patient = { retries: 2, delayMs: 1, maxDelayMs: 1 };

let server: FakeServer | null = null;
let connector: Connector | null = null;
afterEach(async () => {
  await connector?.close();
  await server?.dispose();
});

function open(port: number, more: Partial<ConnectorConfig> = {}): ObjectSet {
  const properties = { dn: property('__NAME__'), sn: property('sn') };
  const settings = { host: '127.0.0.1', port, baseContexts: [BASE], uidAttribute: 'dn', readSchema: false };
  connector = ldapConnector.create(
    {
      name: 'd',
      enabled: true,
      connectorName: 'ldap',
      configurationProperties: settings,
      objectTypes: { account: { nativeType: '__ACCOUNT__', properties } },
      ...more,
    },
    { projectDirectory: '/', log: silentLog },
  );
  return connector.objectSet('account');
}

async function start(adds: (message: RequestMessage, peer: FakePeer) => void): Promise<number> {
  const handle: FakeHandler = (message, peer) => {
    const { operation, id } = message;
    if (operation.kind === 'add') return adds(message, peer);
    if (operation.kind !== 'search') return;
    peer.send(id, { kind: 'entry', dn: operation.base, attributes: [] }, success('search'));
  };
  server = await startFakeServer(handle);
  if (server.address.kind !== 'tcp') throw new Error('no port');
  return server.address.port;
}

it('where no connection came about, nobody is in doubt whether an entry was made', async () => {
  const port = await start(() => {});
  await server!.dispose();
  const failure = await retry(open(port), patient)
    .write([create(1)])
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'unreachable', isUncertain: false });
  expect((failure as Error).message).not.toContain('unknown');
  expect((failure as Error).message).toContain('"host", "port"');
});

it('where an answer was lost, the doubt is told, and it is not sent again', async () => {
  let count = 0;
  const port = await start((_, { socket }) => {
    count++;
    socket.destroy();
  });
  const [outcome] = await retry(open(port), patient).write([create(1)]);
  expect(outcome).toMatchObject({
    ok: false,
    code: 'unreachable',
    isUncertain: true,
    message: expect.stringContaining('unknown whether the object was created') as string,
  });
  expect(count).toBe(1);
});

it('a busy server is asked again, and not without end', async () => {
  let count = 0;
  const port = await start(({ id }, peer) => {
    peer.send(id, { kind: 'result', operation: 'add', code: ++count > 2 ? 0 : 51 });
  });
  expect(await open(port).write([create(1)])).toMatchObject([{ ok: true }]);
  expect(count).toBe(3);
  await connector!.close();
  await server!.dispose();
  const always = await start(({ id }, peer) => peer.send(id, { kind: 'result', operation: 'add', code: 52 }));
  expect(await open(always).write([create(1)])).toMatchObject([
    { ok: false, code: 'unreachable', isUncertain: false, message: expect.stringContaining('52') as string },
  ]);
});

it('operationTimeout of the provisioner file limits the wait for each answer', async () => {
  const port = await start(() => {});
  const [outcome] = await open(port, { operationTimeoutMs: { CREATE: 50 } }).write([create(1)]);
  expect(outcome).toMatchObject({
    ok: false,
    code: 'timeout',
    isUncertain: true,
    message: expect.stringContaining('50 ms') as string,
  });
});

it('maxObjects of the provisioner file limits how many requests are under way', async () => {
  let under = 0;
  let most = 0;
  const port = await start(({ id }, peer) => {
    most = Math.max(most, ++under);
    setTimeout(() => {
      under--;
      peer.send(id, success('add'));
    }, 5);
  });
  const writes = Array.from({ length: 20 }, (_, i) => create(i));
  const outcomes = await open(port, { poolConfigOption: { maxObjects: 3 } }).write(writes);
  expect(outcomes.every(({ ok }) => ok)).toBe(true);
  expect(most).toBe(3);
});
