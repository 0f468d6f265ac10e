import { createHash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { Caller } from '../resource/context.ts';
import type { Accounts } from './accounts.ts';
import type { Authentication, AuthenticationModule } from './authentication-event.ts';
import { refused, type RequestCredentials } from './credentials.ts';
import { tooMany } from './log-in.ts';
import { openOidc } from './oidc.ts';
import { putNewest } from './put-newest.ts';
import type { OidcIssuer } from './security-config.ts';
import { checkToken, infoOf, noteUse, TOKEN_PREFIX } from './static-tokens.ts';
import type { Throttle } from './throttle.ts';

export interface BearerOptions {
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly throttle: Throttle;
  readonly log: Log;
  readonly issuers: () => readonly OidcIssuer[];
  readonly record: (event: Authentication, transactionId: string | undefined) => Promise<void>;
}

export interface BearerAnswer {
  readonly caller: Caller;
  readonly module: AuthenticationModule;
}

/**
 * Who comes with this bearer token. Rejects with `unauthorized`. Nobody guesses a token, so that failures hold up no token
 * that is right; they only bound what a flood of wrong ones writes.
 */
export type BearerCheck = (token: string, request: RequestCredentials) => Promise<BearerAnswer>;

/** A use is noted, and told to the audit, once in so long. */
const NOTED_MS = 5 * 60_000;
const NOTED = 10_000;

export function openBearerCheck(options: BearerOptions): BearerCheck {
  const oidc = openOidc(options.clock);
  const seen = new Map<string, number>();
  const wrong = new Map<string, number>();
  return async (token, request) => {
    const { clientIp, transactionId } = request;
    const isOurs = token.startsWith(TOKEN_PREFIX);
    const module: AuthenticationModule = isOurs ? 'BEARER_TOKEN' : 'OPENID_CONNECT';
    const answer = isOurs
      ? await staticToken(options, token)
      : await issuedToken(oidc, options.issuers(), seen, options.clock, token);
    if (answer === null) return refuse(options, module, request, wrong, token);
    const { caller, isFresh } = answer;
    const who = { principal: caller.authenticationId ?? caller.id, userId: caller.id, module };
    if (isFresh) await options.record({ eventName: 'LOGIN', ...who, isSuccessful: true, clientIp }, transactionId);
    return { caller, module };
  };
}

async function refuse(
  { throttle, record, clock }: BearerOptions,
  module: AuthenticationModule,
  { clientIp, transactionId }: RequestCredentials,
  wrong: Map<string, number>,
  token: string,
): Promise<never> {
  const nowMs = clock.nowMs();
  const mark = createHash('sha256').update(token).digest('base64');
  // A client that repeats itself does not guess.
  if (nowMs - (wrong.get(mark) ?? -Infinity) < NOTED_MS) throw refused();
  const waitMs = throttle.waitMs(null, clientIp);
  if (waitMs > 0) throw tooMany(waitMs);
  throttle.begin(null, clientIp).settle('wrong');
  putNewest(wrong, mark, nowMs, NOTED);
  const failed = { principal: '', userId: null, isSuccessful: false, reason: 'no valid token' } as const;
  await record({ eventName: 'LOGIN', module, clientIp, ...failed }, transactionId);
  throw refused();
}

interface Recognized {
  readonly caller: Caller;
  readonly isFresh: boolean;
}

async function staticToken({ accounts, clock, log }: BearerOptions, token: string): Promise<Recognized | null> {
  const account = await checkToken(accounts, clock, token);
  if (account === null) return null;
  const { name, roles } = infoOf(account);
  const isFresh = await noteUse(accounts, account, clock.nowMs(), NOTED_MS).catch((error: unknown) => {
    log.write('warn', `the last use of the token "${name}" was not noted: ${messageOf(error)}`);
    return true;
  });
  const caller: Caller = { id: `token:${name}`, component: 'internal/token', roles, isExternal: true };
  return { caller, isFresh };
}

async function issuedToken(
  oidc: ReturnType<typeof openOidc>,
  issuers: readonly OidcIssuer[],
  seen: Map<string, number>,
  clock: Clock,
  token: string,
): Promise<Recognized | null> {
  const user = await oidc(token, issuers);
  if (user === null) return null;
  const { id, subject, roles } = user;
  const isFresh = clock.nowMs() - (seen.get(id) ?? -Infinity) >= NOTED_MS;
  if (isFresh) {
    putNewest(seen, id, clock.nowMs(), NOTED);
  }
  return { caller: { id, authenticationId: subject, component: 'internal/oidc', roles, isExternal: true }, isFresh };
}
