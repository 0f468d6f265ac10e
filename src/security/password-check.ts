import { randomBytes } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { openSlots } from '../base/slots.ts';
import { keyedHash } from './keyed-hash.ts';
import { verifyPassword, type HashCost } from './password-hash.ts';
import { putNewest } from './put-newest.ts';

/** What a password is compared with. */
export type StoredSecret =
  /** There is no such user, or none with a password. */
  | { readonly kind: 'none' }
  | { readonly kind: 'slow'; readonly hash: string }
  /** In a form that is quick to compare. `text` is the form as stored. */
  | { readonly kind: 'quick'; readonly text: string; readonly compare: (password: string) => boolean };

/** Compares passwords: few at a time, each at the cost of one slow hash. Answers are remembered for a while. */
export interface PasswordCheck {
  /** `name` as it was typed, whether somebody has it or not. Rejects with `Failure('unreachable')` if too many wait. */
  matches(name: string, secret: StoredSecret, password: string): Promise<PasswordAnswer>;
}

export interface PasswordAnswer {
  readonly isRight: boolean;
  /** Answered from memory. */
  readonly isRemembered: boolean;
}

export interface PasswordCheckOptions {
  readonly clock: Clock;
  readonly cost: HashCost;
  /** How long an answer is remembered. Default 5 minutes. */
  readonly rememberMs?: number;
  /** Hashes computed at the same time. Default 2. */
  readonly concurrency?: number;
}

const REMEMBERED = 10_000;
const WAITING = 200;

/**
 * An answer is remembered under an HMAC, with a key of this process, over name, password and what is stored: a changed
 * password is forgotten by itself, what is in memory tells nobody anything, and the second attempt with the same words is
 * as quick for a name that nobody has.
 */
export function openPasswordCheck(options: PasswordCheckOptions): PasswordCheck {
  const { clock, cost, rememberMs = 300_000, concurrency = 2 } = options;
  const mac = keyedHash(randomBytes(32));
  // Apart, so that those who guess push out nobody who knows.
  const right = new Map<string, number>();
  const wrong = new Map<string, number>();
  const slots = openSlots(concurrency);
  return {
    matches: async (name, secret, password) => {
      const mark = mac(JSON.stringify([name, secret.kind, textOf(secret), password])).toString('base64');
      const isFresh = (untilMs: number | undefined): boolean => untilMs !== undefined && untilMs > clock.nowMs();
      if (isFresh(right.get(mark))) return { isRight: true, isRemembered: true };
      if (isFresh(wrong.get(mark))) return { isRight: false, isRemembered: true };
      if (slots.waiting >= WAITING)
        throw new Failure('unreachable', 'too many log-ins at once; try again in a few seconds', { retryable: true });
      const release = await slots.take();
      const isRight = await compare(secret, password, cost).finally(release);
      putNewest(isRight ? right : wrong, mark, clock.nowMs() + rememberMs, REMEMBERED);
      return { isRight, isRemembered: false };
    },
  };
}

function textOf(secret: StoredSecret): string {
  return secret.kind === 'none' ? '' : secret.kind === 'slow' ? secret.hash : secret.text;
}

/** One slow hash in every case, so that the time tells nothing of who exists. */
async function compare(secret: StoredSecret, password: string, cost: HashCost): Promise<boolean> {
  const isRight = await verifyPassword(secret.kind === 'slow' ? secret.hash : null, password, cost);
  return secret.kind === 'quick' ? secret.compare(password) : isRight;
}
