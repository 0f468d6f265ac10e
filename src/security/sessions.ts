import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { JsonObject } from '../base/json.ts';
import type { Accounts } from './accounts.ts';
import { keyedHash } from './keyed-hash.ts';
import { openSession, sessionCookie, signSession, stampOf, type SessionClaims } from './session-cookie.ts';

/** Sessions that were ended before their time. Not below `repo/`: no request reaches them. */
const ENDED_SESSION_TYPE = 'security/ended-session';

export interface SessionTimes {
  readonly idleMs: number;
  readonly lifeMs: number;
}

/** Sessions live in their cookies; kept are only those that somebody logged out of, until they would have ended anyway. */
export interface Sessions {
  /** A new session with an id of its own, whatever cookie came along. */
  start(who: Pick<SessionClaims, 'name' | 'component' | 'id' | 'stamp'>): SessionClaims;
  /** Null: forged, too old, too long idle, or ended. */
  read(cookie: string, times: SessionTimes): SessionClaims | null;
  /** A cookie that says the session was seen now; null: the one at hand is fresh enough. */
  refresh(claims: SessionClaims): SessionClaims | null;
  end(claims: SessionClaims, times: SessionTimes): Promise<void>;
  /** The digest that `claims.stamp` has to equal. */
  stamp(state: JsonObject): string;
  /** The `Set-Cookie` value; null takes the cookie away. */
  cookie(claims: SessionClaims | null, isSecure: boolean): string;
}

const REFRESH_MS = 60_000;
/** A cookie that claims to be from the future was signed under another clock. */
const AHEAD_MS = 300_000;

export async function openSessions(accounts: Accounts, clock: Clock, key: Uint8Array): Promise<Sessions> {
  await accounts.declare([{ name: ENDED_SESSION_TYPE, searchable: [] }]);
  const mac = keyedHash(key);
  const ended = new Map<string, number>();
  for (const row of await accounts.list(ENDED_SESSION_TYPE)) {
    const untilMs = Number(row.doc['untilMs']);
    if (untilMs > clock.nowMs()) ended.set(row.id, untilMs);
    else await accounts.delete(ENDED_SESSION_TYPE, row);
  }
  return {
    start: (who) => {
      const nowMs = clock.nowMs();
      return { ...who, sessionId: randomUUID(), startedMs: nowMs, seenMs: nowMs };
    },
    read: (cookie, times) => {
      const claims = openSession(cookie, mac);
      if (claims === null || ended.has(claims.sessionId)) return null;
      const nowMs = clock.nowMs();
      const isAlive =
        nowMs - claims.startedMs < times.lifeMs &&
        nowMs - claims.seenMs < times.idleMs &&
        claims.seenMs - nowMs < AHEAD_MS;
      return isAlive ? claims : null;
    },
    refresh: (claims) => {
      const seenMs = clock.nowMs();
      return seenMs - claims.seenMs < REFRESH_MS ? null : { ...claims, seenMs };
    },
    end: async (claims, times) => {
      const untilMs = claims.startedMs + times.lifeMs;
      forgetPast(ended, clock.nowMs());
      ended.set(claims.sessionId, untilMs);
      await accounts.create(ENDED_SESSION_TYPE, claims.sessionId, { untilMs });
    },
    stamp: (state) => stampOf(state, mac),
    cookie: (claims, isSecure) => sessionCookie(claims === null ? null : signSession(claims, mac), isSecure),
  };
}

function forgetPast(ended: Map<string, number>, nowMs: number): void {
  for (const [sessionId, untilMs] of ended) if (untilMs <= nowMs) ended.delete(sessionId);
}
