import { Failure } from '../../base/failure.ts';
import type { LdapConnectionOptions } from '../../ldap/client/connection-options.ts';
import { openLdap, type LdapConnection } from '../../ldap/client/ldap-connection.ts';

/** Connections to one directory. A connection that was lost is opened anew for the next call, by all its steps. */
export interface ConnectionKeeper {
  /** For requests that share a connection: one is open for each `use`, from its first call on. */
  shared(use: string, signal?: AbortSignal): Promise<LdapConnection>;
  /** For a long read: the caller closes it. */
  own(signal?: AbortSignal): Promise<LdapConnection>;
  close(): void;
}

/** `options` is asked for at each opening. Failures of a login are the configuration's: `bad-configuration`. */
export function connectionKeeper(system: string, options: () => Promise<LdapConnectionOptions>): ConnectionKeeper {
  const open = new Map<string, Promise<LdapConnection>>();
  const all = new Set<LdapConnection>();
  let isClosed = false;
  const own = async (signal?: AbortSignal): Promise<LdapConnection> => {
    if (isClosed) throw new Failure('unreachable', `${system} was closed`);
    const connection = await connect(system, await options(), signal);
    for (const one of all) if (!one.isOpen) all.delete(one);
    all.add(connection);
    if (isClosed) connection.close();
    return connection;
  };
  return {
    own,
    shared: async (use, signal) => {
      const known = open.get(use);
      const connection = known === undefined ? null : await known.catch(() => null);
      if (connection?.isOpen === true) return connection;
      if (open.get(use) === known || open.get(use) === undefined) open.set(use, own());
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

async function connect(system: string, options: LdapConnectionOptions, signal?: AbortSignal): Promise<LdapConnection> {
  try {
    return await openLdap(options, signal);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const isOurs = error.code === 'unauthorized' || error.code === 'bad-configuration';
    const remedy = error.code === 'unauthorized' ? '; check "principal" and "credentials"' : '';
    throw new Failure(isOurs ? 'bad-configuration' : error.code, `${system}: ${error.message}${remedy}`, {
      retryable: error.retryable,
      cause: error,
    });
  }
}
