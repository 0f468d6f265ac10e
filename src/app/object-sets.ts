import { Failure } from '../base/failure.ts';
import { observed } from '../connector/observed.ts';
import { retry } from '../connector/retry.ts';
import { managedCollection, type ResolveQuery } from '../managed/managed-collection.ts';
import type { ObjectSet } from '../model/object-set.ts';
import type { Repository } from '../model/repository.ts';
import type { RequestContext } from '../resource/context.ts';
import type { ProjectConfig } from './config/project-config.ts';
import { filterOfNamedQuery, namedQuery } from './config/named-queries.ts';
import type { ConnectorPool } from './connector-pool.ts';
import type { Lockstep, Pin } from './lockstep.ts';
import type { CallsFor, ManagedTypes, TypeSource } from './managed-types.ts';

export interface Sets {
  readonly lockstep: Lockstep;
  readonly types: ManagedTypes;
  readonly pool: ConnectorPool;
}

/** Which collection, over what, as configured where, and why it is written. */
export interface Asked {
  readonly source: TypeSource;
  readonly collection: string;
  readonly repository: Repository;
  readonly pin: Pin | undefined;
  readonly context: RequestContext | undefined;
}

/** The collection at a path, over the project's repository or that of a plan. */
export function objectSet(sets: Sets, asked: Asked): ObjectSet {
  const { collection, source } = asked;
  const [kind, name, type] = collection.split('/');
  if (kind === 'managed' && name !== undefined && type === undefined) return managedSet(sets, asked, name);
  if (kind === 'system' && name !== undefined && type !== undefined)
    return watched(sets.lockstep, name, retry(sets.pool.get(source.config, name).objectSet(type)));
  throw new Failure(
    'not-found',
    `Resource '${collection}' not found; a mapping reads and writes managed/<type> or system/<name>/<type>`,
  );
}

function watched({ connectorWatchers }: Lockstep, connector: string, set: ObjectSet): ObjectSet {
  if (connectorWatchers.size === 0) return set;
  return observed(set, (operation) => {
    for (const tell of connectorWatchers) tell(connector, operation);
  });
}

function managedSet(
  { lockstep, types }: Sets,
  { source, repository, pin, context: cause }: Asked,
  name: string,
): ObjectSet {
  const isPlan = repository !== lockstep.repository;
  const calls: CallsFor = (context) => lockstep.calls(context, isPlan ? repository : undefined, pin);
  const managed = isPlan ? types.over(source, name, repository, calls) : types.forRuns(source, name, calls);
  const { searchable } = managed.compiled.config;
  const { newId } = lockstep;
  return managedCollection({
    type: name,
    repository,
    searchable,
    resolve: resolver(source.config),
    newId,
    managed,
    ...(cause === undefined ? {} : { context: cause }),
  });
}

/** Predefined queries of a project, as filters. */
export function resolver({ namedQueries }: ProjectConfig): ResolveQuery {
  return (queryId, parameters) => {
    const query = namedQuery(namedQueries, queryId);
    if (query === null)
      throw new Failure('bad-request', `The passed query identifier ${queryId} does not match any configured queries`);
    return filterOfNamedQuery(query, parameters);
  };
}
