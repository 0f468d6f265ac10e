import type { JsonObject } from '../base/json.ts';
import type { OpenMapping } from '../mapping/open-mapping.ts';
import type { ObjectSet, Query } from '../model/object-set.ts';
import type { Repository } from '../model/repository.ts';
import { toQuery } from '../model/to-query.ts';
import { readByKey } from '../sync/read-by-key.ts';
import type { World } from '../sync/world.ts';
import { approvalRows } from './approvals.ts';
import { BUILT_IN_QUERIES, filterOfNamedQuery } from './config/named-queries.ts';
import type { Lockstep, Pin } from './lockstep.ts';

/** What is opened for a run or a push. */
export interface Sides {
  readonly pin: Pin;
  readonly mapping: OpenMapping;
  readonly source: ObjectSet;
  readonly target: ObjectSet;
  /** That of a plan, where nothing is to be written. */
  readonly repository: Repository;
}

/** The world of a run or a push over its two sides. */
export function worldOver(
  lockstep: Lockstep,
  { pin, mapping, source, target, repository }: Sides,
  purpose: Pick<World, 'mode' | 'runId' | 'reconId'>,
): Omit<World, 'skipsCorrelation' | 'isTracing'> {
  const { clock, newId, log } = lockstep;
  const { name, links } = mapping.compiled;
  const ends = { mapping: name, source: mapping.compiled.source, target: mapping.compiled.target };
  const approvals =
    purpose.mode === 'plan' ? {} : { approvals: approvalRows(lockstep, { ...ends, reconId: purpose.reconId }) };
  return {
    mapping,
    source,
    target,
    readSources: readByKey(source, links.areSourceIdsCaseSensitive),
    readTargets: readByKey(target, links.areTargetIdsCaseSensitive),
    repository,
    clock,
    newId,
    log,
    ...purpose,
    ...approvals,
    toQuery: (raw) => correlationQuery(pin, target, raw),
  };
}

/** A predefined query of managed objects is its filter: so it can be compared with what is planned but not written yet. */
function correlationQuery({ config }: Pin, target: ObjectSet, raw: JsonObject): Query {
  const query = toQuery(raw);
  if (query.kind !== 'id' || !target.traits.isTransactional) return query;
  const named = config.namedQueries[query.queryId] ?? BUILT_IN_QUERIES[query.queryId];
  return named === undefined ? query : { kind: 'filter', filter: filterOfNamedQuery(named, query.parameters) };
}
