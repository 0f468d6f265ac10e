import type { ChangeFeed } from '../../model/change-feed.ts';
import type { CommitBatch } from '../../model/repository.ts';
import type { ScriptConfig } from '../../model/script-config.ts';
import type { RequestContext } from '../../resource/context.ts';
import type { SyncFailure } from '../../live/dead-letter.ts';
import type { LiveBook } from './live-book.ts';
import type { LiveSource } from './live-source.ts';
import type { Lockstep, Pin } from '../lockstep.ts';
import type { StoredFeedMemory } from './feed-memory.ts';
import type { ShadowStore } from './shadow-store.ts';

/** What LiveSync needs of the layers above. */
export interface LivePorts {
  /**
   * Runs the script of a retry policy (specification §6.4) with `syncFailure`, `failureCause` and `failureHandlers`. Rejects with what
   * it throws.
   */
  readonly runFailureScript: (
    script: ScriptConfig,
    failure: SyncFailure,
    cause: { readonly message: string },
    context: RequestContext,
  ) => Promise<void>;
  /** Reconciles a mapping with its guard, and resolves when that is over. Rejects if it could not be done. */
  readonly reconcile: (mapping: string, context: RequestContext) => Promise<void>;
}

/** One walk through the changes of a source, by who holds its lease. */
export interface LiveRun {
  readonly lockstep: Lockstep;
  readonly ports: LivePorts;
  readonly source: LiveSource;
  readonly feed: ChangeFeed;
  /** The feed compares with what was last seen. */
  readonly isByDifference: boolean;
  readonly book: LiveBook;
  readonly memory: StoredFeedMemory;
  readonly fence: NonNullable<CommitBatch['fence']>;
  readonly pin: Pin;
  /** Cause `liveSync`. */
  readonly context: RequestContext;
  readonly signal: AbortSignal;
  readonly shadows: (collection: string) => ShadowStore;
  /** How many objects have left the view in this walk. */
  readonly view: { left: number };
  /** Ids of dead letters of this walk. */
  readonly letters: Set<string>;
}
