import { BUILT_IN_QUERIES, filterOfNamedQuery } from '../app/config/named-queries.ts';
import type { NamedQuery } from '../app/config/project-config.ts';
import { parseQueryText } from '../app/config/query-text.ts';
import { Failure } from '../base/failure.ts';
import { parsePointer } from '../base/json-pointer.ts';
import type { JsonObject } from '../base/json.ts';
import type { ComparisonOperator, Filter } from '../base/query-filter.ts';
import type { SortKey } from '../resource/request.ts';

/**
 * The filter of a predefined query (specification §1.5), for any collection of the repository: the project's own queries as far
 * as their text can be translated, then those that every repository has, then `_queryExpression` as far as it can be translated. Throws `Failure('bad-request')` for an
 * unknown query or a missing parameter, `unsupported` for native text that says more than a filter can.
 */
export function repositoryQuery(
  named: Readonly<Record<string, NamedQuery>>,
  queryId: string,
  parameters: JsonObject,
): Filter {
  const query = ownEntry(named, queryId) ?? ownEntry(BUILT_IN_QUERIES, queryId);
  const known = ownEntry(QUERIES, queryId);
  if (query !== undefined && (query.template !== null || known === undefined))
    return filterOfNamedQuery(query, parameters);
  if (known !== undefined) return known((name) => parameterOf(queryId, parameters, name));
  if (queryId === EXPRESSION) return expressionFilter(parameters);
  throw new Failure('bad-request', `The passed query identifier ${queryId} does not match any configured queries`);
}

/** The order that a predefined query has by itself. */
export function ownOrder(queryId: string): readonly SortKey[] {
  return queryId === 'get-notifications-for-user' ? [{ pointer: ['createDate'], isDescending: true }] : [];
}

const EXPRESSION = '_queryExpression';

type Parameter = (name: string) => string;

const QUERIES: Readonly<Record<string, (parameter: Parameter) => Filter>> = {
  'credential-query': (parameter) =>
    all(compare('userName', 'eq', parameter('username')), not(compare('accountStatus', 'eq', 'inactive'))),
  'credential-internaluser-query': (parameter) => compare('_id', 'eq', parameter('username')),
  'links-for-firstId': (parameter) =>
    all(compare('linkType', 'eq', parameter('linkType')), compare('firstId', 'eq', parameter('firstId'))),
  'links-for-linkType': (parameter) => compare('linkType', 'eq', parameter('linkType')),
  'get-notifications-for-user': (parameter) => compare('receiverId', 'eq', parameter('userId')),
  'scan-tasks': (parameter) =>
    all(
      compare(parameter('property'), 'lt', parameter('condition.before')),
      not({ kind: 'present', pointer: pointerOf(parameter('taskState.completed')) }),
    ),
  'query-cluster-instances': () => compare('type', 'eq', 'state'),
  'query-cluster-failed-instances': (parameter) =>
    all(
      anyOf(['timestamp', 'le', parameter('timestamp')], ['timestamp', 'le', Number(parameter('timestamp'))]),
      anyOf(['state', 'eq', 1], ['state', 'eq', '1'], ['state', 'eq', 2], ['state', 'eq', '2']),
    ),
  'query-cluster-events': (parameter) =>
    all(compare('type', 'eq', 'event'), compare('instanceId', 'eq', parameter('instanceId'))),
};

function parameterOf(queryId: string, parameters: JsonObject, name: string): string {
  const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw new Failure('bad-request', `the query "${queryId}" needs the parameter "${name}"`);
}

function expressionFilter({ expression, ...parameters }: JsonObject): Filter {
  const text = typeof expression === 'string' ? expression : '';
  return filterOfNamedQuery({ queryId: EXPRESSION, text, template: parseQueryText(text), parameters: [] }, parameters);
}

type Comparison = readonly [name: string, operator: ComparisonOperator, value: string | number];

function compare(...[name, operator, value]: Comparison): Filter {
  return { kind: 'compare', operator, pointer: pointerOf(name), value };
}

/** `a/b` and `a.b` are the same here, as in the text of native queries. */
function pointerOf(name: string): readonly string[] {
  return parsePointer(name.includes('/') ? name : name.replaceAll('.', '/'));
}

function all(...parts: readonly Filter[]): Filter {
  return { kind: 'and', parts };
}

function anyOf(...comparisons: readonly Comparison[]): Filter {
  return { kind: 'or', parts: comparisons.map((one) => compare(...one)) };
}

function not(part: Filter): Filter {
  return { kind: 'not', part };
}

function ownEntry<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
