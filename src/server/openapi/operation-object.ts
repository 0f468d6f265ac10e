import type { Json, JsonObject } from '../../base/json.ts';
import type { Verb } from '../../resource/request.ts';
import type { OperationDescriptor, ParameterDescriptor, PathDescriptor, Shape } from './descriptor.ts';
import type { SchemaBook } from './json-schema.ts';
import { ALWAYS, IF_MATCH, IF_NONE_MATCH, QUERY, actionParameter, queryChoice, type Parameter } from './parameters.ts';
import { anyObjectShape, patchShape, queryPageShape, resourceShape } from './shapes.ts';

export type DescribedMethod = 'get' | 'put' | 'post' | 'patch' | 'delete';

export const METHOD_OF: Readonly<Record<Verb, DescribedMethod>> = {
  read: 'get',
  query: 'get',
  create: 'post',
  action: 'post',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
};

interface MethodOptions {
  readonly descriptor: PathDescriptor;
  readonly method: DescribedMethod;
  /** All that share the method: read and query, or create and actions. */
  readonly operations: readonly OperationDescriptor[];
  readonly book: SchemaBook;
}

/** The operation object of one method at one path. */
export function methodOperation({ descriptor, method, operations, book }: MethodOptions): JsonObject {
  const body = requestBody(operations, book);
  return {
    operationId: operationId(method, descriptor.path),
    tags: [descriptor.tag],
    summary: operations.map(({ summary }) => summary).join('; '),
    parameters: [...pathParameters(descriptor.path), ...parameters(method, operations)] as Json[],
    ...(body === null ? {} : { requestBody: body }),
    responses: responses(method, operations, book),
  };
}

function operationId(method: string, path: string): string {
  return [method, ...path.split('/').map((segment) => segment.replace(/\W+/g, ''))].join('_');
}

function pathParameters(path: string): readonly Parameter[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name: name!,
    in: 'path',
    required: true,
    schema: { type: 'string', minLength: 1 },
  }));
}

function parameters(method: DescribedMethod, operations: readonly OperationDescriptor[]): readonly Parameter[] {
  const list: Parameter[] = [...ALWAYS];
  const verbs = new Set(operations.map(({ verb }) => verb));
  if (method === 'get' && verbs.has('query')) list.push(...queryChoice(verbs.has('read')), ...QUERY);
  if (verbs.has('read')) list.push(IF_NONE_MATCH);
  if (verbs.has('update') || verbs.has('patch') || verbs.has('delete')) list.push(IF_MATCH);
  if (verbs.has('action')) list.push(actionParameter(operations));
  const own = new Map<string, ParameterDescriptor>();
  for (const operation of operations) for (const one of operation.parameters ?? []) own.set(one.name, one);
  for (const { name, description, isRequired = false, type = 'string' } of own.values())
    list.push({ name, in: 'query', description, required: isRequired && operations.length === 1, schema: { type } });
  return list;
}

function requestBody(operations: readonly OperationDescriptor[], book: SchemaBook): JsonObject | null {
  const shapes = new Set<Shape>();
  for (const { verb, body, hasNoBody } of operations) {
    if (hasNoBody === true) continue;
    if (verb === 'create' || verb === 'update') shapes.add(body ?? anyObjectShape);
    else if (verb === 'patch') shapes.add(body ?? patchShape);
    else if (verb === 'action') {
      if (body === undefined) return { required: false, content: { 'application/json': { schema: {} } } };
      shapes.add(body);
    }
  }
  if (shapes.size === 0) return null;
  const required = operations.every(({ verb, isBodyRequired }) => verb !== 'action' || isBodyRequired === true);
  return { required, content: { 'application/json': { schema: oneOf([...shapes], book) } } };
}

function responses(method: DescribedMethod, operations: readonly OperationDescriptor[], book: SchemaBook): JsonObject {
  const answers: JsonObject = {};
  const rest = operations.filter(({ verb }) => verb !== 'create');
  if (rest.length > 0) answers['200'] = answered('Done.', answerSchema(rest, book), method === 'get');
  const creating = operations.filter(({ verb }) => verb === 'create' || verb === 'update');
  if (creating.length > 0) answers['201'] = answered('Created.', answerSchema(creating, book), false);
  if (operations.some(({ verb }) => verb === 'action')) answers['204'] = { description: 'Done; nothing to tell.' };
  if (operations.some(({ verb }) => verb === 'read'))
    answers['304'] = { description: 'The client has this revision already.' };
  const failed = { $ref: '#/components/responses/Failed' };
  return { ...answers, '4XX': failed, '5XX': failed };
}

function answerSchema(operations: readonly OperationDescriptor[], book: SchemaBook): JsonObject {
  if (operations.some(({ verb, answer }) => verb === 'action' && answer === undefined)) return {};
  if (operations.length === 1 && operations[0]!.verb === 'query') return pageOf(operations[0]!, book);
  const choices = operations.map((operation) =>
    operation.verb === 'query' ? pageOf(operation, book) : book.refer(operation.answer ?? resourceShape),
  );
  return anyOf(choices);
}

/** The envelope with the rows that this place has. */
function pageOf({ answer }: OperationDescriptor, book: SchemaBook): JsonObject {
  const page = book.refer(queryPageShape);
  if (answer === undefined) return page;
  return {
    allOf: [page, { type: 'object', properties: { result: { type: 'array', items: book.refer(answer) } } }],
  };
}

function oneOf(shapes: readonly Shape[], book: SchemaBook): JsonObject {
  return anyOf(shapes.map((shape) => book.refer(shape)));
}

function anyOf(schemas: readonly JsonObject[]): JsonObject {
  const distinct = [...new Map(schemas.map((schema) => [JSON.stringify(schema), schema])).values()];
  return distinct.length === 1 ? distinct[0]! : { anyOf: distinct };
}

function answered(description: string, schema: JsonObject, isRaw: boolean): JsonObject {
  const content: JsonObject = { 'application/json': { schema } };
  if (isRaw) content['*/*'] = {};
  return { description, content };
}
