import { Failure } from './failure.ts';

/** Lets a limited number of tasks go on at once; the others wait in the order in which they came. */
export interface Slots {
  /** Resolves with what gives the slot back. Rejects when the signal is aborted while waiting. */
  take(signal?: AbortSignal): Promise<() => void>;
  /** How many wait. */
  readonly waiting: number;
}

export function openSlots(count: number): Slots {
  let free = count;
  const queue = new Set<() => void>();
  const release = (): void => {
    const [next] = queue;
    if (next === undefined) {
      free++;
      return;
    }
    queue.delete(next);
    next();
  };
  const once = (): (() => void) => {
    let isHeld = true;
    return () => {
      if (isHeld) release();
      isHeld = false;
    };
  };
  return {
    get waiting() {
      return queue.size;
    },
    take: (signal) => {
      if (signal?.aborted === true) return Promise.reject(abortReason(signal));
      if (free > 0) {
        free--;
        return Promise.resolve(once());
      }
      return new Promise((resolve, reject) => {
        const abort = (): void => {
          queue.delete(enter);
          reject(abortReason(signal!));
        };
        const enter = (): void => {
          signal?.removeEventListener('abort', abort);
          resolve(once());
        };
        queue.add(enter);
        signal?.addEventListener('abort', abort, { once: true });
      });
    },
  };
}

function abortReason({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Failure('canceled', 'it was cancelled while it waited for its turn');
}
