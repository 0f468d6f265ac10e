import { createHash } from 'node:crypto';
import { Failure } from '../base/failure.ts';
import { isJsonObject, type Json } from '../base/json.ts';

const MAX_LENGTH = 16_384;

/**
 * A place in a walk as opaque text for `_pagedResultsCookie`: base64url of JSON. `identity` is what the walk is over (collection,
 * filter, order); a cookie is good for that only.
 */
export function encodeCookie(place: Json, identity: Json): string {
  return Buffer.from(JSON.stringify({ w: digestOf(identity), p: place })).toString('base64url');
}

/** The place. Throws `Failure('bad-request')` for anything that `encodeCookie` did not give for the same identity. */
export function decodeCookie(cookie: string, identity: Json): Json {
  const value = parsed(cookie);
  const place = isJsonObject(value) ? value['p'] : undefined;
  if (!isJsonObject(value) || typeof value['w'] !== 'string' || place === undefined || place === null)
    throw new Failure('bad-request', "The value of '_pagedResultsCookie' is not a cookie of this server");
  if (value['w'] !== digestOf(identity))
    throw new Failure(
      'bad-request',
      "The value of '_pagedResultsCookie' belongs to another query: keep collection, filter and sort keys for all pages",
    );
  return place;
}

function parsed(cookie: string): unknown {
  if (cookie.length > MAX_LENGTH || !/^[\w-]+$/.test(cookie)) return null;
  try {
    return JSON.parse(Buffer.from(cookie, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

function digestOf(identity: Json): string {
  return createHash('sha256').update(JSON.stringify(identity)).digest('base64url').slice(0, 11);
}
