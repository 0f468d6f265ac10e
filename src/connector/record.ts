import type { ObjectSet, ObjectWrite, WriteOutcome } from '../model/object-set.ts';
import { forward } from './forward.ts';

export interface RecordedWrite {
  readonly write: ObjectWrite;
  readonly outcome: WriteOutcome;
}

/** The same set; every write that was answered is added to `journal`, in order. For tests. */
export function record(set: ObjectSet, journal: RecordedWrite[]): ObjectSet {
  return {
    ...forward(set),
    async write(writes, signal) {
      const outcomes = await set.write(writes, signal);
      for (const [i, write] of writes.entries()) journal.push({ write, outcome: outcomes[i]! });
      return outcomes;
    },
  };
}
