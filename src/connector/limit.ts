import { setTimeout as sleepFor } from 'node:timers/promises';
import { systemClock, type Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { ObjectSet, ScanPage, ScanRequest } from '../model/object-set.ts';
import { forward } from './forward.ts';

export interface LimitOptions {
  /** Calls at the same time. */
  readonly concurrency: number;
  /** Calls begun in a second; null: as many as come. */
  readonly perSecond: number | null;
  /** Calls that may wait; one more fails with `locked`. */
  readonly maxWaiting?: number;
  readonly clock?: Clock;
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

const MAX_WAITING = 1000;

/** Spares the system behind a set: few calls at a time, and not too many in a second. A page of a scan is one call. */
export function limit(set: ObjectSet, options: LimitOptions): ObjectSet {
  const gate = new Gate(set.path, options);
  return {
    ...forward(set),
    scan: (request) => limitedScan(set, request, gate),
    readMany: (ids, signal) => gate.run(() => set.readMany(ids, signal), signal),
    query: (queries, signal) => gate.run(() => set.query(queries, signal), signal),
    write: (writes, signal) => gate.run(() => set.write(writes, signal), signal),
  };
}

async function* limitedScan(set: ObjectSet, request: ScanRequest, gate: Gate): AsyncIterable<ScanPage> {
  const iterator = set.scan(request)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await gate.run(() => iterator.next(), request.signal);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Lets calls through in the order in which they came. */
class Gate {
  readonly #path: string;
  readonly #options: LimitOptions;
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #nextStartMs = 0;

  constructor(path: string, options: LimitOptions) {
    this.#path = path;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  async run<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(signal);
    try {
      await this.#waitForTurn(signal);
      return await call();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#running < this.#options.concurrency) {
      this.#running++;
      return;
    }
    if (this.#waiting.length >= (this.#options.maxWaiting ?? MAX_WAITING))
      throw new Failure('locked', `${this.#path}: too many calls are waiting already; try again later`, {
        retryable: true,
      });
    await this.#queue(signal);
  }

  /** A call that is let in takes over the place of the one that left, so that `#running` stays. */
  #queue(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const letIn = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(letIn), 1);
        reject(signal?.reason);
      };
      this.#waiting.push(letIn);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running--;
    else next();
  }

  async #waitForTurn(signal?: AbortSignal): Promise<void> {
    const { perSecond, sleep = abortableSleep } = this.#options;
    if (perSecond === null) return;
    const nowMs = this.#clock.nowMs();
    const startMs = Math.max(nowMs, this.#nextStartMs);
    this.#nextStartMs = startMs + 1000 / perSecond;
    if (startMs > nowMs) await sleep(startMs - nowMs, signal);
  }
}

async function abortableSleep(ms: number, signal?: AbortSignal): Promise<void> {
  await sleepFor(ms, undefined, signal === undefined ? {} : { signal });
}
