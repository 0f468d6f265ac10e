import { Failure } from '../../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import { parsePointer } from '../../base/json-pointer.ts';
import type { Filter } from '../../base/query-filter.ts';
import type { NamedQuery, QueryTemplate, TemplateValue } from './project-config.ts';
import { parseQueryText } from './query-text.ts';

const NOTHING_LEFT_OUT: QueryTemplate = { kind: 'filter', filter: { kind: 'always', value: true } };

/** Queries that every repository has (specification §1.5). */
export const BUILT_IN_QUERIES: Readonly<Record<string, NamedQuery>> = {
  'query-all': builtIn('query-all', NOTHING_LEFT_OUT),
  'query-all-ids': builtIn('query-all-ids', NOTHING_LEFT_OUT),
  'for-userName': builtIn('for-userName', {
    kind: 'compare',
    operator: 'eq',
    attribute: { kind: 'literal', value: 'userName' },
    value: { kind: 'parameter', name: 'uid' },
  }),
  'get-by-field-value': builtIn('get-by-field-value', {
    kind: 'compare',
    operator: 'eq',
    attribute: { kind: 'parameter', name: 'field' },
    value: { kind: 'parameter', name: 'value' },
  }),
};

/**
 * The queries of a repository file. OrientDB has them in one map, JDBC in one map per kind of table; the queries of
 * managed objects are `genericTables`.
 */
export function readNamedQueries(document: Json): Record<string, NamedQuery> {
  const queries = Object.create(null) as Record<string, NamedQuery>;
  const list = isJsonObject(document) ? document['queries'] : undefined;
  if (!isJsonObject(list)) return queries;
  const maps = [list['explicitTables'], list['genericTables'], list].filter(isJsonObject);
  for (const map of maps)
    for (const [queryId, text] of Object.entries(map)) {
      if (typeof text !== 'string' || queryId.endsWith('-count')) continue;
      const template = parseQueryText(text) ?? namedQuery({}, queryId)?.template ?? null;
      queries[queryId] = { queryId, text, template, parameters: parametersOf(text) };
    }
  return queries;
}

/** The query of this name among those of a project, else among those that every repository has; null: there is none. */
export function namedQuery(configured: Readonly<Record<string, NamedQuery>>, queryId: string): NamedQuery | null {
  const found = [configured, BUILT_IN_QUERIES].find((queries) => Object.hasOwn(queries, queryId));
  return found?.[queryId] ?? null;
}

/** The filter that a named query means for these parameters. */
export function filterOfNamedQuery(query: NamedQuery, parameters: JsonObject): Filter {
  if (query.template === null)
    throw new Failure(
      'unsupported',
      `the query "${query.queryId}" is written in the language of a database; use _queryFilter instead`,
    );
  return fill(query.template, query.queryId, parameters);
}

function fill(template: QueryTemplate, queryId: string, parameters: JsonObject): Filter {
  if (template.kind === 'filter') return template.filter;
  if (template.kind !== 'compare')
    return { kind: template.kind, parts: template.parts.map((part) => fill(part, queryId, parameters)) };
  const pointer = parsePointer(String(valueOf(template.attribute, queryId, parameters)));
  const value = valueOf(template.value, queryId, parameters);
  if (template.operator !== 'ne') return { kind: 'compare', operator: template.operator, pointer, value };
  return { kind: 'not', part: { kind: 'compare', operator: 'eq', pointer, value } };
}

function valueOf(value: TemplateValue, queryId: string, parameters: JsonObject): string | number | boolean {
  if (value.kind === 'literal') return value.value;
  const given = Object.hasOwn(parameters, value.name) ? parameters[value.name] : undefined;
  if (typeof given === 'string' || typeof given === 'number' || typeof given === 'boolean') return given;
  throw new Failure('bad-request', `the query "${queryId}" needs the parameter "${value.name}"`);
}

function parametersOf(text: string): readonly string[] {
  const names = [...text.matchAll(/\$\{(?:[a-z]+:)?([^}]+)\}/g)].map((match) => match[1]!);
  return [...new Set(names)].filter((name) => !name.startsWith('_'));
}

function builtIn(queryId: string, template: QueryTemplate): NamedQuery {
  const parameters =
    template.kind === 'compare'
      ? [template.attribute, template.value].flatMap((value) => (value.kind === 'parameter' ? [value.name] : []))
      : [];
  return { queryId, parameters, text: null, template };
}
