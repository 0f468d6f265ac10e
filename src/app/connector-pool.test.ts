import { beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { silentLog } from '../base/log.ts';
import type { Connector, ConnectorKind } from '../connector/contract.ts';
import type { ObjectSet } from '../model/object-set.ts';
import { configOf } from './config/load-fixture.ts';
import type { ProjectConfig } from './config/project-config.ts';
import { openConnectorPool } from './connector-pool.ts';

/** Opened and closed connectors in order: `open 1`, `close 1`. */
let events: string[] = [];
let gate = Promise.withResolvers<void>();

const kind: Pick<ConnectorKind, 'create'> = {
  create: (config) => {
    const version = String(config.configurationProperties['version']);
    events.push(`open ${version}`);
    const set = { path: 'system/s/account', scan: () => scan(), readMany: () => gate.promise.then(() => new Map()) };
    return {
      name: config.name,
      test: async () => {},
      objectSet: () => set as unknown as ObjectSet,
      close: async () => void events.push(`close ${version}`),
    } satisfies Connector;
  },
};

async function* scan(): ReturnType<ObjectSet['scan']> {
  yield { objects: [], faults: [], cursor: 1, isLast: false };
  yield { objects: [], faults: [], cursor: 2, isLast: true };
}

const version = (number: number, more: JsonObject = {}): Promise<ProjectConfig> =>
  configOf({
    'conf/provisioner.openicf-s.json': {
      name: 's',
      connectorRef: { connectorName: 'test' },
      configurationProperties: { version: number },
      ...more,
    },
  });

beforeEach(() => {
  events = [];
  gate = Promise.withResolvers();
});

describe('the connector pool', () => {
  it('opens at first use, once for equal configurations', async () => {
    const [first, same] = [await version(1), await version(1)];
    const pool = openConnectorPool(first, silentLog, () => kind);
    expect(events).toEqual([]);
    await pool.get(first, 's').test();
    await pool.adopt(same);
    await pool.get(same, 's').test();
    expect(events).toEqual(['open 1']);
    await pool.close();
    expect(events).toEqual(['open 1', 'close 1']);
  });

  it('closes what was replaced when the last holder lets go', async () => {
    const [one, two] = [await version(1), await version(2)];
    const pool = openConnectorPool(one, silentLog, () => kind);
    const [releaseA, releaseB] = [pool.hold(one), pool.hold(one)];
    await pool.get(one, 's').test();
    await pool.adopt(two);
    await pool.get(two, 's').test();
    await releaseA();
    await releaseA();
    expect(events).toEqual(['open 1', 'open 2']);
    await releaseB();
    expect(events).toEqual(['open 1', 'open 2', 'close 1']);
  });

  it('does not close in the middle of a call or a scan', async () => {
    const [one, two] = [await version(1), await version(2)];
    const pool = openConnectorPool(one, silentLog, () => kind);
    const set = pool.get(one, 's').objectSet('account');
    const reading = set.readMany(['x']);
    const pages = set.scan({ pageSize: 1 })[Symbol.asyncIterator]();
    await pages.next();
    await pool.adopt(two);
    gate.resolve();
    await reading;
    expect(events).toEqual(['open 1']);
    await pages.return!();
    expect(events).toEqual(['open 1', 'close 1']);
  });

  it('a configuration that comes back finds its connector if somebody held it', async () => {
    const [one, two] = [await version(1), await version(2)];
    const pool = openConnectorPool(one, silentLog, () => kind);
    const release = pool.hold(one);
    await pool.get(one, 's').test();
    await pool.adopt(two);
    await pool.adopt(one);
    await release();
    expect(events).toEqual(['open 1']);
  });

  it('tells why a system cannot be used', async () => {
    const off = await version(1, { enabled: false });
    const pool = openConnectorPool(off, silentLog, () => kind);
    expect(() => pool.get(off, 's')).toThrow(expect.objectContaining({ status: 503 }));
    expect(() => pool.get(off, 'other')).toThrow(expect.objectContaining({ status: 404 }));
    const on = await version(2);
    const without = openConnectorPool(on, silentLog, () => null);
    expect(() => without.get(on, 's')).toThrow(expect.objectContaining({ status: 503 }));
  });
});
