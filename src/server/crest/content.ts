import { Failure } from '../../base/failure.ts';
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';
import { parseJsonText } from './json-text.ts';

export interface ContentHeaders {
  readonly 'content-type'?: string | undefined;
  readonly 'content-encoding'?: string | string[] | undefined;
}

/**
 * The JSON value of a body; undefined if there is none. JSON is also understood under the content types
 * that clients send who were not told any (curl says `application/x-www-form-urlencoded`).
 *
 * Throws `Failure` with status 415 for a body that is compressed, claims to be something else or does not look to be JSON, else 400.
 */
export function readContent(body: Uint8Array | null, headers: ContentHeaders): Json | undefined {
  if (body === null || body.length === 0) return undefined;
  refuseEncoding(headers['content-encoding']);
  const contentType = headers['content-type'];
  const type = contentType?.split(';', 1)[0]!.trim().toLowerCase() ?? '';
  const text = decodeText(body, contentType);
  if (!isJsonType(type) && !(UNTOLD.has(type) && /^\s*[[{]/.test(text))) throw unsupportedType(type);
  return text.trim() === '' ? undefined : parseJsonText(text);
}

/** The content of a create or an update. Throws `Failure('bad-request')` unless it is an object. */
export function objectContent(content: Json | undefined): JsonObject {
  if (content === undefined) throw noContent();
  if (isJsonObject(content)) return content;
  throw new Failure(
    'bad-request',
    'The request could not be processed because the provided content is not a JSON object',
  );
}

/** The content of a patch. Throws `Failure('bad-request')` unless it is a list. */
export function patchContent(content: Json | undefined): Json[] {
  if (content === undefined) throw noContent();
  if (Array.isArray(content)) return content;
  throw new Failure(
    'bad-request',
    'The request could not be processed because the provided content is not a valid JSON patch: it is not a list',
  );
}

function noContent(): Failure {
  return new Failure('bad-request', 'The request could not be processed because it did not contain any JSON content');
}

const UNTOLD: ReadonlySet<string> = new Set([
  'application/x-www-form-urlencoded',
  'text/plain',
  'application/octet-stream',
]);

function isJsonType(type: string): boolean {
  return type === '' || type === 'application/json' || type === 'text/json' || type.endsWith('+json');
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true });

function decodeText(body: Uint8Array, contentType: string | undefined): string {
  const charset = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    const decoder = charset.toLowerCase() === 'utf-8' ? UTF_8 : new TextDecoder(charset, { fatal: true });
    return decoder.decode(body);
  } catch (thrown) {
    if (thrown instanceof RangeError)
      throw new Failure('bad-request', `The charset ${charset.slice(0, 40)} is not supported; send UTF-8`, {
        status: 415,
      });
    throw new Failure('bad-request', `The request content is not valid ${charset}`);
  }
}

function refuseEncoding(encoding: string | string[] | undefined): void {
  const named = String(encoding ?? '')
    .split(',')
    .map((one) => one.trim().toLowerCase());
  const other = named.find((one) => one !== '' && one !== 'identity');
  if (other === undefined) return;
  const message = `The content encoding ${JSON.stringify(other.slice(0, 100))} is not supported; send the content as it is`;
  throw new Failure('bad-request', message, { status: 415 });
}

function unsupportedType(type: string): Failure {
  const message = `The content type ${JSON.stringify(type.slice(0, 100))} is not supported; send application/json`;
  return new Failure('bad-request', message, { status: 415 });
}
