import { filterOfNamedQuery, namedQuery } from '../app/config/named-queries.ts';
import type { ProjectConfig } from '../app/config/project-config.ts';
import type { RunOverrides } from '../app/run-request.ts';
import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import type { Filter } from '../base/query-filter.ts';
import type { MappingConfig, SetQueryConfig } from '../mapping/mapping-config.ts';
import type { Query } from '../model/object-set.ts';
import { toQuery } from '../model/to-query.ts';
import type { Caller } from '../resource/context.ts';
import { checkHidden } from '../resource/query-page.ts';

/** For which run, and who asks for it. */
export interface Overriding {
  readonly config: Pick<ProjectConfig, 'managed' | 'namedQueries'>;
  readonly mapping: MappingConfig;
  readonly caller: Pick<Caller, 'isExternal'>;
}

/**
 * What the body of a recon call overrides (specification §5.1). `sourceQueryFullEntry` and `targetQueryFullEntry` are
 * accepted: objects are read whole here in any case. Unknown members are ignored. Throws `bad-request` for a member of the
 * wrong shape, or a query that cannot be understood or carried out. External callers get `denied` for a query that names a private
 * property (counts would tell it bit by bit) or leads to a collection that the mapping does not read.
 */
export function readOverrides(content: Json, overriding: Overriding): RunOverrides {
  if (content === null) return {};
  if (!isJsonObject(content)) throw new Failure('bad-request', 'the body of a reconciliation call must be an object');
  for (const name of ['sourceQueryFullEntry', 'targetQueryFullEntry']) flagOf(content, name);
  const { mapping } = overriding;
  const sourceQuery = queryOf(content, 'sourceQuery', mapping.source, mapping.sourceQuery, overriding);
  const targetQuery = queryOf(content, 'targetQuery', mapping.target, mapping.targetQuery, overriding);
  const runTargetPhase = flagOf(content, 'runTargetPhase');
  const allowEmptySourceSet = flagOf(content, 'allowEmptySourceSet');
  return {
    ...(sourceQuery === null ? {} : { sourceQuery }),
    ...(targetQuery === null ? {} : { targetQuery }),
    ...(runTargetPhase === null ? {} : { runTargetPhase }),
    ...(allowEmptySourceSet === null ? {} : { allowEmptySourceSet }),
  };
}

function queryOf(
  content: JsonObject,
  name: string,
  own: string,
  configured: SetQueryConfig,
  overriding: Overriding,
): JsonObject | null {
  const query = content[name] ?? null;
  if (query === null) return null;
  if (!isJsonObject(query))
    throw new Failure('bad-request', `"${name}" must be an object such as {"_queryFilter": "true"}`);
  const { resourceName = null, ...asked } = query;
  if (resourceName !== null && typeof resourceName !== 'string')
    throw new Failure('bad-request', `"resourceName" in "${name}" must be a collection such as "managed/user"`);
  const { isExternal } = overriding.caller;
  if (isExternal && resourceName !== null && resourceName !== own && resourceName !== configured.resourceName)
    throw new Failure('denied', `"resourceName" in "${name}" must be ${configured.resourceName ?? own}, or left out`);
  const collection = resourceName ?? own;
  const filter = filterOf(toQuery(asked), name, collection, overriding);
  if (isExternal) checkHidden(collection, filter, [], privateNames(collection, overriding));
  return query;
}

const EVERYTHING: Filter = { kind: 'always', value: true };

/** What a query comes to; throws `bad-request` for one that the collection does not know. */
function filterOf(query: Query, name: string, collection: string, { config }: Overriding): Filter {
  if (query.kind === 'filter') return query.filter;
  const { queryId, parameters } = query;
  if (queryId === 'query-all-ids' || queryId === 'query-all') return EVERYTHING;
  const found = collection.startsWith('managed/') ? namedQuery(config.namedQueries, queryId) : null;
  if (found === null)
    throw new Failure('bad-request', `"${name}": ${collection} has no query "${queryId}"; use a _queryFilter`);
  if (found.template === null)
    throw new Failure(
      'bad-request',
      `"${name}": the query "${queryId}" is written in the language of a database; use a _queryFilter`,
    );
  return filterOfNamedQuery(found, parameters);
}

function privateNames(collection: string, { config }: Overriding): ReadonlySet<string> {
  const type = config.managed.find(({ name }) => collection === `managed/${name}`);
  const hidden = (type?.properties ?? []).filter(({ scope }) => scope === 'private');
  return new Set(hidden.map(({ name }) => name));
}

/** Administration clients send texts, too. */
function flagOf(content: JsonObject, name: string): boolean | null {
  const value = content[name] ?? null;
  if (value === null || typeof value === 'boolean') return value;
  if (value === 'true' || value === 'false') return value === 'true';
  throw new Failure('bad-request', `"${name}" must be true or false`);
}
