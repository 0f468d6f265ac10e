import { Failure } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import { openSlots, type Slots } from '../../base/slots.ts';
import { PAGED_RESULTS } from '../../ldap/controls/paged-results.ts';
import { POST_READ } from '../../ldap/controls/read-entry.ts';
import type { LdapConnection } from '../../ldap/client/ldap-connection.ts';
import { readRootDse, type RootDse } from '../../ldap/client/root-dse.ts';
import { readSchema } from '../../ldap/client/read-schema.ts';
import type { LdapSchema } from '../../ldap/schema/ldap-schema.ts';
import { connectionOptions } from './connection-options.ts';
import { connectionKeeper, type ConnectionKeeper } from './connection-keeper.ts';
import type { LdapSettings } from './ldap-settings.ts';
import { walkKeeper, type WalkKeeper } from './walk-keeper.ts';

/** What a server is, as far as it makes a difference. Looked at once. */
export interface DirectoryFacts {
  readonly rootDse: RootDse;
  /** Null: not to be read, or not readable; attributes are then taken for text, and few filters are left to the server. */
  readonly schema: LdapSchema | null;
  readonly isActiveDirectory: boolean;
  readonly hasPages: boolean;
  readonly hasPostRead: boolean;
}

/** One directory server as all sets of a connector use it. */
export interface Directory {
  readonly system: string;
  readonly settings: LdapSettings;
  readonly log: Log;
  readonly connections: ConnectionKeeper;
  /** The pages that the server was found to give; null: not known yet. */
  readonly paging: { accepted: { readonly size: number; readonly isRefused: boolean } | null };
  /** Scans that were left, and may be gone on with. */
  readonly walks: WalkKeeper;
  facts(signal?: AbortSignal): Promise<DirectoryFacts>;
  /** Reads over the shared connection, at most so many at a time as `requestsInFlight` says. */
  read<T>(work: (connection: LdapConnection) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** The same for writes, over connections of their own. */
  write<T>(work: (connection: LdapConnection) => Promise<T>, signal?: AbortSignal): Promise<T>;
  close(): void;
}

const ACTIVE_DIRECTORY = '1.2.840.113556.1.4.800';
const ACTIVE_DIRECTORY_LDS = '1.2.840.113556.1.4.1851';

export function openDirectory(system: string, settings: LdapSettings, projectDirectory: string, log: Log): Directory {
  const connections = connectionKeeper(system, (other) => connectionOptions(settings, projectDirectory, other));
  const walks = walkKeeper();
  const readSlots = openSlots(settings.requestsInFlight);
  const writeSlots = openSlots(settings.requestsInFlight * settings.writeConnections);
  let facts: Promise<DirectoryFacts> | null = null;
  let turn = 0;
  const during = async <T>(
    slots: Slots,
    use: () => string,
    work: (connection: LdapConnection) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> => {
    const release = await slots.take(signal);
    try {
      return await work(await connections.shared(use(), signal));
    } finally {
      release();
    }
  };
  const directory: Directory = {
    system,
    settings,
    log,
    connections,
    paging: { accepted: null },
    walks,
    facts: async (signal) => {
      const reading = (facts ??= readFacts(directory));
      reading.catch(() => (facts = facts === reading ? null : facts));
      signal?.throwIfAborted();
      return reading;
    },
    read: (work, signal) => during(readSlots, () => 'read', work, signal),
    write: (work, signal) => during(writeSlots, () => `write ${turn++ % settings.writeConnections}`, work, signal),
    close: () => {
      walks.close();
      connections.close();
    },
  };
  return directory;
}

async function readFacts({ connections, settings, system, log }: Directory): Promise<DirectoryFacts> {
  const connection = await connections.shared('read');
  const rootDse = await readRootDse(connection);
  const { supportedCapabilities: capabilities, supportedControls } = rootDse;
  return {
    rootDse,
    schema: settings.readsSchema ? await schemaOf(connection, rootDse, system, log) : null,
    isActiveDirectory: capabilities.has(ACTIVE_DIRECTORY) || capabilities.has(ACTIVE_DIRECTORY_LDS),
    hasPages: supportedControls.has(PAGED_RESULTS),
    hasPostRead: supportedControls.has(POST_READ),
  };
}

async function schemaOf(
  connection: LdapConnection,
  { subschemaSubentry }: RootDse,
  system: string,
  log: Log,
): Promise<LdapSchema | null> {
  try {
    return await readSchema(connection, subschemaSubentry);
  } catch (error) {
    if (!(error instanceof Failure) || error.code === 'unreachable') throw error;
    log.write('warn', `${system}: ${error.message}; every attribute is taken for text`);
    return null;
  }
}
