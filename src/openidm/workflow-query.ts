import { Failure } from '../base/failure.ts';
import type { Json, JsonObject } from '../base/json.ts';
import type { Filter } from '../base/query-filter.ts';
import type { StoredObject } from '../model/object-set.ts';
import type { ObjectRow, Repository } from '../model/repository.ts';
import { queryPage } from '../resource/query-page.ts';
import type { QueryRequest } from '../resource/request.ts';
import type { QueryResult } from '../resource/resource.ts';
import { equal } from './workflow-access.ts';

/** What a parameter of `filtered-query` asks for; null: it cannot be asked here. */
export type ReadParameter = (name: string, value: string) => Filter | null;

export interface WorkflowQuery {
  readonly type: string;
  /** Only what matches this, too. */
  readonly within: Filter | null;
  readonly parameter: ReadParameter;
  /** Names of attributes in filters and sort keys that are stored under others. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Further queries by their ids. */
  readonly named?: Readonly<Record<string, Filter>>;
  readonly toStored: (row: ObjectRow) => StoredObject;
}

const ALL: Filter = { kind: 'always', value: true };

/**
 * A query on definitions, instances or tasks: `query-all-ids`, `filtered-query` with parameters that all have to match, or a query
 * filter. Other than elsewhere `query-all-ids` gives whole objects, as OpenIDM does here.
 */
export function workflowQuery(
  { objects }: Repository,
  request: QueryRequest,
  { type, within, parameter, renamed = {}, named = {}, toStored }: WorkflowQuery,
): Promise<QueryResult> {
  const asked = filterOf(request, parameter, named, renamed);
  const filter: Filter = within === null ? asked : { kind: 'and', parts: [asked, within] };
  const sortKeys = request.sortKeys.map((key) => ({ ...key, pointer: rename(key.pointer, renamed) }));
  const query = { kind: 'filter', filter } as const;
  return queryPage(objects, type, { ...request, query, sortKeys }, { resolve: () => ALL, toStored });
}

function filterOf(
  { query, parameters }: QueryRequest,
  parameter: ReadParameter,
  named: Readonly<Record<string, Filter>>,
  renamed: Readonly<Record<string, string>>,
): Filter {
  if (query.kind === 'filter') return renamedFilter(query.filter, renamed);
  const { queryId } = query;
  if (queryId === 'query-all-ids' || queryId === 'query-all') return ALL;
  if (Object.hasOwn(named, queryId)) return named[queryId]!;
  if (queryId !== 'filtered-query')
    throw new Failure('bad-request', `there is no query "${queryId}" here: use filtered-query`);
  const given: JsonObject = { ...parameters, ...query.parameters };
  const parts = Object.entries(given)
    .filter(([name]) => !name.startsWith('_'))
    .map(([name, value]) => partOf(name, value, parameter));
  return parts.length === 0 ? ALL : { kind: 'and', parts };
}

function partOf(name: string, value: Json, parameter: ReadParameter): Filter {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const filter = name.startsWith('var-') ? equal('variableTexts', `${name.slice(4)}=${text}`) : parameter(name, text);
  if (filter !== null) return filter;
  throw new Failure('bad-request', `filtered-query does not know the parameter "${name}"`);
}

/** Parameters that are attributes under the same or another name; `nameLike` with `%` where anything may stand. */
export function attributeParameters(attributes: Readonly<Record<string, string>>): ReadParameter {
  return (name, value) => {
    if (Object.hasOwn(attributes, name)) return equal(attributes[name]!, value);
    const plain = /^(\w+)Like$/.exec(name)?.[1] ?? '';
    return Object.hasOwn(attributes, plain) ? like(attributes[plain]!, value) : null;
  };
}

function like(attribute: string, pattern: string): Filter {
  const pointer = [attribute];
  const parts = pattern.split('%');
  if (parts.length === 1) return equal(attribute, pattern);
  const [first, last] = [parts[0]!, parts.at(-1)!];
  const filters: Filter[] = [{ kind: 'present', pointer }];
  if (first !== '') filters.push({ kind: 'compare', operator: 'sw', pointer, value: first });
  if (last !== '') filters.push({ kind: 'compare', operator: 'ew', pointer, value: last });
  for (const part of parts.slice(1, -1))
    if (part !== '') filters.push({ kind: 'compare', operator: 'co', pointer, value: part });
  return { kind: 'and', parts: filters };
}

function renamedFilter(filter: Filter, renamed: Readonly<Record<string, string>>): Filter {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { ...filter, parts: filter.parts.map((part) => renamedFilter(part, renamed)) };
    case 'not':
      return { ...filter, part: renamedFilter(filter.part, renamed) };
    case 'always':
      return filter;
    default:
      return { ...filter, pointer: rename(filter.pointer, renamed) };
  }
}

function rename(pointer: readonly string[], renamed: Readonly<Record<string, string>>): readonly string[] {
  const [first = '', ...rest] = pointer;
  return Object.hasOwn(renamed, first) ? [renamed[first]!, ...rest] : pointer;
}
