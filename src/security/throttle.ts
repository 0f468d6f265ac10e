import type { Clock } from '../base/clock.ts';
import { putNewest } from './put-newest.ts';

/**
 * Slows down guessing. Failures are counted for each pair of account and address, for each address, and for each account.
 * Who got in from an address before is held up there by failures of that pair alone: others, elsewhere, lock nobody out.
 * For an account the pause is short, so that its owner gets in from a new place even while it is attacked.
 */
export interface Throttle {
  /** Milliseconds until the next attempt is looked at; 0: go on. `account` null: a token. */
  waitMs(account: string | null, address: string): number;
  /** Counts as a failure until `settle` says that it was none: attempts side by side count, too. */
  begin(account: string | null, address: string): Attempt;
}

export interface Attempt {
  settle(outcome: 'right' | 'wrong' | 'unknown'): void;
}

interface Limit {
  /** Failures without a pause. */
  readonly free: number;
  /** The first pause; each failure doubles it. */
  readonly firstMs: number;
  readonly longestMs: number;
}

interface Count {
  failures: number;
  blockedUntilMs: number;
  lastMs: number;
}

const PAIR: Limit = { free: 5, firstMs: 1000, longestMs: 15 * 60_000 };
const ADDRESS: Limit = { free: 50, firstMs: 1000, longestMs: 5 * 60_000 };
const ACCOUNT: Limit = { free: 100, firstMs: 250, longestMs: 2000 };
const FORGET_MS = 60 * 60_000;
const TRUSTED_MS = 30 * 24 * 60 * 60_000;
const MOST = 20_000;

export function openThrottle(clock: Clock): Throttle {
  const pairs = counters(PAIR, clock);
  const addresses = counters(ADDRESS, clock);
  const accounts = counters(ACCOUNT, clock);
  const trusted = new Map<string, number>();
  const isTrusted = (pair: string): boolean => (trusted.get(pair) ?? 0) > clock.nowMs();
  return {
    waitMs: (account, address) => {
      const place = placeOf(address);
      if (account === null) return addresses.waitMs(place);
      const pair = pairOf(account, place);
      if (isTrusted(pair)) return pairs.waitMs(pair);
      return Math.max(pairs.waitMs(pair), addresses.waitMs(place), accounts.waitMs(shortened(account)));
    },
    begin: (account, address) => {
      const place = placeOf(address);
      const pair = pairOf(account ?? '', place);
      addresses.add(place);
      if (account !== null) {
        pairs.add(pair);
        accounts.add(shortened(account));
      }
      return {
        settle: (outcome) => {
          if (outcome === 'wrong') return;
          addresses.takeBack(place);
          if (account === null) return;
          accounts.takeBack(shortened(account));
          if (outcome === 'unknown') return pairs.takeBack(pair);
          pairs.clear(pair);
          putNewest(trusted, pair, clock.nowMs() + TRUSTED_MS, MOST);
        },
      };
    },
  };
}

/** An IPv4 address; of an IPv6 address the half that a provider gives to one customer. */
export function placeOf(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain);
  if (mapped !== null) return mapped[1]!;
  if (!plain.includes(':')) return plain.slice(0, 64);
  const [before = '', after] = plain.split('::');
  const front = before === '' ? [] : before.split(':');
  const back = after === undefined || after === '' ? [] : after.split(':');
  const filled = after === undefined ? front : [...front, ...zeros(8 - front.length - back.length), ...back];
  const groups = filled.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, '').slice(0, 4));
  return `${groups.join(':')}::/64`;
}

function zeros(count: number): readonly string[] {
  return Array.from({ length: Math.max(0, Math.min(8, count)) }, () => '0');
}

function pairOf(account: string, place: string): string {
  return `${place} ${shortened(account)}`;
}

function shortened(account: string): string {
  return account.slice(0, 256);
}

interface Counters {
  waitMs(key: string): number;
  add(key: string): void;
  takeBack(key: string): void;
  clear(key: string): void;
}

function counters(limit: Limit, clock: Clock): Counters {
  const counts = new Map<string, Count>();
  const current = (key: string): Count | undefined => {
    const count = counts.get(key);
    if (count === undefined || clock.nowMs() - count.lastMs < FORGET_MS) return count;
    counts.delete(key);
    return undefined;
  };
  return {
    waitMs: (key) => Math.max(0, (current(key)?.blockedUntilMs ?? 0) - clock.nowMs()),
    add: (key) => {
      const failures = (current(key)?.failures ?? 0) + 1;
      const nowMs = clock.nowMs();
      const over = failures - limit.free;
      const pauseMs = over <= 0 ? 0 : Math.min(limit.longestMs, limit.firstMs * 2 ** Math.min(30, over - 1));
      putNewest(counts, key, { failures, blockedUntilMs: nowMs + pauseMs, lastMs: nowMs }, MOST);
    },
    takeBack: (key) => {
      const count = counts.get(key);
      if (count === undefined) return;
      count.failures--;
      if (count.failures <= limit.free) count.blockedUntilMs = 0;
      if (count.failures <= 0) counts.delete(key);
    },
    clear: (key) => void counts.delete(key),
  };
}
