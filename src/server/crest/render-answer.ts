import { Failure } from '../../base/failure.ts';
import { getAt, parsePointer } from '../../base/json-pointer.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { StoredObject } from '../../model/object-set.ts';
import type { QueryResult } from '../../resource/resource.ts';
import type { ResourceAnswer } from '../../resource/router.ts';
import type { ResourceRequest } from '../../resource/request.ts';
import type { AnswerStyle } from './read-call.ts';
import { formatResourcePath } from './resource-path.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null: none. */
  readonly body: string | null;
}

export const JSON_TYPE = 'application/json;charset=utf-8';

/**
 * The HTTP form of what the tree answered (specification §1.2, §1.6, §1.7). `root` is the URL of `/openidm`, for `Location`.
 * Throws `Failure('not-found')` if the one field that `_mimeType` wants is not there.
 */
export function renderAnswer(
  answer: ResourceAnswer,
  request: ResourceRequest,
  style: AnswerStyle,
  root: string,
): HttpAnswer {
  if (answer.kind === 'page') return json(200, envelope(answer.page, style), style, {});
  if (answer.kind === 'action')
    return answer.value === undefined ? { status: 204, headers: {}, body: null } : json(200, answer.value, style, {});
  const { stored, isNew } = answer;
  const headers = etag(stored.rev);
  if (isNew) headers['location'] = `${root}/${location(request, stored.id)}`;
  if (stored.rev !== null && stored.rev === style.knownRev) return { status: 304, headers, body: null };
  if (style.mimeType !== null) return rawField(stored, request.fields![0]!, style.mimeType, headers);
  return json(isNew ? 201 : 200, stored.object, style, headers);
}

export function toText(value: Json, isPretty: boolean): string {
  return isPretty ? JSON.stringify(value, null, 2) : JSON.stringify(value);
}

function json(status: number, value: Json, style: AnswerStyle, headers: Record<string, string>): HttpAnswer {
  headers['content-type'] = JSON_TYPE;
  return { status, headers, body: toText(value, style.isPretty) };
}

/** Revisions are opaque; what cannot stand in a header is left out. */
function etag(rev: string | null): Record<string, string> {
  return rev === null || !/^[\x21\x23-\x7e]+$/.test(rev) ? {} : { etag: `"${rev}"` };
}

/** The path of a request has the beginning of an id with slashes in it that came as several segments. */
function location(request: ResourceRequest, id: string): string {
  const segments = request.path.split('/');
  const newId = request.verb === 'create' ? request.newId : null;
  return formatResourcePath([...segments, newId !== null && id.endsWith(`/${newId}`) ? newId : id]);
}

function envelope({ objects, cookie, total }: QueryResult, { totals, skipped }: AnswerStyle): JsonObject {
  const isCounted = totals !== 'NONE' && total >= 0;
  return {
    result: objects.map(({ object }) => object),
    resultCount: objects.length,
    pagedResultsCookie: cookie,
    totalPagedResultsPolicy: isCounted ? totals : 'NONE',
    totalPagedResults: isCounted ? total : -1,
    remainingPagedResults: isCounted && skipped !== null ? Math.max(0, total - skipped - objects.length) : -1,
  };
}

/** What was stored is shown to a browser as inert text, whatever it is. */
function rawField(stored: StoredObject, field: string, mimeType: string, headers: Record<string, string>): HttpAnswer {
  const value = getAt(stored.object, parsePointer(field));
  if (value === undefined) throw new Failure('not-found', `Field '${field}' of '${stored.id}' not found`);
  headers['content-type'] = mimeType;
  headers['content-security-policy'] = "sandbox; default-src 'none'";
  return { status: 200, headers, body: typeof value === 'string' ? value : JSON.stringify(value) };
}
