import type { ChangeChain } from '../model/managed-change.ts';

/** Who asks. */
export interface Caller {
  /** `openidm-admin`: what audit entries call the user. */
  readonly id: string;
  /** The name that was given at the log-in, where it is not the id: a managed user's `userName`. */
  readonly authenticationId?: string;
  /** Collection in which the user is kept: `internal/user`, `managed/user`. */
  readonly component: string;
  readonly roles: readonly string[];
  /** Came over the network: access rules apply, private properties are hidden. False: scripts, runs, the command line. */
  readonly isExternal: boolean;
}

export type Cause = 'rest' | 'script' | 'recon' | 'liveSync' | 'implicitSync' | 'schedule' | 'cli';

/** What a request carries along, from whoever asked to whoever is asked because of it. */
export interface RequestContext {
  readonly caller: Caller;
  /** Ties everything that one request caused: `rootActionId` of audit entries. */
  readonly transactionId: string;
  /** The step that caused this one; null at the root. */
  readonly parentActionId: string | null;
  readonly cause: Cause;
  /** `plan`: nothing is written; what would be is answered. */
  readonly mode: 'live' | 'plan';
  readonly signal?: AbortSignal;
  /** As scripts see it in `context.http`. */
  readonly http?: HttpInfo;
  /** Changes of managed objects are pushed by whoever holds this, and not by who makes them. */
  readonly chain?: ChangeChain;
  /** The mappings whose pushes led here, the first one first. */
  readonly trail?: readonly string[];
}

export interface HttpInfo {
  readonly method: string;
  readonly path: string;
  readonly clientIp: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The system itself: runs, start-up work, scripts that no request caused. */
export const SYSTEM_CALLER: Caller = {
  id: 'system',
  component: 'internal/user',
  roles: ['openidm-admin'],
  isExternal: false,
};
