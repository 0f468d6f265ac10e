import type { Caller } from '../resource/context.ts';
import { authenticationEvent, type Authentication, type AuthenticationModule } from './authentication-event.ts';
import { openBearerCheck, type BearerCheck } from './bearer.ts';
import { header, readCookie, readCredential, refused, type RequestCredentials } from './credentials.ts';
import { strengthenPassword } from './internal-users.ts';
import { checkForeignSite } from './foreign-site.ts';
import { openLogIn, type LogIn } from './log-in.ts';
import { openPasswordCheck } from './password-check.ts';
import type { HashCost } from './password-hash.ts';
import type { SecurityConfig } from './security-config.ts';
import type { Authenticated, SecurityOptions } from './security.ts';
import { SESSION_COOKIE, type SessionClaims } from './session-cookie.ts';
import type { Sessions, SessionTimes } from './sessions.ts';
import { openThrottle } from './throttle.ts';
import { openUserDirectory, type User, type UserDirectory } from './user-directory.ts';

export interface AuthenticatorOptions extends SecurityOptions {
  readonly passwordCost: HashCost;
  readonly sessions: Sessions;
}

/** What recognizing somebody needs. */
export interface Authenticator {
  readonly sessions: Sessions;
  readonly users: UserDirectory;
  readonly logIn: LogIn;
  readonly bearer: BearerCheck;
  readonly settings: () => SecurityConfig;
  readonly record: (event: Authentication, transactionId: string | undefined) => Promise<void>;
  readonly origins: WeakMap<Caller, Origin>;
}

/** What is remembered of the request that a caller came with: nothing of it travels in the request's context. */
export interface Origin {
  readonly module: AuthenticationModule;
  readonly clientIp: string;
  readonly isSecure: boolean;
  readonly session: SessionClaims | null;
  readonly reauthPassword: string | null;
}

export function openAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { accounts, clock, crypto, sessions, passwordCost, newId, log } = options;
  const settings = (): SecurityConfig => options.settings().security;
  const throttle = openThrottle(clock);
  const users = openUserDirectory({ accounts, crypto, settings: () => settings().managedUsers });
  const check = openPasswordCheck({ clock, cost: passwordCost });
  const record: Authenticator['record'] = (event, transactionId = newId()) =>
    options.record(authenticationEvent(event, { id: newId(), timestampMs: clock.nowMs(), transactionId }));
  const logIn = openLogIn({
    users,
    check,
    throttle,
    clock,
    strengthen: async (user, password) => {
      if (user.component !== 'internal/user') return user;
      const isChanged = await strengthenPassword(
        accounts,
        user.id,
        password,
        user.state['password'] ?? null,
        passwordCost,
      );
      return isChanged ? ((await users.read(user.component, user.id)) ?? user) : user;
    },
    onFailure: ({ name, clientIp, transactionId }, reason) => {
      const who = { principal: name, userId: null, module: 'PASSWORD' } as const;
      return record({ eventName: 'LOGIN', ...who, isSuccessful: false, reason, clientIp }, transactionId);
    },
  });
  const bearer = openBearerCheck({ accounts, clock, throttle, log, record, issuers: () => settings().oidc });
  return { sessions, users, logIn, bearer, settings, record, origins: new WeakMap() };
}

/** Credentials that a request shows by itself come first; a cookie counts only where there are none. */
export async function authenticate(parts: Authenticator, request: RequestCredentials): Promise<Authenticated> {
  const credential = readCredential(request.headers);
  switch (credential.kind) {
    case 'none':
      return withSession(parts, request);
    case 'password':
      return withPassword(parts, request, credential);
    case 'bearer': {
      const { caller, module } = await parts.bearer(credential.token, request);
      return answer(parts, request, { caller, module });
    }
  }
}

export function sessionTimes(parts: Authenticator): SessionTimes {
  const { idleMinutes, lifeMinutes } = parts.settings().session;
  return { idleMs: idleMinutes * 60_000, lifeMs: lifeMinutes * 60_000 };
}

interface PasswordCredential {
  readonly name: string;
  readonly password: string;
  readonly form: 'header' | 'basic';
}

async function withPassword(
  parts: Authenticator,
  request: RequestCredentials,
  { name, password, form }: PasswordCredential,
): Promise<Authenticated> {
  if (form === 'basic') checkForeignSite(request, 'basic');
  if (parts.settings().anonymous && name === 'anonymous' && password === 'anonymous')
    return answer(parts, request, { caller: anonymousCaller(), module: 'STATIC_USER' });
  const { clientIp, transactionId } = request;
  const { user, isRemembered } = await parts.logIn({ name, password, clientIp, transactionId });
  const module: AuthenticationModule = user.component === 'internal/user' ? 'INTERNAL_USER' : 'MANAGED_USER';
  if (!isRemembered) {
    const who = { principal: name, userId: user.id, module } as const;
    await parts.record({ eventName: 'LOGIN', ...who, isSuccessful: true, clientIp }, transactionId);
  }
  const caller = callerOf(user, name);
  if (!wantsSession(request, form)) return answer(parts, request, { caller, module });
  const held = await readSession(parts, request);
  if (held !== null && held.user.id === user.id && held.user.component === user.component)
    return answer(parts, request, { caller, module, session: held.claims });
  const { id, component } = user;
  const session = parts.sessions.start({ name, component, id, stamp: parts.sessions.stamp(user.state) });
  const setCookies = [parts.sessions.cookie(session, request.isSecure)];
  return answer(parts, request, { caller, module, session, setCookies });
}

async function withSession(parts: Authenticator, request: RequestCredentials): Promise<Authenticated> {
  const held = await readSession(parts, request);
  if (held === null) throw refused();
  checkForeignSite(request, 'cookie');
  const { claims, user } = held;
  const fresh = parts.sessions.refresh(claims);
  const setCookies = fresh === null ? [] : [parts.sessions.cookie(fresh, request.isSecure)];
  const caller = callerOf(user, claims.name);
  return answer(parts, request, { caller, module: 'JWT_SESSION', session: fresh ?? claims, setCookies });
}

/** Null unless the account still is what it was at the log-in. */
async function readSession(
  parts: Authenticator,
  request: RequestCredentials,
): Promise<{ readonly claims: SessionClaims; readonly user: User } | null> {
  const cookie = readCookie(request.headers, SESSION_COOKIE);
  const claims = cookie === null ? null : parts.sessions.read(cookie, sessionTimes(parts));
  if (claims === null) return null;
  const user = await parts.users.read(claims.component, claims.id);
  return user !== null && parts.sessions.stamp(user.state) === claims.stamp ? { claims, user } : null;
}

interface Recognized {
  readonly caller: Caller;
  readonly module: AuthenticationModule;
  readonly session?: SessionClaims;
  readonly setCookies?: readonly string[];
}

function answer(parts: Authenticator, request: RequestCredentials, recognized: Recognized): Authenticated {
  const { caller, module, session = null, setCookies = [] } = recognized;
  const { clientIp, isSecure, headers } = request;
  const reauthPassword = header(headers, 'x-openidm-reauth-password');
  parts.origins.set(caller, { module, clientIp, isSecure, session, reauthPassword });
  return { caller, setCookies };
}

/** A log-in with headers gets a session, unless it says no (specification §1.11); Basic only where it asks for one. */
function wantsSession({ headers, path }: RequestCredentials, form: PasswordCredential['form']): boolean {
  if (header(headers, 'x-openidm-nosession')?.trim().toLowerCase() === 'true') return false;
  return form === 'header' || path === 'authentication';
}

/** A new object for every request: what is remembered of the request hangs on it. */
function callerOf({ id, component, roles }: User, name: string): Caller {
  return { id, component, roles, isExternal: true, ...(name === id ? {} : { authenticationId: name }) };
}

function anonymousCaller(): Caller {
  return { id: 'anonymous', component: 'internal/anonymous', roles: ['openidm-reg'], isExternal: true };
}
