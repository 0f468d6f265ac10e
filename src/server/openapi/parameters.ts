import type { JsonObject } from '../../base/json.ts';
import type { OperationDescriptor } from './descriptor.ts';

/** An OpenAPI parameter object. */
export type Parameter = JsonObject;

function query(name: string, description: string, schema: JsonObject): Parameter {
  return { name, in: 'query', description, required: false, schema };
}

export const ALWAYS: readonly Parameter[] = [
  query('_fields', 'Comma-separated pointers: only these members, and _id.', { type: 'string' }),
  query('_prettyPrint', 'true: indented.', { type: 'boolean' }),
];

export const QUERY: readonly Parameter[] = [
  query('_sortKeys', 'Comma-separated pointers; a - before one sorts downwards.', { type: 'string' }),
  query('_pageSize', '0: everything at once.', { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 }),
  query('_pagedResultsCookie', 'From the page before.', { type: 'string' }),
  query('_pagedResultsOffset', 'Objects to skip; not together with a cookie.', {
    type: 'integer',
    minimum: 0,
    maximum: 2 ** 31 - 1,
  }),
  query('_totalPagedResultsPolicy', 'Whether to count all that match.', {
    type: 'string',
    enum: ['NONE', 'ESTIMATE', 'EXACT'],
  }),
];

/** The three kinds of query, of which there is one. Where nothing can be read, a filter is asked for. */
export function queryChoice(isReadable: boolean): readonly Parameter[] {
  const filter = query('_queryFilter', 'userName eq "bjensen"', { type: 'string' });
  return [
    isReadable ? filter : { ...filter, example: 'true' },
    query('_queryId', 'The name of a predefined query; its arguments are further parameters.', { type: 'string' }),
    query('_queryExpression', 'Native text, where it is allowed.', { type: 'string' }),
  ];
}

export const IF_MATCH: Parameter = {
  name: 'If-Match',
  in: 'header',
  description: 'The revision that is to be changed, or * for any.',
  required: false,
  schema: { type: 'string' },
};

export const IF_NONE_MATCH: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  description: 'The revision that the client has.',
  required: false,
  schema: { type: 'string' },
};

/** `_action`, required where nothing can be created. */
export function actionParameter(operations: readonly OperationDescriptor[]): Parameter {
  const actions = operations.filter(({ verb }) => verb === 'action');
  const isClosed = actions.every(({ action }) => action !== undefined);
  const names = actions.flatMap(({ action }) => (action === undefined ? [] : [action]));
  const canCreate = operations.some(({ verb }) => verb === 'create');
  const schema: JsonObject = { type: 'string' };
  if (isClosed) schema['enum'] = canCreate ? ['create', ...names] : names;
  return { name: '_action', in: 'query', description: names.join(', '), required: !canCreate, schema };
}
