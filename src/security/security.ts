import type { Clock } from '../base/clock.ts';
import type { JsonObject } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import type { NewId } from '../base/uuid.ts';
import type { Crypto } from '../crypto/crypto.ts';
import type { AuditEvent } from '../model/audit.ts';
import type { Caller, RequestContext } from '../resource/context.ts';
import type { RequestFilter } from '../resource/router.ts';
import { accessFilter, type AccessFilterOptions } from './access-filter.ts';
import type { Accounts } from './accounts.ts';
import { authenticate, openAuthenticator } from './authenticator.ts';
import type { RequestCredentials } from './credentials.ts';
import { ADMINISTRATOR, ensureAdministrator, passwordFromEnvironment } from './internal-users.ts';
import { loginInfo, logout, reauthenticate } from './own-session.ts';
import { DEFAULT_COST, type HashCost } from './password-hash.ts';
import { putNewest } from './put-newest.ts';
import type { AccessConfig, SecurityConfig } from './security-config.ts';
import { readSessionKey } from './session-key.ts';
import { openSessions } from './sessions.ts';

export interface SecuritySettings {
  readonly security: SecurityConfig;
  readonly access: AccessConfig;
}

export interface SecurityOptions extends Omit<AccessFilterOptions, 'settings'> {
  readonly accounts: Accounts;
  /** The present configuration: asked for with every request. */
  readonly settings: () => SecuritySettings;
  readonly crypto: Crypto | null;
  /** Holds the key of session cookies; null: sessions last as long as the process. */
  readonly dataDirectory: string | null;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  /** Where authentication events go. A failure refuses the log-in. */
  readonly record: (event: AuditEvent) => Promise<void>;
  /** What a password hash costs; tests make it cheap. */
  readonly passwordCost?: HashCost;
}

export interface Authenticated {
  readonly caller: Caller;
  /** Complete `Set-Cookie` values. */
  readonly setCookies: readonly string[];
}

/** Who asks, and what he may do. */
export interface Security {
  /** The administrator's password, if it was made up just now: to be shown once. */
  readonly firstPassword: string | null;
  /**
   * Rejects with `unauthorized` (401; 429 after too many failures, `detail.retryAfterSeconds`), with `denied` for a request
   * that a foreign site could have made in the name of a session, with `unreachable` if it cannot be told now.
   */
  authenticate(request: RequestCredentials): Promise<Authenticated>;
  /** Cookies that the request itself asked for (a log-out); asked for once, when it is done. */
  cookiesAfter(transactionId: string): readonly string[];
  /** The access rules, for the router. */
  readonly filter: RequestFilter;
  /** What `info/login` tells of whoever asks. */
  loginInfo(context: RequestContext): JsonObject;
  /** Ends the session of whoever asks; without a session, nothing happens. */
  logout(context: RequestContext): Promise<void>;
  /** Whether `X-OpenIDM-Reauth-Password` of the request is the caller's password; rejects with `denied`. */
  reauthenticate(context: RequestContext): Promise<void>;
}

/** Opens what security needs. The first start of a project makes its administrator. */
export async function openSecurity(options: SecurityOptions): Promise<Security> {
  const { accounts, settings, dataDirectory, env, clock, log, passwordCost = DEFAULT_COST } = options;
  const firstPassword = await ensureAdministrator(accounts, env, passwordCost);
  if (passwordFromEnvironment(env) === ADMINISTRATOR)
    log.write(
      'warn',
      `the administrator's password in the environment is "${ADMINISTRATOR}": everybody tries that first`,
    );
  const { managedUsers } = settings().security;
  if (managedUsers.enabled) {
    const name = managedUsers.collection.slice(managedUsers.collection.indexOf('/') + 1);
    await accounts.declare([{ name, searchable: [managedUsers.nameProperty] }]);
  }
  const sessions = await openSessions(accounts, clock, await readSessionKey(dataDirectory));
  const parts = openAuthenticator({ ...options, passwordCost, sessions });
  const pending = pendingCookies();
  return {
    firstPassword,
    authenticate: (request) => authenticate(parts, request),
    cookiesAfter: pending.take,
    filter: accessFilter({ ...options, settings: () => settings().access }),
    loginInfo: (context) => loginInfo(parts, context),
    logout: async (context) => {
      const cookie = await logout(parts, context);
      if (cookie !== null) pending.put(context.transactionId, cookie);
    },
    reauthenticate: (context) => reauthenticate(parts, context),
  };
}

const PENDING = 1000;

/** Cookies between the resource that ordered them and the answer; those that nobody takes make room. */
function pendingCookies() {
  const cookies = new Map<string, string>();
  return {
    put: (transactionId: string, cookie: string): void => {
      putNewest(cookies, transactionId, cookie, PENDING);
    },
    take: (transactionId: string): readonly string[] => {
      const cookie = cookies.get(transactionId);
      cookies.delete(transactionId);
      return cookie === undefined ? [] : [cookie];
    },
  };
}
