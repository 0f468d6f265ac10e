import { Failure } from '../../base/failure.ts';
import { ALL_OBJECT_TYPES, type ChangeFeed } from '../../model/change-feed.ts';
import { stageId } from '../../live/stage.ts';
import type { ProvisionerConfig } from '../config/project-config.ts';
import { combined } from '../../live/combined-feed.ts';
import { differenceFeed } from './difference-feed.ts';
import type { Lockstep, Pin } from '../lockstep.ts';
import type { ShadowStore } from './shadow-store.ts';

/** What LiveSync reads changes of: `system/ldap/account`, or all types of a system. */
export interface LiveSource {
  readonly path: string;
  readonly system: string;
  readonly type: string;
  /** Of its stage document: `SYSTEMLDAPACCOUNT`. */
  readonly id: string;
  readonly provisioner: ProvisionerConfig;
  /** The collections whose objects change: one, or those of all types. */
  readonly collections: readonly string[];
}

/**
 * Throws `bad-request` for what is no collection of a system, `not-found` for an unknown system or type, `unreachable` for a
 * system that cannot be used, `bad-configuration` where two sources would share one token.
 */
export function liveSource(lockstep: Lockstep, given: string): LiveSource {
  const path = given.replace(/^\/+|\/+$/g, '');
  const [kind, system = '', type = ALL_OBJECT_TYPES, ...rest] = path.split('/');
  if (kind !== 'system' || system === '' || type === '' || rest.length > 0)
    throw new Failure(
      'bad-request',
      `"${given.slice(0, 200)}" is no source of changes: name a collection as system/<name>/<type>`,
    );
  lockstep.connector(system);
  const provisioner = lockstep.config.connectors.find(({ name }) => name === system)!;
  const types = Object.keys(provisioner.objectTypes);
  const isAll = type === ALL_OBJECT_TYPES && !types.includes(type);
  if (!isAll && !types.includes(type)) throw new Failure('not-found', `system/${system} has no object type ${type}`);
  const whole = `system/${system}/${type}`;
  const collections = isAll ? types.map((one) => `system/${system}/${one}`) : [whole];
  const id = stageId(whole);
  refuseDouble(lockstep, whole, id);
  return { path: whole, system, type, id, provisioner, collections };
}

function refuseDouble({ config }: Lockstep, path: string, id: string): void {
  const paths = config.connectors.flatMap(({ name, objectTypes }) =>
    [...Object.keys(objectTypes), ALL_OBJECT_TYPES].map((type) => `system/${name}/${type}`),
  );
  const other = paths.find((one) => one !== path && stageId(one) === id);
  if (other === undefined) return;
  throw new Failure(
    'bad-configuration',
    `${path} and ${other} would keep their tokens in the same document ${id}; rename one of them`,
  );
}

export interface FeedServices {
  readonly lockstep: Lockstep;
  readonly pin: Pin;
  readonly shadows: (collection: string) => ShadowStore;
  /** See `differenceFeed`. */
  readonly walked: Map<string, string>;
}

export interface OpenFeed {
  readonly feed: ChangeFeed;
  /** It compares with what was last seen, which therefore has to be taken down first. */
  readonly isByDifference: boolean;
}

/** How the source tells of its changes. Rejects with `unsupported` if it does not, else as reads of the system do. */
export async function openFeed(services: FeedServices, source: LiveSource, signal?: AbortSignal): Promise<OpenFeed> {
  const connector = services.lockstep.connector(source.system);
  const { type, path } = source;
  if (connector.feed !== undefined) {
    const feed = await connector.feed(type, signal);
    if (feed !== null) return { feed, isByDifference: false };
    const feeds = path === allOf(source) ? await feedsOf(connector.feed, source, signal) : [];
    if (feeds.length > 0) return { feed: combined(feeds), isByDifference: false };
  } else if (connector.state !== undefined) {
    const feeds = source.collections.map((one) => byDifference(services, one, connector.state!));
    return {
      feed: feeds.length === 1 && path !== allOf(source) ? feeds[0]![1] : combined(feeds),
      isByDifference: true,
    };
  }
  throw new Failure(
    'unsupported',
    `liveSync is not supported on ${path}: ${source.provisioner.connectorName} cannot tell what has changed; ` +
      `reconcile it on a schedule instead`,
  );
}

/** Of a system that cannot tell of all its types in one go. */
async function feedsOf(
  open: NonNullable<ReturnType<Lockstep['connector']>['feed']>,
  { collections }: LiveSource,
  signal?: AbortSignal,
): Promise<readonly (readonly [string, ChangeFeed])[]> {
  const feeds: (readonly [string, ChangeFeed])[] = [];
  for (const collection of collections) {
    const feed = await open(typeOf(collection), signal);
    if (feed !== null) feeds.push([typeOf(collection), feed]);
  }
  return feeds;
}

export function typeOf(collection: string): string {
  return collection.slice(collection.lastIndexOf('/') + 1);
}

function allOf({ system }: LiveSource): string {
  return `system/${system}/${ALL_OBJECT_TYPES}`;
}

function byDifference(
  { lockstep, pin, shadows, walked }: FeedServices,
  collection: string,
  state: NonNullable<ReturnType<Lockstep['connector']>['state']>,
): readonly [string, ChangeFeed] {
  const type = typeOf(collection);
  const feed = differenceFeed({
    set: lockstep.objectSet(collection, lockstep.repository, pin),
    shadows: shadows(collection),
    state: (signal) => state(type, signal),
    walked,
    log: lockstep.log,
    nowMs: () => lockstep.clock.nowMs(),
  });
  return [type, feed];
}
