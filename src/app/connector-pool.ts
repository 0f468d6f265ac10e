import { createHash } from 'node:crypto';
import { Failure, messageOf } from '../base/failure.ts';
import { isJsonObject, type Json } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import type { Connector, ConnectorKind } from '../connector/contract.ts';
import { forward } from '../connector/forward.ts';
import type { ObjectSet, ScanPage, ScanRequest } from '../model/object-set.ts';
import { connectorKind } from './connector-kinds.ts';
import type { ProjectConfig, ProvisionerConfig } from './config/project-config.ts';

/**
 * The open connectors of a project, each under the hash of its configuration: two configurations of one system are two
 * connectors. A connector is closed when it belongs neither to the present configuration nor to one that somebody still
 * works with, and no call on it is under way.
 */
export interface ConnectorPool {
  /** Opened when it is first asked for. Its `close` does nothing: the pool closes. */
  get(config: ProjectConfig, name: string): Connector;
  /** The connectors of `config` are needed until the returned function is called. */
  hold(config: ProjectConfig): () => Promise<void>;
  /** From now on this is the present configuration. Resolves when what is no longer needed is closed. */
  adopt(config: ProjectConfig): Promise<void>;
  close(): Promise<void>;
}

interface Entry {
  readonly name: string;
  readonly connector: Connector;
  calls: number;
}

interface PoolState {
  readonly entries: Map<string, Entry>;
  readonly holds: Set<ReadonlySet<string>>;
  readonly log: Log;
  readonly kindOf: KindOf;
  readonly decrypt: Decrypt;
  present: ReadonlySet<string>;
}

type KindOf = (connectorName: string) => Pick<ConnectorKind, 'create'> | null;

/** Gives a value with every encrypted part of it decrypted. */
type Decrypt = (value: Json) => Json;

export function openConnectorPool(
  present: ProjectConfig,
  log: Log,
  kindOf: KindOf = connectorKind,
  decrypt: Decrypt = (value) => value,
): ConnectorPool {
  const state: PoolState = { entries: new Map(), holds: new Set(), log, kindOf, decrypt, present: keysOf(present) };
  return {
    get: (config, name) => get(state, config, name),
    hold: (config) => hold(state, config),
    adopt: (config) => {
      state.present = keysOf(config);
      return sweep(state);
    },
    close: async () => {
      for (const [key, entry] of state.entries) await remove(state, key, entry);
    },
  };
}

function hold(state: PoolState, config: ProjectConfig): () => Promise<void> {
  const keys = keysOf(config);
  state.holds.add(keys);
  return () => {
    state.holds.delete(keys);
    return sweep(state);
  };
}

function get(state: PoolState, config: ProjectConfig, name: string): Connector {
  const provisioner = usable(config, name);
  const key = keyOf(provisioner);
  const known = state.entries.get(key);
  if (known !== undefined) return counted(state, known);
  const kind = state.kindOf(provisioner.connectorName);
  if (kind === null)
    throw new Failure(
      'unreachable',
      `system/${name}: the connector ${provisioner.connectorName} is not available here`,
    );
  const services = { projectDirectory: config.directory, log: state.log };
  const connector = kind.create(decrypted(provisioner, state.decrypt), services);
  const entry: Entry = { name, connector, calls: 0 };
  state.entries.set(key, entry);
  return counted(state, entry);
}

/** Credentials may be encrypted in the file (`$crypto`, specification §10.1). */
function decrypted(provisioner: ProvisionerConfig, decrypt: Decrypt): ProvisionerConfig {
  const configurationProperties = decrypt(provisioner.configurationProperties);
  return isJsonObject(configurationProperties) ? { ...provisioner, configurationProperties } : provisioner;
}

function usable(config: ProjectConfig, name: string): ProvisionerConfig {
  const provisioner = config.connectors.find((candidate) => candidate.name === name);
  if (provisioner === undefined)
    throw new Failure(
      'not-found',
      `system/${name} is not configured; there is no conf/provisioner.openicf-${name}.json`,
    );
  if (!provisioner.enabled)
    throw new Failure('unreachable', `system/${name} is disabled ("enabled": false in ${provisioner.file})`);
  return provisioner;
}

/** Every call counts, so that a connector that was replaced is not closed in the middle of one. */
function counted(state: PoolState, entry: Entry): Connector {
  const during = async <T>(call: () => Promise<T>): Promise<T> => {
    entry.calls++;
    try {
      return await call();
    } finally {
      entry.calls--;
      await sweep(state);
    }
  };
  const { connector } = entry;
  return {
    name: connector.name,
    test: (signal) => during(() => connector.test(signal)),
    objectSet: (type) => countedSet(connector.objectSet(type), during, () => scanning(state, entry)),
    ...(connector.feed === undefined ? {} : { feed: (type, signal) => during(() => connector.feed!(type, signal)) }),
    ...(connector.state === undefined ? {} : { state: (type, signal) => during(() => connector.state!(type, signal)) }),
    ...(connector.authenticate === undefined
      ? {}
      : { authenticate: (...asked) => during(() => connector.authenticate!(...asked)) }),
    close: async () => {},
  };
}

function scanning(state: PoolState, entry: Entry): () => Promise<void> {
  entry.calls++;
  return () => {
    entry.calls--;
    return sweep(state);
  };
}

function countedSet(
  set: ObjectSet,
  during: <T>(call: () => Promise<T>) => Promise<T>,
  begin: () => () => Promise<void>,
): ObjectSet {
  return {
    ...forward(set),
    scan: (request) => countedScan(set, request, begin),
    readMany: (ids, signal) => during(() => set.readMany(ids, signal)),
    query: (queries, signal) => during(() => set.query(queries, signal)),
    write: (writes, signal) => during(() => set.write(writes, signal)),
    close: async () => {},
  };
}

async function* countedScan(
  set: ObjectSet,
  request: ScanRequest,
  begin: () => () => Promise<void>,
): AsyncIterable<ScanPage> {
  const end = begin();
  try {
    yield* set.scan(request);
  } finally {
    await end();
  }
}

async function sweep(state: PoolState): Promise<void> {
  for (const [key, entry] of state.entries)
    if (entry.calls === 0 && !state.present.has(key) && ![...state.holds].some((keys) => keys.has(key)))
      await remove(state, key, entry);
}

async function remove(state: PoolState, key: string, entry: Entry): Promise<void> {
  state.entries.delete(key);
  try {
    await entry.connector.close();
  } catch (thrown) {
    state.log.write('warn', `system/${entry.name} could not be closed: ${messageOf(thrown)}`);
  }
}

const keys = new WeakMap<ProvisionerConfig, string>();

function keysOf(config: ProjectConfig): ReadonlySet<string> {
  return new Set(config.connectors.map(keyOf));
}

function keyOf(provisioner: ProvisionerConfig): string {
  const known = keys.get(provisioner);
  if (known !== undefined) return known;
  const text = JSON.stringify([provisioner.name, provisioner.raw]);
  const key = createHash('sha256').update(text).digest('base64url');
  keys.set(provisioner, key);
  return key;
}
