import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../resource/context.ts';

/** What a request shows of who sent it. */
export interface Credentials {
  readonly headers: IncomingHttpHeaders;
  readonly clientIp: string;
  /** In capitals, after `X-HTTP-Method-Override`. */
  readonly method: string;
  /** In the tree, decoded: `managed/user/bjensen`; `/metrics` and the like outside of it. */
  readonly path: string;
  /** The URL asks for a query (a query is not a read: specification §1.11). */
  readonly isQuery: boolean;
  readonly isSecure: boolean;
  /** Ties audit entries to the request. */
  readonly transactionId: string;
}

export interface Authentication {
  readonly caller: Caller;
  /** Complete values of `Set-Cookie`. */
  readonly setCookies: readonly string[];
}

/** Who decides who asks; what they may do is decided by filters of the router. */
export interface SecurityPort {
  /**
   * Rejects with `Failure('unauthorized')`, or another `Failure` such as one with status 429, whose
   * `detail.retryAfterSeconds` becomes the header `Retry-After`.
   */
  authenticate(credentials: Credentials): Promise<Authentication>;
  /** Cookies that the request itself asked for, such as `_action=logout`; called when it is done, before it is answered. */
  cookiesAfter?(transactionId: string): readonly string[];
}
