import type { Log } from '../base/log.ts';
import type { Router } from '../resource/router.ts';
import type { AccessEvent } from './access-event.ts';
import type { EventSource } from './event-port.ts';
import type { Limits } from './limits.ts';
import type { Metrics } from './metrics.ts';
import type { ManagedSchema } from './openapi/managed-schema.ts';
import type { PathDescriptor } from './openapi/descriptor.ts';
import type { SecurityPort } from './security-port.ts';
import type { TlsOptions } from './tls.ts';

export interface ServerOptions {
  readonly router: Router;
  readonly security: SecurityPort;
  readonly log: Log;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** 0: any free one. */
  readonly port: number;
  /** Absent: http. */
  readonly tls?: TlsOptions;
  readonly limits?: Partial<Limits>;
  /** Addresses of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Default: none. */
  readonly trustedProxies?: readonly string[];
  /** Whether the system can work; reasons if not. Answered by `/health/ready`. */
  readonly health: () => Promise<Health>;
  readonly newTransactionId: () => string;
  /** Called once for each answered request. Must not throw; it is not waited for. */
  readonly onAccess: (event: AccessEvent) => void;
  /** Whether requests are logged, one line each. Default true. */
  readonly isAccessLogged?: boolean;
  readonly events?: EventSource;
  readonly metrics: Metrics;
  /** Of Lockstep, for `/openapi.json`. */
  readonly version: string;
  readonly managedSchemas: () => readonly ManagedSchema[];
  /** Described in addition to what `describedPaths()` has; the same path replaces what stands there. */
  readonly descriptors?: readonly PathDescriptor[];
  /** Paths besides `/health/*` that need no credentials. Default: none. */
  readonly publicPaths?: readonly ('/metrics' | '/openapi.json')[];
}

export interface Health {
  readonly ready: boolean;
  readonly reasons: readonly string[];
}

export interface RunningServer {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  readonly port: number;
  /**
   * Accepts no more requests, ends event streams, waits for the requests that are being answered (at most
   * `limits.stopMs`, then their signal is aborted and connections are cut). May be called more than once.
   */
  stop(): Promise<void>;
}
