import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Filter } from '../base/query-filter.ts';

/** A predefined query (specification §1.5) as a filter, and what is done with what it finds. */
export interface NamedAuditQuery {
  readonly filter: Filter;
  /** Only so many. */
  readonly limit?: number;
  readonly render?: (entry: JsonObject) => JsonObject;
  /** A further test that a filter cannot express. */
  readonly test?: (entry: JsonObject) => boolean;
}

type Parameters = Readonly<Record<string, unknown>>;

const ALL: Filter = { kind: 'always', value: true };

const QUERIES: Readonly<Record<string, (parameters: Parameters, queryId: string) => NamedAuditQuery>> = {
  'query-all': () => ({ filter: ALL }),
  'query-all-ids': () => ({ filter: ALL, render: ({ _id }) => ({ _id: _id! }) }),
  'audit-by-recon-id': (parameters, queryId) => ({ filter: equal('reconId', asked(parameters, queryId, 'reconId')) }),
  'audit-by-recon-id-situation': (parameters, queryId) => ({
    filter: both(
      equal('reconId', asked(parameters, queryId, 'reconId')),
      equal('situation', asked(parameters, queryId, 'situation')),
    ),
  }),
  'audit-by-recon-id-type': (parameters, queryId) => ({
    filter: both(
      equal('reconId', asked(parameters, queryId, 'reconId')),
      equal('entryType', asked(parameters, queryId, 'entryType')),
    ),
  }),
  'audit-by-recon-id-situations-latest': (parameters, queryId) => ({ filter: inSituations(parameters, queryId) }),
  'audit-by-recon-id-situations-latest-filtered': (parameters, queryId) => ({
    filter: inSituations(parameters, queryId),
    test: ({ sourceObjectId, targetObjectId }) =>
      isListed(parameters['filteredIds'], sourceObjectId) || isListed(parameters['filteredIds'], targetObjectId),
  }),
  'audit-by-mapping': (parameters, queryId) => ({
    filter: equal('mapping', asked(parameters, queryId, 'mappingName', 'mapping')),
  }),
  'audit-by-activity-parent-action': (parameters, queryId) => ({
    filter: equal('parentActionId', asked(parameters, queryId, 'parentActionId')),
  }),
  'audit-last-recon-for-mapping': (parameters, queryId) => ({
    filter: both(equal('mapping', asked(parameters, queryId, 'mapping', 'mappingName')), equal('entryType', 'summary')),
    limit: 1,
  }),
  'get-recons': ({ includeMapping, excludeMapping }) => ({
    filter: equal('entryType', 'summary'),
    test: ({ mapping }) => isMappingMeant(String(mapping), includeMapping, excludeMapping),
    render: ({ _id, reconId, timestamp, mapping }) => ({
      _id: _id!,
      reconId: reconId!,
      activitydate: timestamp!,
      mapping: mapping!,
    }),
  }),
};

export function namedAuditQuery(queryId: string, parameters: Parameters): NamedAuditQuery {
  const query = Object.hasOwn(QUERIES, queryId) ? QUERIES[queryId] : undefined;
  if (query !== undefined) return query(parameters, queryId);
  throw new Failure(
    'bad-request',
    `The passed query identifier ${queryId} does not match any configured queries; audit has ${Object.keys(QUERIES).join(', ')}`,
  );
}

/** By patterns of SQL's LIKE; none means every mapping. */
export function isMappingMeant(mapping: string, include: unknown, exclude: unknown): boolean {
  const isLike = (pattern: unknown, otherwise: boolean): boolean =>
    typeof pattern === 'string' && pattern !== '' ? like(pattern).test(mapping) : otherwise;
  return isLike(include, true) && !isLike(exclude, false);
}

function like(pattern: string): RegExp {
  const escaped = pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replace(/%+/g, '.*').replaceAll('_', '.')}$`, 's');
}

function asked(parameters: Parameters, queryId: string, ...names: readonly string[]): string {
  for (const name of names) {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
  }
  throw new Failure('bad-request', `the query ${queryId} requires the parameter '${names[0]}'`);
}

/** Entries of a run about objects: of the situations in a list with commas, or of all. A run has one for each object. */
function inSituations(parameters: Parameters, queryId: string): Filter {
  const { situations } = parameters;
  const wanted = typeof situations === 'string' ? situations.split(',').map((one) => one.trim()) : [];
  const parts = wanted.filter((one) => one !== '').map((one) => equal('situation', one));
  const entries = both(equal('reconId', asked(parameters, queryId, 'reconId')), equal('entryType', 'entry'));
  return parts.length === 0 ? entries : both(entries, { kind: 'or', parts });
}

/** In a list with commas, whose members may have commas themselves, as distinguished names do. */
function isListed(list: unknown, id: Json | undefined): boolean {
  return typeof list === 'string' && typeof id === 'string' && `,${list},`.includes(`,${id},`);
}

function equal(name: string, value: string): Filter {
  return { kind: 'compare', operator: 'eq', pointer: [name], value };
}

function both(...parts: readonly Filter[]): Filter {
  return { kind: 'and', parts };
}
