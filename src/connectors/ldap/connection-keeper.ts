import { Failure } from '../../base/failure.ts';
import type { LdapAddress } from '../../ldap/client/ldap-address.ts';
import type { LdapConnectionOptions } from '../../ldap/client/connection-options.ts';
import { openLdap, type LdapConnection } from '../../ldap/client/ldap-connection.ts';
import { LdapFailure } from '../../ldap/ldap-failure.ts';

/** Connections to one directory. A connection that was lost is opened anew for the next call, by all its steps. */
export interface ConnectionKeeper {
  /** For requests that share a connection: one is open for each `use`, from its first call on. */
  shared(use: string, signal?: AbortSignal): Promise<LdapConnection>;
  /** For a long read: the caller closes it. */
  own(signal?: AbortSignal): Promise<LdapConnection>;
  /** To a server that this one refers to: the caller closes it. */
  elsewhere(address: LdapAddress, isTls: boolean, signal?: AbortSignal): Promise<LdapConnection>;
  /** Opens a connection as somebody else, and closes it. Rejects with what the server says to the login (`unauthorized`). */
  logIn(dn: string, password: string, signal?: AbortSignal): Promise<void>;
  close(): void;
}

/** What a connection is opened with: to the configured servers, or to one that they refer to. */
export type OptionsFor = (other?: {
  readonly address: LdapAddress;
  readonly isTls: boolean;
}) => Promise<LdapConnectionOptions>;

/** `options` is asked for at each opening. Failures of a login are the configuration's: `bad-configuration`. */
export function connectionKeeper(system: string, options: OptionsFor): ConnectionKeeper {
  const open = new Map<string, Promise<LdapConnection>>();
  const all = new Set<LdapConnection>();
  let isClosed = false;
  const openWith = async (wanted: Promise<LdapConnectionOptions>, signal?: AbortSignal): Promise<LdapConnection> => {
    if (isClosed) throw new Failure('unreachable', `${system} was closed`);
    const connection = await connect(system, await wanted, signal);
    for (const one of all) if (!one.isOpen) all.delete(one);
    all.add(connection);
    if (isClosed) connection.close();
    return connection;
  };
  return {
    own: (signal) => openWith(options(), signal),
    elsewhere: (address, isTls, signal) => openWith(options({ address, isTls }), signal),
    logIn: async (dn, password, signal) => {
      if (isClosed) throw new Failure('unreachable', `${system} was closed`);
      const login = { kind: 'simple', dn, password } as const;
      (await openLdap({ ...(await options()), login }, signal)).close();
    },
    shared: async (use, signal) => {
      const known = open.get(use);
      const connection = known === undefined ? null : await known.catch(() => null);
      if (connection?.isOpen === true) return connection;
      if (open.get(use) === known || open.get(use) === undefined) open.set(use, openWith(options()));
      return waitFor(open.get(use)!, signal);
    },
    close: () => {
      isClosed = true;
      for (const connection of all) connection.close();
      open.clear();
    },
  };
}

/** What is opened for several callers goes on when one of them gives up. */
async function waitFor<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  signal.throwIfAborted();
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Nothing was asked of the server yet: whatever was wanted has not happened. */
async function connect(system: string, options: LdapConnectionOptions, signal?: AbortSignal): Promise<LdapConnection> {
  try {
    return await openLdap(options, signal);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const isOurs = error.code === 'unauthorized' || error.code === 'bad-configuration';
    const reason = error instanceof LdapFailure ? error.reason : 'connect';
    const code = isOurs ? 'bad-configuration' : error.code;
    throw new LdapFailure(reason, code, `${system}: ${error.message}${remedyOf(error)}`, {
      retryable: error.retryable,
      cause: error,
      isUncertain: false,
    });
  }
}

const STRONGER_AUTH = new Set([8, 13]);

/** Which settings to look at. */
function remedyOf(error: Failure): string {
  if (error.code === 'unauthorized') return '; check "principal" and "credentials"';
  if (!(error instanceof LdapFailure)) return '';
  if (error.reason === 'certificate')
    return '; name the certificate of its authority in "caFile", or the name in its certificate in "tlsServerName"';
  if (error.reason === 'connect') return '; check "host", "port", "ssl" and "startTLS"';
  return STRONGER_AUTH.has(error.result?.code ?? 0) ? '; set "ssl" or "startTLS"' : '';
}
