import { timingSafeEqual } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import type { KeyedHash } from './keyed-hash.ts';

/** What OpenIDM calls its session cookie. */
export const SESSION_COOKIE = 'session-jwt';

/** What a session cookie says, under our signature. Times in milliseconds since 1970. */
export interface SessionClaims {
  readonly sessionId: string;
  /** The name that was typed at the log-in. */
  readonly name: string;
  readonly component: string;
  readonly id: string;
  readonly startedMs: number;
  readonly seenMs: number;
  /** Digest over what the account was at the log-in: another password or other roles end the session. */
  readonly stamp: string;
}

/** `v1.<claims>.<HMAC-SHA-256>`. One form, one algorithm: nothing in it chooses how it is checked. */
export function signSession(claims: SessionClaims, mac: KeyedHash): string {
  const { sessionId, name, component, id, startedMs, seenMs, stamp } = claims;
  const body = Buffer.from(JSON.stringify([sessionId, name, component, id, startedMs, seenMs, stamp])).toString(
    'base64url',
  );
  return `v1.${body}.${mac(signed(body)).toString('base64url')}`;
}

/** Null unless we signed exactly this. */
export function openSession(text: string, mac: KeyedHash): SessionClaims | null {
  const match = /^v1\.([A-Za-z0-9_-]{1,4000})\.([A-Za-z0-9_-]{43})$/.exec(text);
  if (match === null) return null;
  // Compared as text, so that no other spelling of the same bytes is a cookie.
  const expected = Buffer.from(mac(signed(match[1]!)).toString('base64url'));
  if (!timingSafeEqual(expected, Buffer.from(match[2]!))) return null;
  const [sessionId, name, component, id, startedMs, seenMs, stamp] = JSON.parse(
    Buffer.from(match[1]!, 'base64url').toString(),
  );
  return { sessionId, name, component, id, startedMs, seenMs, stamp };
}

/** Digest over what ends a session when it changes. Under the key: the cookie tells nothing of a stored password. */
export function stampOf(parts: JsonObject, mac: KeyedHash): string {
  const text = JSON.stringify(parts, (_, value) => (isJsonObject(value) ? sorted(value) : value));
  return mac(text).toString('base64url').slice(0, 22);
}

/** The `Set-Cookie` value. `value` null: takes the cookie away. */
export function sessionCookie(value: string | null, isSecure: boolean): string {
  const secure = isSecure ? '; Secure' : '';
  const content = value === null ? '; Max-Age=0' : '';
  return `${SESSION_COOKIE}=${value ?? ''}; Path=/; HttpOnly; SameSite=Strict${secure}${content}`;
}

function signed(body: string): string {
  return `session-v1.${body}`;
}

function sorted(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
