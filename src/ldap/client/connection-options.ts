import type { LdapControl } from '../codec/message.ts';
import type { LdapAddress } from './ldap-address.ts';

/** Who to be. A connection is ready only when the server has accepted this. */
export type LdapLogin =
  | { readonly kind: 'anonymous' }
  /** Name and password. An empty password is refused here: servers take it for anonymous (RFC 4513 §5.1.2). */
  | { readonly kind: 'simple'; readonly dn: string; readonly password: string | Uint8Array }
  /** Who the TLS certificate or the socket's user is (RFC 4422 appendix A). */
  | { readonly kind: 'external'; readonly authorizationId?: string }
  | { readonly kind: 'plain'; readonly user: string; readonly password: string; readonly authorizationId?: string }
  /** Any SASL mechanism without a security layer. `respond` gets each challenge (null: the beginning) and gives the answer. */
  | {
      readonly kind: 'sasl';
      readonly mechanism: string;
      readonly respond: (challenge: Uint8Array | null) => Uint8Array | null | Promise<Uint8Array | null>;
    };

export interface LdapTlsOptions {
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string | Buffer | readonly (string | Buffer)[];
  /** PEM certificate and key to show to the server, for SASL EXTERNAL. */
  readonly certificate?: string | Buffer;
  readonly key?: string | Buffer;
  readonly passphrase?: string;
  /** The name that the certificate has to have, where it is not the host. */
  readonly serverName?: string;
  /** False takes any certificate: the connection is then open to whoever stands in between. Default true. */
  readonly isVerified?: boolean;
}

export interface LdapConnectionOptions {
  /** Tried in this order until one accepts the connection. A refused login is not tried elsewhere. */
  readonly servers: readonly LdapAddress[];
  /** `tls`: from the first byte (`ldaps`); `startTls`: asked for before anything else is sent. */
  readonly security: 'none' | 'tls' | 'startTls';
  readonly tls?: LdapTlsOptions;
  readonly login: LdapLogin;
  /** Milliseconds for connection, TLS and login, for each server. Default 15,000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds without an answer to a request. Default 60,000; 0: no limit. */
  readonly requestTimeoutMs?: number;
  /**
   * Milliseconds without a byte, while something is waited for, after which the server is asked for a sign of life; without one in the
   * same time the connection counts as lost. Default 30,000; 0: never.
   */
  readonly pingAfterMs?: number;
  /** The largest message that is taken. Default 64 MiB. */
  readonly maxMessageBytes?: number;
}

/** What every operation takes. */
export interface RequestOptions {
  readonly controls?: readonly LdapControl[];
  /** Overrides `requestTimeoutMs`; 0: no limit. */
  readonly timeoutMs?: number;
  /** Aborting abandons the operation, and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export const DEFAULT_CONNECT_TIMEOUT_MS = 15_000;
export const DEFAULT_REQUEST_TIMEOUT_MS = 60_000;
export const DEFAULT_PING_AFTER_MS = 30_000;
