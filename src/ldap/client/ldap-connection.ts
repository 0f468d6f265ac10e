import type { LdapEntry } from '../codec/ldap-entry.ts';
import type { AttributeValues, LdapValue, Modification, OperationResult, RequestOperation } from '../codec/message.ts';
import { LdapFailure } from '../ldap-failure.ts';
import type { Channel } from './channel.ts';
import {
  DEFAULT_PING_AFTER_MS,
  DEFAULT_REQUEST_TIMEOUT_MS,
  type LdapConnectionOptions,
  type RequestOptions,
} from './connection-options.ts';
import { entriesOf } from './entries-of.ts';
import { exchangeSuccess } from './exchange.ts';
import { shownAddress, type LdapAddress } from './ldap-address.ts';
import { LdapSearch, type SearchSettings } from './ldap-search.ts';
import { openChannel } from './open-channel.ts';
import { pagedSearch } from './paged-search.ts';
import { searchOperation, type SearchQuery } from './search-query.ts';
import { ping, watchLiveness } from './watch-liveness.ts';

const COMPARE_TRUE = 6;
const NO_SUCH_OBJECT = 32;

export interface RenameOptions extends RequestOptions {
  /** Default true. */
  readonly deleteOldRdn?: boolean;
  /** DN of the new parent; default: where it is. */
  readonly newSuperior?: string | null;
}

export interface PagedOptions extends RequestOptions {
  /** Entries a page. Default 1000, which is the most that Active Directory gives. */
  readonly pageSize?: number;
}

/**
 * A connection that is connected, secured and logged in. It never becomes another one: once lost or closed, every operation fails
 * with `LdapFailure('lost')`, and `reopen` makes a new one, by the same steps.
 *
 * Operations may be under way at the same time. Servers carry them out in parallel and answer in any order: writes to the same
 * entry, and to parents and children, have to wait for each other. Operations reject with `LdapFailure`.
 */
export class LdapConnection {
  /** The server that it goes to. */
  readonly address: LdapAddress;
  readonly #options: LdapConnectionOptions;
  readonly #channel: Channel;
  readonly #stopWatching: () => void;
  readonly #paging = { isBusy: false };

  /** Only `openLdap` makes one. */
  constructor(options: LdapConnectionOptions, channel: Channel, address: LdapAddress) {
    this.#options = options;
    this.#channel = channel;
    this.address = address;
    const quietMs = options.pingAfterMs ?? DEFAULT_PING_AFTER_MS;
    this.#stopWatching = watchLiveness(channel, quietMs, shownAddress(address));
  }

  get isOpen(): boolean {
    return this.#channel.isOpen;
  }

  /** A new connection with the same options. This one is closed first. */
  reopen(signal?: AbortSignal): Promise<LdapConnection> {
    this.close();
    return openLdap(this.#options, signal);
  }

  /** Says goodbye to the server. What still waits for an answer fails. */
  close(): void {
    this.#stopWatching();
    this.#channel.close();
  }

  /** Asks for a sign of life. */
  ping(timeoutMs = 5000, signal?: AbortSignal): Promise<void> {
    return ping(this.#channel, timeoutMs, signal);
  }

  /** One search, without pages: see `LdapSearch`. */
  search(query: SearchQuery, options: RequestOptions = {}): LdapSearch {
    return new LdapSearch(this.#channel, searchOperation(query), this.#settings(options));
  }

  /** A search in pages. One at a time over a connection; a second one fails with `Failure('conflict')`. */
  pagedSearch(query: SearchQuery, options: PagedOptions = {}): LdapSearch {
    const paging = { pageSize: options.pageSize ?? 1000, state: this.#paging };
    return pagedSearch(this.#channel, searchOperation(query), this.#settings(options), paging);
  }

  /** One entry; null where it does not exist (or may not be known to exist). */
  async read(dn: string, attributes: readonly string[] = [], options: RequestOptions = {}): Promise<LdapEntry | null> {
    try {
      let found: LdapEntry | null = null;
      for await (const entries of entriesOf(this.search({ base: dn, scope: 'base', attributes }, options)))
        found ??= entries[0] ?? null;
      return found;
    } catch (thrown) {
      if (thrown instanceof LdapFailure && thrown.result?.code === NO_SUCH_OBJECT) return null;
      throw thrown;
    }
  }

  /** Creates an entry. */
  add(dn: string, attributes: readonly AttributeValues[], options: RequestOptions = {}): Promise<OperationResult> {
    return this.#ask({ kind: 'add', dn, attributes }, options);
  }

  /** Changes an entry: all of it or nothing. */
  modify(dn: string, changes: readonly Modification[], options: RequestOptions = {}): Promise<OperationResult> {
    return this.#ask({ kind: 'modify', dn, changes }, options);
  }

  delete(dn: string, options: RequestOptions = {}): Promise<OperationResult> {
    return this.#ask({ kind: 'delete', dn }, options);
  }

  /** Renames or moves an entry, with what is below it (modify DN). */
  rename(dn: string, newRdn: string, options: RenameOptions = {}): Promise<OperationResult> {
    const { deleteOldRdn = true, newSuperior = null } = options;
    return this.#ask({ kind: 'rename', dn, newRdn, deleteOldRdn, newSuperior }, options);
  }

  /** Does the entry have this value, by the rules of the attribute? */
  async compare(dn: string, attribute: string, value: LdapValue, options: RequestOptions = {}): Promise<boolean> {
    const { code } = await this.#ask({ kind: 'compare', dn, attribute, value }, options);
    return code === COMPARE_TRUE;
  }

  /** An operation that is not in LDAP itself. Its answer is in `value`. */
  extended(oid: string, value: Uint8Array | null = null, options: RequestOptions = {}): Promise<OperationResult> {
    return this.#ask({ kind: 'extended', oid, value }, options);
  }

  #ask(operation: RequestOperation, options: RequestOptions): Promise<OperationResult> {
    return exchangeSuccess(this.#channel, operation, options.controls ?? [], this.#settings(options));
  }

  #settings({ controls = [], timeoutMs, signal }: RequestOptions): SearchSettings {
    return {
      controls,
      timeoutMs: timeoutMs ?? this.#options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS,
      signal,
    };
  }
}

/**
 * Opens a connection: connect, TLS, login; ready or nothing. Rejects with `LdapFailure`: `connect`, `certificate`, `result` (the login
 * was refused), or with the signal's reason.
 */
export async function openLdap(options: LdapConnectionOptions, signal?: AbortSignal): Promise<LdapConnection> {
  const { channel, address } = await openChannel(options, signal);
  return new LdapConnection(options, channel, address);
}
