import { setTimeout as sleepFor } from 'node:timers/promises';
import { Failure, messageOf } from '../../base/failure.ts';
import type { JsonObject } from '../../base/json.ts';
import { shortServiceName } from '../../schedule/job.ts';
import { SYSTEM_CALLER, type RequestContext } from '../../resource/context.ts';
import type { ProjectConfig } from '../config/project-config.ts';
import type { CallOptions, LiveSync } from './live-sync.ts';
import { liveSource } from './live-source.ts';
import type { Lockstep } from '../lockstep.ts';

/**
 * Keeps following sources whose changes are to arrive by themselves ("mode": "push"): as the system pushes them where it can, else
 * by asking every few seconds. A lost connection is made again with growing delays, and what happened meanwhile is caught up.
 */
export interface LiveFollowers {
  /** As `LiveSync.call`; a follower of this process steps aside meanwhile. */
  call(source: string, options: CallOptions, context: RequestContext): Promise<JsonObject>;
  /** Follows a source that no configuration names, until the process ends. Answers as a call does. */
  follow(source: string, context: RequestContext): Promise<JsonObject>;
  /** Follows what the present configuration names, and no longer what it does not. */
  renew(): void;
  /** From now on sources are followed. */
  start(): void;
  /** The sources that are followed. */
  readonly sources: readonly string[];
  close(): Promise<void>;
}

export interface FollowTimes {
  /** Between two questions to a system that cannot push. */
  readonly pollMs: number;
  /** Before the first new attempt; doubles up to the longest. */
  readonly retryMs: number;
  readonly longestRetryMs: number;
}

const TIMES: FollowTimes = { pollMs: 5000, retryMs: 1000, longestRetryMs: 60_000 };

export function openLiveFollowers(lockstep: Lockstep, live: LiveSync, times: FollowTimes = TIMES): LiveFollowers {
  const followers = new Map<string, Follower>();
  const asked = new Set<string>();
  const state = { isOn: false };
  const renew = (): void => {
    const wanted = state.isOn ? new Set([...asked, ...configured(lockstep.config)]) : new Set<string>();
    for (const [path, follower] of followers)
      if (!wanted.has(path)) {
        followers.delete(path);
        void follower.close();
      }
    for (const path of wanted) {
      const follower = followers.get(path);
      if (follower === undefined) followers.set(path, new Follower(lockstep, live, path, times));
      else follower.renew();
    }
  };
  const call: LiveFollowers['call'] = (path, options, context) => {
    const follower = followers.get(path.replace(/^\/+|\/+$/g, ''));
    const work = (): Promise<JsonObject> => live.call(path, options, context);
    return follower === undefined ? work() : follower.aside(work);
  };
  return {
    call,
    follow: async (path, context) => {
      const answer = await call(path, { isDetailed: true }, context);
      asked.add(liveSource(lockstep, path).path);
      state.isOn = true;
      renew();
      return answer;
    },
    renew,
    start: () => {
      state.isOn = true;
      renew();
    },
    get sources() {
      return [...followers.keys()];
    },
    close: async () => {
      const open = [...followers.values()];
      followers.clear();
      await Promise.all(open.map((follower) => follower.close()));
    },
  };
}

/** Named by a connector (`"liveSync": {"mode": "push"}`, each of its types) or by a job of the scheduler. */
export function configured({ connectors, schedules }: ProjectConfig): readonly string[] {
  const ofConnectors = connectors
    .filter(({ enabled, liveSync }) => enabled && liveSync.mode === 'push')
    .flatMap(({ name, objectTypes, liveSync }) =>
      (liveSync.objectTypes ?? Object.keys(objectTypes)).map((type) => `system/${name}/${type}`),
    );
  const ofJobs = schedules
    .map(({ job }) => job)
    .filter(({ enabled, invokeService }) => enabled && shortServiceName(invokeService) === 'provisioner')
    .filter(({ invokeContext }) => invokeContext['mode'] === 'push' && typeof invokeContext['source'] === 'string')
    .map(({ invokeContext }) => String(invokeContext['source']).replace(/^\/+|\/+$/g, ''));
  return [...new Set([...ofConnectors, ...ofJobs])];
}

/** One source that is followed, by one loop. */
class Follower {
  readonly #lockstep: Lockstep;
  readonly #live: LiveSync;
  readonly #path: string;
  readonly #times: FollowTimes;
  readonly #loop: Promise<void>;
  /** Ends the present walk, or the wait before the next one. */
  #interrupt = new AbortController();
  #settings: string;
  #isClosed = false;
  #asides = 0;
  #resume = Promise.withResolvers<void>();
  #walk: Promise<unknown> = Promise.resolve();
  #isPolling = false;

  constructor(lockstep: Lockstep, live: LiveSync, path: string, times: FollowTimes) {
    this.#lockstep = lockstep;
    this.#live = live;
    this.#path = path;
    this.#times = times;
    this.#settings = settingsOf(lockstep, path);
    this.#loop = this.#run();
  }

  /** Does something that needs the source for itself, then goes on. */
  async aside<T>(work: () => Promise<T>): Promise<T> {
    this.#asides++;
    this.#interrupt.abort();
    try {
      await this.#walk;
      return await work();
    } finally {
      this.#asides--;
      if (this.#asides === 0) {
        this.#resume.resolve();
        this.#resume = Promise.withResolvers<void>();
      }
    }
  }

  /** Another configuration of the system: the walk that uses the old one ends. */
  renew(): void {
    const settings = settingsOf(this.#lockstep, this.#path);
    if (settings !== this.#settings) this.#interrupt.abort();
    this.#settings = settings;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#interrupt.abort();
    this.#resume.resolve();
    await this.#loop;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isClosed) {
      if (this.#asides > 0) {
        await this.#resume.promise;
        continue;
      }
      this.#interrupt = new AbortController();
      const { signal } = this.#interrupt;
      const step = this.#follow(signal, () => (failures = 0));
      this.#walk = step;
      const waitMs = await step;
      if (waitMs === 'retry') failures++;
      const { pollMs, retryMs, longestRetryMs } = this.#times;
      const delayMs = waitMs === 'poll' ? pollMs : Math.min(longestRetryMs, retryMs * 2 ** Math.min(failures - 1, 20));
      if (!signal.aborted) await sleepFor(delayMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  /** Never rejects: what goes wrong is told, and tried again. */
  async #follow(signal: AbortSignal, onPage: () => void): Promise<'poll' | 'retry'> {
    try {
      const { end, canPush } = await this.#live.follow(this.#path, {
        context: contextOf(this.#lockstep),
        signal,
        onPage,
      });
      if (end === 'handled' && !canPush) onPage();
      this.#tellPolling(!canPush);
      return end === 'handled' && !canPush ? 'poll' : 'retry';
    } catch (error) {
      const isElsewhere = error instanceof Failure && error.code === 'locked';
      if (!signal.aborted && !isElsewhere)
        this.#lockstep.log.write('warn', `following ${this.#path}: ${messageOf(error)}; it is tried again`);
      return 'retry';
    }
  }

  #tellPolling(isPolling: boolean): void {
    if (isPolling && !this.#isPolling)
      this.#lockstep.log.write(
        'info',
        `following ${this.#path}: the system does not push changes, so it is asked every ${this.#times.pollMs / 1000} seconds`,
      );
    this.#isPolling = isPolling;
  }
}

function settingsOf({ config }: Lockstep, path: string): string {
  const [, name] = path.split('/');
  return JSON.stringify(config.connectors.find((connector) => connector.name === name)?.raw ?? null);
}

function contextOf({ newId }: Lockstep): RequestContext {
  return { caller: SYSTEM_CALLER, transactionId: newId(), parentActionId: null, cause: 'liveSync', mode: 'live' };
}
