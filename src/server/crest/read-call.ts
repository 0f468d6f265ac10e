import { Failure } from '../../base/failure.ts';
import type { Json } from '../../base/json.ts';
import type { ResourceRequest, UpdateRequest } from '../../resource/request.ts';
import {
  isAnyRevision,
  readExpectedRevision,
  readKnownRevision,
  readPut,
  refuseConditions,
  type ConditionHeaders,
} from './conditions.ts';
import { objectContent, patchContent } from './content.ts';
import { listed, single, type Parameters } from './parameters.ts';
import { isQuery, readQueryParameters } from './query-parameters.ts';
import { mediaType } from './media-type.ts';
import type { ResourcePath } from './resource-path.ts';

/** An HTTP request on the tree, taken apart. */
export interface HttpRequest {
  /** In capitals, `X-HTTP-Method-Override` applied. */
  readonly method: string;
  readonly place: ResourcePath;
  readonly parameters: Parameters;
  readonly conditions: ConditionHeaders;
  readonly content: Json | undefined;
}

/** What an HTTP request asks of the tree, and how it wants its answer. */
export interface Call {
  readonly request: ResourceRequest;
  /** Upsert: what to do if `request`, a create, finds the object. */
  readonly orElse: UpdateRequest | null;
  readonly style: AnswerStyle;
}

export interface AnswerStyle {
  readonly isPretty: boolean;
  /** A read of one field, answered as it is under this content type. */
  readonly mimeType: string | null;
  /** The client has this revision: 304 if it is the present one. */
  readonly knownRev: string | null;
  /** Echoed by the envelope of a query. */
  readonly totals: 'NONE' | 'ESTIMATE' | 'EXACT';
  /** Objects that a query skipped; null if a cookie said where to start. */
  readonly skipped: number | null;
}

export const METHODS = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'] as const;

/** The verb mapping of specification §1.2. Throws `Failure` with status 400, 405, 412. */
export function readCall(http: HttpRequest): Call {
  switch (http.method) {
    case 'GET':
      return isQuery(http.parameters) ? readQueryCall(http) : readReadCall(http);
    case 'PUT':
      return readPutCall(http);
    case 'POST':
      return readPostCall(http);
    case 'PATCH': {
      const rev = readExpectedRevision('PATCH', http.conditions);
      return plain(http, { ...base(http), verb: 'patch', rev, operations: patchContent(http.content) });
    }
    case 'DELETE':
      return readDeleteCall(http);
    default:
      throw methodNotAllowed(http.method);
  }
}

export function methodNotAllowed(method: string): Failure {
  return new Failure('unsupported', `Method ${method} is not supported; use one of ${METHODS.join(', ')}`, {
    status: 405,
  });
}

function readReadCall(http: HttpRequest): Call {
  if (http.parameters.protocol.has('_action'))
    throw new Failure('bad-request', 'The parameter _action needs the method POST');
  const request: ResourceRequest = { ...base(http), verb: 'read' };
  const style = styleOf(http.parameters);
  const mimeType = single(http.parameters, '_mimeType');
  return {
    request,
    orElse: null,
    style: {
      ...style,
      knownRev: readKnownRevision(http.conditions),
      mimeType: mimeType === null ? null : mediaType(mimeType, request.fields),
    },
  };
}

function readQueryCall(http: HttpRequest): Call {
  if (http.conditions.ifMatch !== undefined) readKnownRevision(http.conditions);
  const query = readQueryParameters(http.parameters);
  const style = { totals: query.totals, skipped: query.cookie === null ? query.offset : null };
  const call = plain(http, { ...base(http), verb: 'query', ...query });
  return { ...call, style: { ...call.style, ...style } };
}

function readPutCall(http: HttpRequest): Call {
  const put = readPut(http.conditions);
  const content = objectContent(http.content);
  const { path, parent, last } = http.place;
  const update: UpdateRequest = { ...base(http), path, verb: 'update', rev: null, content };
  if (put.kind === 'update') return plain(http, { ...update, rev: put.rev });
  if (parent === '') {
    if (put.kind === 'upsert') return plain(http, update);
    throw new Failure('not-found', `Resource '${path}' not found`);
  }
  const call = plain(http, { ...base(http), path: parent, verb: 'create', newId: last, content });
  return put.kind === 'upsert' ? { ...call, orElse: update } : call;
}

function readPostCall(http: HttpRequest): Call {
  refuseConditions('POST', http.conditions);
  const action = single(http.parameters, '_action');
  if (action === '') throw new Failure('bad-request', 'The parameter _action is empty; name the action');
  if (action === null || action.toLowerCase() === 'create') {
    const content = objectContent(http.content);
    return plain(http, { ...base(http), verb: 'create', newId: null, content });
  }
  const parameters = actionParameters(http.parameters);
  return plain(http, { ...base(http), parameters, verb: 'action', action, content: http.content ?? null });
}

/** `If-Match: *` looks like no header in a request, but raw documents need one: it is told by a parameter. */
function readDeleteCall(http: HttpRequest): Call {
  const rev = readExpectedRevision('DELETE', http.conditions);
  const request = { ...base(http), verb: 'delete' as const, rev };
  if (!isAnyRevision(http.conditions)) return plain(http, request);
  return plain(http, { ...request, parameters: { ...request.parameters, _ifMatchAny: 'true' } });
}

/** Actions such as `patch` take a query of their own, so its parameters are arguments here. */
function actionParameters({ protocol, additional }: Parameters): Readonly<Record<string, string>> {
  const passed = { ...additional };
  for (const [name, values] of protocol)
    if (name !== '_action' && name !== '_fields' && name !== '_prettyPrint') passed[name] = values.join(',');
  return passed;
}

function plain(http: HttpRequest, request: ResourceRequest): Call {
  return { request, orElse: null, style: styleOf(http.parameters) };
}

function base({ place, parameters }: HttpRequest) {
  return { path: place.path, parameters: parameters.additional, fields: readFields(parameters) };
}

function readFields(parameters: Parameters): readonly string[] | null {
  const fields = listed(parameters, '_fields')
    .map((field) => field.trim())
    .filter((field) => field !== '');
  return fields.length === 0 ? null : fields;
}

/** `_prettyPrint=true`, whatever else is asked for. */
export function wantsPretty({ protocol }: Parameters): boolean {
  return protocol.get('_prettyPrint')?.at(-1)?.trim().toLowerCase() === 'true';
}

function styleOf(parameters: Parameters): AnswerStyle {
  return { isPretty: wantsPretty(parameters), mimeType: null, knownRev: null, totals: 'NONE', skipped: 0 };
}
