import { hash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { refused } from './credentials.ts';
import type { PasswordAnswer, PasswordCheck } from './password-check.ts';
import { putNewest } from './put-newest.ts';
import type { Throttle } from './throttle.ts';
import type { User, UserDirectory } from './user-directory.ts';

export interface PasswordAttempt {
  /** As typed. */
  readonly name: string;
  readonly password: string;
  readonly clientIp: string;
  readonly transactionId: string | undefined;
}

export interface LogInOptions {
  readonly users: UserDirectory;
  readonly check: PasswordCheck;
  readonly throttle: Throttle;
  readonly clock: Clock;
  /** The user as stored from now on, if the right password was kept too weakly. */
  readonly strengthen: (user: User, password: string) => Promise<User>;
  /** A log-in that failed, or that was not looked at because others failed before. Bounded: not every one of a flood. */
  readonly onFailure: (attempt: PasswordAttempt, reason: string) => Promise<void>;
}

export interface LoggedIn {
  readonly user: User;
  /** The password was looked at before, a short time ago. */
  readonly isRemembered: boolean;
}

/**
 * Rejects with `unauthorized`: status 401 if name or password is wrong, 429 if too many failed. Attempts with the same
 * words from the same place at the same time are one.
 */
export type LogIn = (attempt: PasswordAttempt) => Promise<LoggedIn>;

const TOLD_AGAIN_MS = 60_000;
const TOLD = 1000;

export function openLogIn(options: LogInOptions): LogIn {
  const running = new Map<string, Promise<LoggedIn>>();
  const told = new Map<string, number>();
  return async (attempt) => {
    const { name, password, clientIp } = attempt;
    const mark = hash('sha256', JSON.stringify([name, password, clientIp]), 'base64');
    const known = running.get(mark);
    if (known !== undefined) return known;
    const waitMs = options.throttle.waitMs(name, clientIp);
    if (waitMs > 0) {
      await tell(told, options, attempt, 'too many failed log-ins');
      throw tooMany(waitMs);
    }
    const result = tryOnce(options, attempt, told).finally(() => running.delete(mark));
    running.set(mark, result);
    return result;
  };
}

export function tooMany(waitMs: number): Failure {
  const seconds = Math.ceil(waitMs / 1000);
  return new Failure('unauthorized', `Too many failed log-ins; try again in ${seconds} s`, {
    status: 429,
    retryable: true,
    detail: { retryAfterSeconds: seconds },
  });
}

async function tryOnce(options: LogInOptions, attempt: PasswordAttempt, told: Map<string, number>): Promise<LoggedIn> {
  const pending = options.throttle.begin(attempt.name, attempt.clientIp);
  let user: User | null;
  let answer: PasswordAnswer;
  try {
    user = await options.users.find(attempt.name);
    answer = await options.check.matches(attempt.name, user?.secret ?? { kind: 'none' }, attempt.password);
  } catch (error) {
    pending.settle('unknown');
    throw error;
  }
  if (user === null || !answer.isRight || attempt.password === '') {
    // The same wrong words once more, from a client that repeats itself, are no further guess.
    pending.settle(answer.isRemembered ? 'unknown' : 'wrong');
    if (answer.isRemembered) await tell(told, options, attempt, 'wrong name or password, again');
    else await options.onFailure(attempt, 'wrong name or password');
    throw refused();
  }
  pending.settle('right');
  if (answer.isRemembered) return { user, isRemembered: true };
  return { user: await options.strengthen(user, attempt.password), isRemembered: false };
}

/** One audit entry a minute and account and address tells it as well as a thousand. */
async function tell(
  told: Map<string, number>,
  options: LogInOptions,
  attempt: PasswordAttempt,
  reason: string,
): Promise<void> {
  const key = `${reason} ${attempt.clientIp} ${attempt.name.slice(0, 256)}`;
  const nowMs = options.clock.nowMs();
  if (nowMs - (told.get(key) ?? -Infinity) < TOLD_AGAIN_MS) return;
  putNewest(told, key, nowMs, TOLD);
  await options.onFailure(attempt, reason);
}
